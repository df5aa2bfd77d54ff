//! The folder that files are opened beneath, whatever links lie in it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat, openat2};
use rustix::io::Errno;

/// What becomes of symbolic links.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Symlinks {
    /// They are followed as long as they stay within the folder; one that leads out of it is not
    /// found, and neither is an absolute one, wherever it leads.
    ///
    /// A kernel without `openat2` (before Linux 5.6, or forbidden by a sandbox) cannot do that:
    /// there it is as with `Refuse`.
    #[default]
    Within,
    /// None is followed.
    Refuse,
}

/// Whether opening may wait for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Patience {
    /// It may.
    Wait,
    /// What is not in the kernel's memory is not opened.
    None,
}

/// Why nothing was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shut {
    /// It would have to wait.
    WouldWait,
    /// That.
    For(Errno),
}

/// An open folder. It can be used on every thread that shares the descriptor table of the one that
/// opened it.
#[derive(Debug)]
pub(super) struct Root {
    folder: OwnedFd,
    way: Way,
}

/// How a path is walked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// By the kernel, which does not let it leave the folder.
    Kernel { resolve: ResolveFlags, has_cached: bool },
    /// Name by name, following no link.
    NameByName,
}

/// How a file is opened: a pipe does not block, and a terminal is nobody's.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// How a folder on the way is opened.
const STEP: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// How often a walk is tried again that a rename elsewhere has crossed.
const TRIES: usize = 16;

impl Root {
    /// Opens a folder.
    pub(super) fn open(path: &Path, symlinks: Symlinks) -> io::Result<Root> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = open(path, flags, Mode::empty())?;
        let within = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let resolve = match symlinks {
            Symlinks::Within => within,
            Symlinks::Refuse => within | ResolveFlags::NO_SYMLINKS,
        };
        let can = |resolve| openat2(&folder, ".", flags, Mode::empty(), resolve).is_ok();
        let way = match can(resolve) {
            true => Way::Kernel { resolve, has_cached: can(resolve | ResolveFlags::CACHED) },
            false => Way::NameByName,
        };
        Ok(Root { folder, way })
    }

    /// The same without the help of the kernel.
    #[cfg(test)]
    pub(super) fn open_for_a_walk(path: &Path) -> io::Result<Root> {
        Ok(Root { way: Way::NameByName, ..Root::open(path, Symlinks::Refuse)? })
    }

    /// Opens what that path names for reading: a file or a folder, or whatever else is there. The
    /// path is that of a [`Relative`](readily_protocols::http1::files::Relative), empty for the
    /// folder itself.
    pub(super) fn open_beneath(&self, path: &str, patience: Patience) -> Result<OwnedFd, Shut> {
        let path = if path.is_empty() { "." } else { path };
        match (self.way, patience) {
            (Way::Kernel { resolve, .. }, Patience::Wait) => self.ask(path, resolve),
            (Way::Kernel { resolve, has_cached: true }, Patience::None) => {
                match self.ask_once(path, resolve | ResolveFlags::CACHED) {
                    Err(Errno::AGAIN | Errno::INTR) => Err(Shut::WouldWait),
                    opened => opened.map_err(Shut::For),
                }
            }
            (Way::NameByName, Patience::Wait) => self.walk(path).map_err(Shut::For),
            (_, Patience::None) => Err(Shut::WouldWait),
        }
    }

    fn ask(&self, path: &str, resolve: ResolveFlags) -> Result<OwnedFd, Shut> {
        let mut last = Errno::AGAIN;
        for _ in 0..TRIES {
            match self.ask_once(path, resolve) {
                Err(errno @ (Errno::AGAIN | Errno::INTR)) => last = errno,
                opened => return opened.map_err(Shut::For),
            }
        }
        Err(Shut::For(last))
    }

    fn ask_once(&self, path: &str, resolve: ResolveFlags) -> Result<OwnedFd, Errno> {
        openat2(&self.folder, path, READ, Mode::empty(), resolve)
    }

    fn walk(&self, path: &str) -> Result<OwnedFd, Errno> {
        let (folders, last) = path.rsplit_once('/').unwrap_or(("", path));
        let mut at: Option<OwnedFd> = None;
        for name in folders.split('/').filter(|name| !name.is_empty()) {
            at = Some(match &at {
                Some(at) => openat(at, name, STEP, Mode::empty()),
                None => openat(&self.folder, name, STEP, Mode::empty()),
            }?);
        }
        let folder = at.as_ref().unwrap_or(&self.folder);
        openat(folder, last, READ | OFlags::NOFOLLOW, Mode::empty())
    }
}
