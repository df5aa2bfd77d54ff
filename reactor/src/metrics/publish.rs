//! A loop publishes its figures: at most once a second, and once more before it sleeps.

use std::sync::Arc;

use readily_protocols::contract::{App, Machine};

use super::board::{Board, Wait};
use super::{AGE_MAX, Metrics};
use crate::counters::Counters;
use crate::listener::Listener;
use crate::reactor::Reactor;
use crate::sys::Sys;
use crate::timers::{NEVER, Nanos};

/// What a loop that publishes keeps.
pub(crate) struct Publisher {
    board: Arc<Board>,
    /// When it may publish again.
    due: Nanos,
    /// What it published last.
    shown: Counters,
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// Shows what this loop counts in `metrics` from now on, as the loop `index`: a fleet's is
    /// [`Seat::index`](crate::Seat::index). Another loop of that index is not shown any more.
    pub fn publish(&mut self, metrics: &Metrics, index: usize) {
        let board = metrics.add_board(index, Board::new(index, A::Conn::STATES));
        let publisher = Publisher { board, due: 0, shown: Counters::default() };
        self.publisher = Some(Box::new(publisher));
        self.publish_now(Wait::No);
    }

    /// Called as a turn begins, so that a handler that shows the figures has those of the last.
    #[inline]
    pub(crate) fn publish_if_due(&mut self) {
        if self.publisher.as_ref().is_some_and(|publisher| publisher.due <= self.clock.now()) {
            self.publish_now(Wait::No);
        }
    }

    /// Called when nothing will happen any more: what is shown then is how it ended.
    #[cold]
    pub(crate) fn publish_last(&mut self) {
        self.publish_now(Wait::Yes);
    }

    #[cold]
    fn publish_now(&mut self, wait: Wait) {
        let Some(publisher) = &mut self.publisher else { return };
        let Some(mut figures) = publisher.board.open(wait) else { return };
        figures.counters = self.counters;
        figures.states.clone_from(&self.states);
        figures.tally.clone_from(self.fx.tally());
        figures.listeners.clear();
        figures.listeners.extend(self.listeners.iter().map(connections));
        drop(figures);
        publisher.shown = self.counters;
        publisher.due = self.clock.after(AGE_MAX);
    }

    /// When the loop has to turn, whatever else happens, since there is something to publish;
    /// never if there is not.
    #[inline]
    pub(crate) fn publish_at(&self) -> Nanos {
        self.publisher.as_ref().map_or(NEVER, |publisher| self.publishes_at(publisher))
    }

    fn publishes_at(&self, publisher: &Publisher) -> Nanos {
        // A turn in which nothing happened is not worth another one.
        let now = Counters {
            turns: publisher.shown.turns,
            slow_turns: publisher.shown.slow_turns,
            ..self.counters
        };
        if now == publisher.shown { NEVER } else { publisher.due.max(self.clock.now() + RETRY) }
    }
}

/// How long a loop waits before it publishes where somebody was reading: not at all would be a
/// spin.
const RETRY: Nanos = 1_000_000;

fn connections<A: App, S: Sys>(listener: &Listener<A, S>) -> u64 {
    listener.connections as u64
}
