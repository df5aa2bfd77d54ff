//! Where a loop leaves its figures for others to read.

use std::sync::{Mutex, MutexGuard, TryLockError};

use readily_protocols::contract::{StateInfo, Tally};

use crate::counters::{Counters, StateCounters};

/// One loop's figures.
pub(super) struct Board {
    pub(super) index: usize,
    pub(super) names: &'static [StateInfo],
    figures: Mutex<Figures>,
}

/// What a loop publishes.
#[derive(Clone)]
pub(super) struct Figures {
    pub(super) counters: Counters,
    pub(super) states: StateCounters,
    pub(super) tally: Tally,
    /// How many connections each listener has, by its position.
    pub(super) listeners: Vec<u64>,
}

/// Whether a reader is waited for: it copies, which is soon done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    No,
    Yes,
}

impl Board {
    pub(super) fn new(index: usize, names: &'static [StateInfo]) -> Self {
        let figures = Figures {
            counters: Counters::default(),
            states: StateCounters::new(names.len()),
            tally: Tally::default(),
            listeners: Vec::new(),
        };
        Board { index, names, figures: Mutex::new(figures) }
    }

    /// The figures, to write them; none where somebody reads just now and that is not waited for.
    pub(super) fn open(&self, wait: Wait) -> Option<MutexGuard<'_, Figures>> {
        match (self.figures.try_lock(), wait) {
            (Ok(figures), _) => Some(figures),
            (Err(TryLockError::Poisoned(poisoned)), _) => Some(poisoned.into_inner()),
            (Err(TryLockError::WouldBlock), Wait::Yes) => Some(super::lock(&self.figures)),
            (Err(TryLockError::WouldBlock), Wait::No) => None,
        }
    }

    /// A copy, so that the loop finds the lock free.
    pub(super) fn read(&self) -> Figures {
        super::lock(&self.figures).clone()
    }
}
