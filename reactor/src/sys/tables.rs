//! Descriptor tables: that of the process, and those of threads that have left it.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{SigSet, Signal};

/// Whether any thread may have another table than this one; once set, for good.
static SPLIT: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether this thread is known to have the table of the process. It is not asked of the others
    /// whether they have left it: those that they start would not know.
    static AT_HOME: Cell<bool> = const { Cell::new(false) };
}

/// Says that threads will [`leave`] the table that this thread has; to be called before they do.
pub(crate) fn split() {
    if !SPLIT.swap(true, Ordering::SeqCst) {
        AT_HOME.set(true);
    }
}

/// Whether any thread may have another table than this one.
pub(crate) fn are_split() -> bool {
    SPLIT.load(Ordering::SeqCst)
}

/// Gives this thread, and those that it starts from now on, a table of their own: a copy.
pub(crate) fn leave() -> io::Result<()> {
    // A handler runs on any thread that takes the signal, and writes to a descriptor: in this table
    // that number may be a client's connection. Faults are no such signals: no handler that writes
    // can be set for them (the standard library has one, to name a stack overflow).
    let mut blocked = SigSet::all();
    for fault in [Signal::SIGSEGV, Signal::SIGILL, Signal::SIGFPE] {
        blocked.remove(fault);
    }
    blocked.thread_block()?;
    Ok(unshare(CloneFlags::CLONE_FILES)?)
}

/// Whether a signal that is caught here finds the descriptor that its handler writes to.
pub(crate) fn can_catch_signals() -> bool {
    AT_HOME.get() || !are_split()
}
