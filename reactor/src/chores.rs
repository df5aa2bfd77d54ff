//! What a loop has done on another thread from time to time, and when a signal asks for it.

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use readily_protocols::contract::App;

use crate::clock::in_nanos;
use crate::reactor::Reactor;
use crate::sys::Sys;
use crate::timers::{NEVER, Nanos};

/// Work that blocks, and that nobody waits for.
pub(crate) trait Chore: Send + Sync {
    /// A signal asked for it: the next run is to do it whether or not it seems needed.
    fn ask(&self);

    /// Whether nobody has done it since it was asked for.
    fn is_asked(&self) -> bool;

    /// Does it, on a thread of the pool.
    fn run(&self);
}

/// The chores of a loop. They do not keep it alive.
pub(crate) struct Chores {
    all: Vec<Entry>,
    /// When the first of them is due.
    due: Nanos,
}

struct Entry {
    chore: Arc<dyn Chore>,
    signal: i32,
    every: Nanos,
    due: Nanos,
    /// A thread is at it: one at a time is enough.
    busy: Arc<AtomicBool>,
}

impl Default for Chores {
    fn default() -> Self {
        Chores { all: Vec::new(), due: NEVER }
    }
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// Has `chore` done each time that so much time has passed, and at each `signal`.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "certificates are the only chore"))]
    pub(crate) fn add_chore(
        &mut self,
        chore: Arc<dyn Chore>,
        every: Duration,
        signal: i32,
    ) -> io::Result<()> {
        if every.is_zero() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "no time between two looks"));
        }
        self.sys.catch_signals(&[signal])?;
        let (every, due) = (in_nanos(every), self.clock.after(every));
        self.chores.all.push(Entry { chore, signal, every, due, busy: Arc::default() });
        self.chores.due = self.chores.due.min(due);
        Ok(())
    }

    /// When the loop has to turn for one of them.
    #[inline]
    pub(crate) fn chores_at(&self) -> Nanos {
        self.chores.due
    }

    #[inline]
    pub(crate) fn do_chores_if_due(&mut self) {
        if self.chores.due <= self.clock.now() {
            self.do_chores();
        }
    }

    #[cold]
    fn do_chores(&mut self) {
        let now = self.clock.now();
        for entry in &mut self.chores.all {
            if entry.due <= now {
                entry.due = now.saturating_add(entry.every);
                entry.start(&mut self.sys);
            }
        }
        self.chores.due = self.chores.all.iter().map(|entry| entry.due).min().unwrap_or(NEVER);
    }

    /// Does those that a signal asks for.
    pub(crate) fn do_chores_for(&mut self, signal: i32) {
        for entry in self.chores.all.iter().filter(|entry| entry.signal == signal) {
            entry.chore.ask();
            entry.start(&mut self.sys);
        }
    }
}

impl Entry {
    /// Has a thread do it, unless one is at it, or none is to be had: then the next time does.
    fn start(&self, sys: &mut impl Sys) {
        if self.busy.swap(true, Ordering::AcqRel) {
            return;
        }
        let (chore, busy) = (self.chore.clone(), self.busy.clone());
        let work = Box::new(move || do_while_asked(&*chore, &busy));
        if sys.offload(work).is_err() {
            self.busy.store(false, Ordering::Release);
        }
    }
}

/// Does it, and once more for those who asked meanwhile and saw that it is being done.
fn do_while_asked(chore: &dyn Chore, busy: &AtomicBool) {
    loop {
        // One that panics is done again the next time, like any other.
        let _ = catch_unwind(AssertUnwindSafe(|| chore.run()));
        // An exchange on both sides: whoever saw it busy has asked before this, and is seen here.
        let _was = busy.swap(false, Ordering::AcqRel);
        if !chore.is_asked() || busy.swap(true, Ordering::AcqRel) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    /// It is asked for again while it is done for the first time, after it has looked.
    #[derive(Default)]
    struct AskedLate {
        asked: AtomicBool,
        runs: AtomicU64,
        panics: bool,
    }

    impl Chore for AskedLate {
        fn ask(&self) {
            self.asked.store(true, Ordering::Release);
        }

        fn is_asked(&self) -> bool {
            self.asked.load(Ordering::Acquire)
        }

        fn run(&self) {
            self.asked.store(false, Ordering::Release);
            if self.runs.fetch_add(1, Ordering::AcqRel) == 0 {
                self.ask();
                assert!(!self.panics, "on purpose");
            }
        }
    }

    #[test]
    fn whoever_asks_while_it_is_done_is_not_forgotten() {
        for panics in [false, true] {
            let (chore, busy) = (AskedLate { panics, ..AskedLate::default() }, true.into());
            do_while_asked(&chore, &busy);
            let left = (busy.into_inner(), chore.is_asked());
            assert_eq!((chore.runs.into_inner(), left), (2, (false, false)));
        }
    }
}
