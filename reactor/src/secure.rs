//! The handshake of TLS, before which no machine is advanced.
//!
//! A connection that came in has none yet; one that goes out has.

use std::io::ErrorKind;

use readily_protocols::contract::{App, End, Fault, Id, Origin, Remote, Rx};

use crate::carrier::{Failure, Layer, PANICKED, Received, Socket};
use crate::listener::OUTGOING;
use crate::reactor::Reactor;
use crate::slot::{Flags, Phase, Slot};
use crate::sys::{Close, Sys};
use crate::timers::NEVER;

/// What a step of a handshake came to.
enum Handshake {
    /// The peer has to go on.
    Waits,
    /// More is there, and others come first.
    Yields,
    Done,
    /// The peer is gone.
    Cut(ErrorKind),
    /// The peer broke the rules.
    Broken(Fault),
}

impl<A: App, S: Sys> Reactor<A, S> {
    pub(crate) fn begin_handshake(&mut self, index: usize) {
        self.counters.handshaking += 1;
        let slot = &mut self.slots[index];
        slot.phase = Phase::Securing;
        slot.patience = self.clock.after(self.config.handshake_within);
        let patience = slot.patience;
        self.arm(index, patience);
    }

    /// Begins the handshake of an outgoing connection, whose deadline goes on.
    pub(crate) fn greet(&mut self, id: Id) {
        let index = id.index as usize;
        self.counters.connects_securing += 1;
        let slot = &mut self.slots[index];
        slot.phase = Phase::Securing;
        slot.patience = slot.patience.min(self.clock.after(self.config.handshake_within));
        let patience = slot.patience;
        self.arm(index, patience);
        let slot = &mut self.slots[index];
        let Some(Layer::Tls(tls)) = self.layers.of(index, slot.flags) else { return };
        match tls.greet(&mut slot.flags, &mut self.pool) {
            Ok(()) => self.secure(id),
            Err(fault) => self.end(index, End::Fault(fault)),
        }
    }

    /// Goes on with a handshake as far as it can; the machine is made when it is done.
    pub(crate) fn secure(&mut self, id: Id) {
        let index = id.index as usize;
        if self.shaken >= self.config.turn_handshakes {
            // The signatures of a crowd that says hello together would hold up everybody else.
            return self.enqueue(index);
        }
        self.shaken += 1;
        let step = self.shake_hands(index);
        let flushed = self.carry_out_of(index);
        self.counters.writes += flushed.calls;
        self.counters.bytes_out += flushed.bytes as u64;
        match (step, flushed.failed) {
            (Handshake::Broken(fault), _) => self.refuse_handshake(index, fault),
            (Handshake::Cut(kind), _) | (_, Some(Failure::Transport(kind))) => {
                self.abandon_handshake(index, kind);
            }
            (Handshake::Done, _) => self.introduce(id),
            (Handshake::Waits, _) => self.settle(index, NEVER),
            (Handshake::Yields, _) => {
                self.enqueue(index);
                self.settle(index, NEVER);
            }
        }
    }

    fn shake_hands(&mut self, index: usize) -> Handshake {
        // Plaintext that comes with the last of the handshake stays in the session.
        let mut plain = Rx::new(0);
        let Slot { stream: Some(stream), flags, .. } = &mut self.slots[index] else {
            return Handshake::Cut(ErrorKind::NotConnected);
        };
        let Some(Layer::Tls(tls)) = self.layers.of(index, *flags) else {
            return Handshake::Cut(ErrorKind::NotConnected);
        };
        let mut socket = Socket(&mut self.sys, stream);
        for _ in 0..self.config.turn_reads {
            if !flags.has(Flags::READABLE) {
                return if tls.is_handshaking() { Handshake::Waits } else { Handshake::Done };
            }
            self.counters.reads += 1;
            match tls.receive(&mut socket, flags, &mut plain, &mut self.pool) {
                Received::Bytes(_) if tls.is_handshaking() => {}
                Received::Bytes(_) => return Handshake::Done,
                // It may end its half with the same flight: the machine is to hear of it.
                Received::Ended if !tls.is_handshaking() => {
                    flags.set(Flags::READABLE);
                    return Handshake::Done;
                }
                Received::Nothing => return Handshake::Waits,
                Received::Ended => return Handshake::Cut(ErrorKind::UnexpectedEof),
                Received::Failed(kind) => return Handshake::Cut(kind),
                Received::Broken(fault) => return Handshake::Broken(fault),
            }
        }
        Handshake::Yields
    }

    /// The handshake is done: the listener's closure makes the machine, where there is none yet.
    fn introduce(&mut self, id: Id) {
        let index = id.index as usize;
        let slot = &mut self.slots[index];
        let Some(Layer::Tls(tls)) = self.layers.of(index, slot.flags) else { return };
        let Some(secured) = tls.secured() else {
            return self.refuse_handshake(index, Fault::Local(PANICKED));
        };
        let origin = Origin { address: slot.remote.address(), secured: Some(secured) };
        self.end_handshaking(index);
        let slot = &mut self.slots[index];
        if slot.listener == OUTGOING {
            slot.remote = Remote::from(origin);
            return self.open_outgoing(id);
        }
        let at = usize::from(slot.listener);
        let Some(machine) = self.first_of(at, &origin.address, origin.secured.as_ref()) else {
            return self.discard(index, Close::Reset);
        };
        let slot = &mut self.slots[index];
        slot.remote = Remote::from(origin);
        slot.machine = Some(machine);
        (slot.phase, slot.patience) = (Phase::Open, NEVER);
        self.open(id);
    }

    /// Tells the peer what it did wrong, then closes.
    fn refuse_handshake(&mut self, index: usize, fault: Fault) {
        if self.is_outgoing(index) {
            return self.end(index, End::Fault(fault));
        }
        self.end_handshaking(index);
        self.counters.handshakes_failed += 1;
        self.count_fault(fault);
        let id = self.id_of(index);
        self.trace_end(id, End::Fault(fault));
        match fault {
            Fault::Local(_) => self.discard(index, Close::Reset),
            _ => self.close_in_order(index),
        }
    }

    fn abandon_handshake(&mut self, index: usize, kind: ErrorKind) {
        if self.is_outgoing(index) {
            return self.end(index, End::Unreachable(kind));
        }
        self.end_handshaking(index);
        self.counters.handshakes_failed += 1;
        self.discard(index, Close::Reset);
    }

    /// The handshake was not done in time.
    pub(crate) fn handshake_is_due(&mut self, index: usize) {
        if self.is_outgoing(index) {
            return self.end(index, End::Unreachable(ErrorKind::TimedOut));
        }
        self.end_handshaking(index);
        self.counters.handshakes_timed_out += 1;
        self.discard(index, Close::Reset);
    }

    /// The loop shuts down at once.
    pub(crate) fn abort_handshake(&mut self, index: usize) {
        if self.is_outgoing(index) {
            return self.end(index, End::Aborted);
        }
        self.end_handshaking(index);
        self.discard(index, Close::Reset);
    }

    /// One is over. Those who wait to begin one may go on: the limit is for those who come, so that
    /// a server that we wait for holds up none of our clients.
    pub(crate) fn end_handshaking(&mut self, index: usize) {
        if self.is_outgoing(index) {
            self.counters.connects_securing -= 1;
        } else {
            self.counters.handshaking -= 1;
            self.wake_listeners();
        }
    }

    fn is_outgoing(&self, index: usize) -> bool {
        self.slots[index].listener == OUTGOING
    }
}
