//! What the loop is told of, and when.

use std::time::Duration;

use super::super::{Readiness, Ready, Source};
use super::Sim;
use super::ends::{EndRef, Holder};

/// A source with something new.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum New {
    End(EndRef),
    Listener(u32),
    Socket(u32),
}

impl Sim {
    /// Something is new at an end; it is reported if the loop watches that end.
    #[inline]
    pub(super) fn raise(&mut self, at: EndRef, what: Readiness) {
        let end = &mut self.ends[at.index];
        if end.holder != Holder::Loop || end.token.is_none() || what == Readiness::default() {
            return;
        }
        end.pending = end.pending.and(what);
        if !std::mem::replace(&mut end.queued, true) {
            self.new.push_back(New::End(at));
        }
    }

    pub(super) fn raise_listener(&mut self, at: u32) {
        let Some(listening) = &mut self.listeners[at as usize] else { return };
        if !std::mem::replace(&mut listening.queued, true) {
            self.new.push_back(New::Listener(at));
        }
    }

    /// Carries out what is due now; says whether there was anything.
    pub(super) fn deliver_due(&mut self) -> bool {
        let mut any = false;
        while let Some(delivery) = self.schedule.pop(self.now) {
            self.deliver(delivery);
            any = true;
        }
        while self.host.jobs.run(self.now) {
            any = true;
        }
        any
    }

    /// Lets time pass until something is due, at most to the end of the wait.
    pub(super) fn wait(&mut self, timeout: Option<Duration>) {
        let due = [self.schedule.next(), self.host.jobs.next()].into_iter().flatten().min();
        let over = timeout.map(|timeout| {
            self.now.saturating_add(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX))
        });
        let Some(until) = [due, over].into_iter().flatten().min() else { return };
        if self.rng.hits(self.buggify.early) {
            self.now = self.rng.within(self.now..=until.max(self.now));
            return;
        }
        self.now = self.now.max(until);
        self.deliver_due();
    }

    #[inline]
    pub(super) fn has_news(&self) -> bool {
        !self.new.is_empty() || self.host.has_signals() || self.host.is_woken()
    }

    /// Appends one batch of what is new.
    pub(super) fn report(&mut self, ready: &mut Vec<Ready>) {
        let first = ready.len();
        for _ in 0..self.new.len() {
            if ready.len() - first >= self.batch {
                break;
            }
            let Some(new) = self.new.pop_front() else { break };
            if self.rng.hits(self.buggify.hold) {
                self.new.push_back(new);
            } else if let Some(event) = self.event(new) {
                ready.push(event);
            }
        }
        if self.host.has_signals() {
            ready.push(Ready { token: Source::Signals.token(), what: Readiness::READABLE });
        }
        if self.host.take_woken() {
            ready.push(Ready { token: Source::Waker.token(), what: Readiness::READABLE });
        }
        self.add_false(ready);
        if self.rng.hits(self.buggify.reorder) {
            self.rng.shuffle(&mut ready[first..]);
        }
    }

    /// What is to be said of a source; nothing when what was new is no longer true.
    #[inline]
    fn event(&mut self, new: New) -> Option<Ready> {
        let (token, what) = match new {
            New::End(at) => self.end_event(at)?,
            New::Listener(at) => {
                self.listeners[at as usize].as_mut()?.queued = false;
                self.listener_state(at)?
            }
            New::Socket(at) => self.datagrams.report(at),
        };
        (what != Readiness::default()).then_some(Ready { token, what })
    }

    #[inline]
    fn end_event(&mut self, at: EndRef) -> Option<(super::super::Token, Readiness)> {
        let bare = self.rng.hits(self.buggify.bare);
        if !self.ends.has(at) || self.ends[at.index].holder != Holder::Loop {
            return None;
        }
        let state = self.ends.state(at.index);
        let end = &mut self.ends[at.index];
        end.queued = false;
        let new = std::mem::take(&mut end.pending);
        Some((end.token?, if bare { Readiness(state.0 & new.0) } else { state }))
    }

    /// Adds events that say nothing: readiness is a hint.
    fn add_false(&mut self, ready: &mut Vec<Ready>) {
        if self.rng.hits(self.buggify.spurious) {
            let letters = Readiness(self.rng.within(1..=3) as u8);
            let at = self.rng.index(self.ends.len()) as u32;
            let token = (self.ends.len() > 0).then(|| self.ends[at].token).flatten();
            ready.extend(token.map(|token| Ready { token, what: letters }));
        }
        if self.rng.hits(self.buggify.stale) {
            let kept = self.closings.min(self.closed.len());
            let token = self.closed[self.rng.index(kept)];
            let what = Readiness(self.rng.within(1..=7) as u8);
            ready.extend(token.map(|token| Ready { token, what }));
        }
        if self.rng.hits(self.buggify.duplicate) && !ready.is_empty() {
            let event = ready[self.rng.index(ready.len())];
            ready.push(event);
        }
    }
}
