//! Whose table the descriptors of a fleet's loops are in.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sys::tables;

/// Whether each loop has a descriptor table of its own.
///
/// The system limits the descriptors of one table (`RLIMIT_NOFILE`), so a process whose loops have
/// one each can hold as many times more connections. A descriptor is a number, and the number means
/// another file in another table. So with [`PerLoop`](Descriptors::PerLoop) it is up to you that
/// **no file or socket is used by one loop and opened by another, or by any other thread, after the
/// fleet has begun**: a logger that opens its next file on one thread would write into a client's
/// connection on another. The type system does not help here: safe code can break I/O safety. What
/// is opened before the fleet begins has the same number everywhere. What a loop itself opens is
/// its own, jobs that it offloads included. Handles never touch a descriptor from outside,
/// whichever reactor they lead to; mail between loops must own none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Descriptors {
    /// One table for the process, and one limit.
    #[default]
    Shared,
    /// One for each loop but the first, which keeps the one of the process.
    ///
    /// Each begins as a copy: what is open when the fleet begins stays open, wherever else it is
    /// closed, until the fleet's threads and those that they started have ended, jobs included;
    /// that may be shortly after the fleet's end. So begin it before another reactor of the process
    /// has connections: their peers would not see an end. All signals but SIGSEGV, SIGILL and
    /// SIGFPE are blocked in those threads, and in what they start. Only the first loop can catch
    /// signals, and once a fleet has begun like this, only on the thread that began the first one.
    PerLoop,
}

impl Descriptors {
    /// Called on the thread of the first loop, before any other is started.
    pub(super) fn prepare(self) {
        if self == Descriptors::PerLoop {
            tables::split();
        }
    }

    /// Called on the thread of each other loop.
    pub(super) fn take(self) -> io::Result<()> {
        match self {
            Descriptors::Shared => Ok(()),
            Descriptors::PerLoop => tables::leave(),
        }
    }
}

/// Where threads wait until all of them have their tables.
///
/// A table begins as a copy. Had a loop been made before the last copy, its listener would be in
/// the copy too: closed by a drain, it would go on taking connections that nobody serves.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<Way>);

/// Whether loops are to be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Way {
    /// They are not: somebody has no thread, or no table.
    #[default]
    Shut,
    /// They are.
    Open,
}

impl Gate {
    /// Holds back whoever comes until what is returned is dropped.
    pub(super) fn hold(&self) -> MutexGuard<'_, Way> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, and says whether to go on.
    pub(super) fn pass(&self) -> Way {
        *self.hold()
    }
}
