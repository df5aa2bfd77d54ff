//! Why a state gives up, and why a connection ended.

use std::fmt;
use std::io::ErrorKind;

use super::Reason;

/// Why a state cannot go on, by who is at fault.
///
/// It decides the close: after [`Fault::Peer`] and [`Fault::TimedOut`] what the state wrote is
/// still sent, then our half ends; after [`Fault::Local`] the connection is reset at once, since
/// what it would send cannot be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The peer broke the protocol or a limit.
    Peer(&'static str),
    /// We did: a bug of ours, or a resource that failed.
    Local(&'static str),
    /// A deadline passed.
    TimedOut(Reason),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Peer(why) => write!(f, "peer: {why}"),
            Fault::Local(why) => write!(f, "local: {why}"),
            Fault::TimedOut(why) => write!(f, "timed out: {why}"),
        }
    }
}

impl std::error::Error for Fault {}

/// Why a connection ended: told once to [`App::gone`](super::App::gone), and to the linked peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The machine finished.
    Finished,
    /// The machine gave up.
    Fault(Fault),
    /// The transport failed: the peer reset it, or an error of the system call is named.
    Transport(ErrorKind),
    /// An outgoing connection could not be made.
    Unreachable(ErrorKind),
    /// The machine panicked.
    Panicked,
    /// It wrote past the hard cap of its send buffer.
    Overflow,
    /// The loop's buffer budget was spent and this connection wanted more.
    Shed,
    /// It was told to: by a handler, or by the deadline of a drain.
    Aborted,
    /// The sanitizer found it without a way to go on; the finding is named.
    Stuck(&'static str),
}

impl End {
    /// Whether everything was said: only then may a peer end in order too.
    pub fn in_order(&self) -> bool {
        matches!(self, End::Finished)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Finished => f.write_str("finished"),
            End::Fault(fault) => fault.fmt(f),
            End::Transport(kind) => write!(f, "transport: {kind}"),
            End::Unreachable(kind) => write!(f, "unreachable: {kind}"),
            End::Panicked => f.write_str("panicked"),
            End::Overflow => f.write_str("overflow"),
            End::Shed => f.write_str("shed"),
            End::Aborted => f.write_str("aborted"),
            End::Stuck(finding) => write!(f, "stuck: {finding}"),
        }
    }
}
