//! Shutting down: in order with a deadline, or at once.

use std::time::Duration;

use readily_protocols::contract::{App, End};

use crate::endpoints::EndpointSlot;
use crate::listener::Listener;
use crate::reactor::{Alarm, Reactor};
use crate::slot::{Flags, Phase};
use crate::sys::Sys;
use crate::timers::Key;

/// How far a shutdown has come.
#[derive(Debug, Default)]
pub(crate) enum Drain {
    /// None was asked for.
    #[default]
    No,
    /// It begins with the next turn.
    Asked(Duration),
    /// Connections may finish until the timer fires.
    Until(Key),
    /// What is left was reset.
    Abort,
    /// All have ended.
    Over,
}

impl Drain {
    pub(crate) fn is_asked(&self) -> bool {
        matches!(self, Drain::Asked(_))
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Drain::Over)
    }
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// Shuts down in order, within [`Config::drain_within`](crate::Config::drain_within): whoever
    /// waits in the kernel is still taken in, then nobody; machines are told by
    /// [`Effects::draining`](readily_protocols::contract::Effects::draining) and finish when they
    /// are idle; what is left at the deadline is reset. A second call changes nothing.
    pub fn drain(&mut self) {
        self.drain_within(self.config.drain_within);
    }

    /// The same with another deadline.
    pub fn drain_within(&mut self, within: Duration) {
        if matches!(self.drain, Drain::No) {
            self.drain = Drain::Asked(within);
            self.fx.set_draining();
        }
    }

    pub(crate) fn begin_drain(&mut self) {
        if let Drain::Asked(within) = self.drain {
            self.drain = Drain::Until(self.timers.arm(self.clock.after(within), Alarm::Drain));
            self.drain_endpoints();
            for index in 0..self.slots.capacity() {
                let Some(slot) = self.slots.get_mut(index) else { continue };
                if slot.phase == Phase::Open {
                    // What has arrived already is read before the machine is told.
                    slot.flags.set(Flags::READABLE);
                    self.call_later(index);
                }
            }
        }
        // In a turn of its own if a machine panicked in the middle of it.
        if self.fx.draining() && self.listeners.iter().any(Listener::is_open) {
            if !self.is_aborting() {
                self.accept_last();
            }
            self.close_listeners();
        }
    }

    /// Shuts down at once: every connection is reset.
    pub fn abort(&mut self) {
        self.fx.set_draining();
        self.aborted = true;
        if let Drain::Until(alarm) = std::mem::replace(&mut self.drain, Drain::Abort) {
            self.timers.disarm(alarm);
        }
        for index in 0..self.slots.capacity() {
            match self.slots.get(index).map(|slot| slot.phase) {
                Some(Phase::Open | Phase::Connecting) => self.end(index, End::Aborted),
                Some(Phase::Securing) => self.abort_handshake(index),
                Some(Phase::Closing) => self.cut(index),
                _ => {}
            }
        }
    }

    pub(crate) fn drain_has_run_out(&mut self) {
        self.drain = Drain::Abort;
        self.abort();
    }

    /// Closes the endpoints when the last connection has gone, since they may carry some, and when
    /// they have delivered what those wrote.
    pub(crate) fn end_drain_if_done(&mut self) {
        let owes = match self.drain {
            Drain::Until(_) => self.endpoints.iter().any(EndpointSlot::is_owing),
            Drain::Abort => false,
            _ => return,
        };
        if self.counters.open > 0 || owes {
            return;
        }
        if let Drain::Until(alarm) = self.drain {
            self.timers.disarm(alarm);
        }
        self.close_endpoints();
        self.drain = Drain::Over;
    }

    /// Whether it was told to shut down at once, or its drain has run out of time.
    pub fn is_aborting(&self) -> bool {
        self.aborted
    }
}
