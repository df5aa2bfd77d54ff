//! What is counted by name: see [`Reactor::tally`](crate::Reactor::tally).

use readily_protocols::http1::files::BadPath;

/// A path that would leave the folder, or deceive who reads it: 400.
pub const BAD_PATH: &str = "files: a path that no client should send";
/// A path that is too long: 414.
pub const LONG_PATH: &str = "files: a path that is too long";
/// A link that leads out of the folder, or too many of them: 404.
pub const OUTSIDE: &str = "files: a link out of the folder";
/// What is there is no file: a pipe, a socket, a device: 404.
pub const NO_FILE: &str = "files: it is no file";
/// The process may not read it: 403.
pub const DENIED: &str = "files: it may not be read";
/// There is no descriptor or memory left to open it: 503.
pub const EXHAUSTED: &str = "files: nothing left to open it with";
/// It cannot be opened for another reason: 500.
pub const BROKEN: &str = "files: it cannot be opened";
/// The pool of threads has too much to do to open it: 503.
pub const BUSY: &str = "files: the pool is busy";
/// The pool has too much to do to read ahead, so the loop may wait for the disk.
pub const COLD: &str = "files: sent without reading ahead";
/// It cannot be read: the answer is cut off.
pub const UNREADABLE: &str = "files: it cannot be read";

/// What a bad path is counted as; a name that cannot be there is not.
pub(super) const fn of(bad: BadPath) -> Option<&'static str> {
    match bad {
        BadPath::Empty | BadPath::Hidden => None,
        BadPath::Long => Some(LONG_PATH),
        _ => Some(BAD_PATH),
    }
}
