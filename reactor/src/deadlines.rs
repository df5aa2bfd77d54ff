//! Deadlines that have passed: the timer stores a time alone, the reason is found when it fires.

use std::panic::{AssertUnwindSafe, catch_unwind};

use readily_protocols::contract::{App, Cause, End, Fault, Id, Machine, Reason};

use crate::reactor::{Alarm, Reactor};
use crate::slot::Phase;
use crate::sys::{Close, Sys};
use crate::timers::{Key, NEVER, Nanos};

/// For how many turns deadlines wait until all that is ready was looked at: enough for 16,384
/// sources, since the kernel tells of 1,024 in one wait.
const FULL_TURNS_MAX: u8 = 16;

impl<A: App, S: Sys> Reactor<A, S> {
    /// Fires what is due, up to the budget of a turn; not while more is ready than was told, since
    /// what a peer is waited for may have arrived.
    pub(crate) fn fire_deadlines(&mut self) {
        if (1..FULL_TURNS_MAX).contains(&self.full_turns) {
            return;
        }
        self.full_turns = 0;
        for _ in 0..self.config.turn_deadlines {
            let Some(alarm) = self.timers.due(self.clock.now()) else { return };
            match alarm {
                Alarm::Conn(id) => self.conn_is_due(id),
                Alarm::Listener(at) => self.retry_listener(at),
                Alarm::Endpoint(at) => self.endpoint_is_due(at),
                Alarm::Mail(timer) => self.mail_is_due(timer),
                Alarm::Drain => self.drain_has_run_out(),
            }
        }
    }

    /// A timer fired: if the deadline has moved since it was armed, it is armed again and nothing
    /// else happens.
    fn conn_is_due(&mut self, id: Id) {
        let index = id.index as usize;
        (self.slots[index].timer, self.slots[index].armed) = (Key::NONE, NEVER);
        let Some(own) = self.own_deadline(index) else { return };
        let at = self.least_deadline(index, own);
        if at > self.clock.now() {
            return self.arm(index, at);
        }
        self.counters.deadlines += 1;
        match self.slots[index].phase {
            Phase::Connecting => self.end(index, End::Unreachable(std::io::ErrorKind::TimedOut)),
            Phase::Securing => self.handshake_is_due(index),
            Phase::Closing if self.slots[index].has_output() => self.cut(index),
            Phase::Closing => self.discard(index, Close::InOrder),
            Phase::Open => self.state_is_due(id, own),
            Phase::Reserved | Phase::Dead => {}
        }
    }

    fn state_is_due(&mut self, id: Id, own: Nanos) {
        let index = id.index as usize;
        let now = self.clock.now();
        let reason = self.due_reason(index, own);
        if reason == Reason::SendStall {
            // What is queued cannot be sent, so there is no order to end in.
            self.end(index, End::Fault(Fault::TimedOut(reason)));
            if self.slots[index].phase == Phase::Closing {
                self.cut(index);
            }
            return;
        }
        if reason == Reason::Idle {
            self.slots[index].progressed = now;
        }
        self.visit(id, Cause::Expire(reason));
        if self.slots[index].phase != Phase::Open {
            return;
        }
        let Some(own) = self.own_deadline(index) else { return };
        if self.least_deadline(index, own) <= now {
            self.end(index, End::Stuck("frozen deadline: it has passed and was not moved"));
        }
    }

    fn due_reason(&self, index: usize, own: Nanos) -> Reason {
        let (slot, now) = (&self.slots[index], self.clock.now());
        let timeouts = match &slot.machine {
            Some(machine) => A::Conn::STATES[machine.state()].timeouts,
            None => return Reason::Idle,
        };
        if slot.patience <= now {
            Reason::SendStall
        } else if own <= now {
            Reason::Own
        } else if slot.entered.saturating_add(timeouts.within()) <= now {
            Reason::Within
        } else {
            Reason::Idle
        }
    }

    /// The state's own deadline; `None` if asking for it panicked and ended the connection.
    fn own_deadline(&mut self, index: usize) -> Option<Nanos> {
        let Some(machine) = &self.slots[index].machine else { return Some(NEVER) };
        match catch_unwind(AssertUnwindSafe(|| machine.deadline())) {
            Ok(at) => Some(at.map_or(NEVER, |at| self.clock.nanos(at))),
            Err(_) => {
                self.counters.panics += 1;
                self.end(index, End::Panicked);
                None
            }
        }
    }
}
