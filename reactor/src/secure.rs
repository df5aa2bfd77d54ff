//! The handshake of TLS: a connection that has no machine yet.

use readily_protocols::contract::{App, End, Fault, Id, Origin, Remote, Rx};

use crate::carrier::{Layer, Received, Socket};
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
    Cut,
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
        match step {
            Handshake::Broken(fault) => self.refuse_handshake(index, fault),
            Handshake::Cut => self.abandon_handshake(index),
            _ if flushed.failed.is_some() => self.abandon_handshake(index),
            Handshake::Done => self.introduce(id),
            Handshake::Waits => self.settle(index, NEVER),
            Handshake::Yields => {
                self.enqueue(index);
                self.settle(index, NEVER);
            }
        }
    }

    fn shake_hands(&mut self, index: usize) -> Handshake {
        // Plaintext that comes with the last of the handshake stays in the session.
        let mut plain = Rx::new(0);
        let Slot { stream: Some(stream), flags, .. } = &mut self.slots[index] else {
            return Handshake::Cut;
        };
        let Some(Layer::Tls(tls)) = self.layers.of(index, *flags) else { return Handshake::Cut };
        let mut socket = Socket(&mut self.sys, stream);
        for _ in 0..self.config.turn_reads {
            if !flags.has(Flags::READABLE) {
                return Handshake::Waits;
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
                Received::Ended | Received::Failed(_) => return Handshake::Cut,
                Received::Broken(fault) => return Handshake::Broken(fault),
            }
        }
        Handshake::Yields
    }

    /// The handshake is done: the listener's closure makes the machine.
    fn introduce(&mut self, id: Id) {
        let index = id.index as usize;
        self.end_handshaking();
        let slot = &mut self.slots[index];
        let Some(Layer::Tls(tls)) = self.layers.of(index, slot.flags) else { return };
        let origin = Origin { address: slot.remote.address(), secured: Some(tls.secured()) };
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
        self.end_handshaking();
        self.counters.handshakes_failed += 1;
        self.count_fault(fault);
        let id = self.id_of(index);
        self.trace_end(id, End::Fault(fault));
        match fault {
            Fault::Local(_) => self.discard(index, Close::Reset),
            _ => self.close_in_order(index),
        }
    }

    fn abandon_handshake(&mut self, index: usize) {
        self.end_handshaking();
        self.counters.handshakes_failed += 1;
        self.discard(index, Close::Reset);
    }

    /// The handshake was not done in time.
    pub(crate) fn handshake_is_due(&mut self, index: usize) {
        self.end_handshaking();
        self.counters.handshakes_timed_out += 1;
        self.discard(index, Close::Reset);
    }

    /// The loop shuts down at once.
    pub(crate) fn abort_handshake(&mut self, index: usize) {
        self.end_handshaking();
        self.discard(index, Close::Reset);
    }

    /// Those who wait to begin one may go on.
    fn end_handshaking(&mut self) {
        self.counters.handshaking -= 1;
        self.wake_listeners();
    }
}
