//! One visit to a connection: read, advance the machine until it waits, write, carry out what it asked
//! for, arm its deadline.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use readily_protocols::contract::{
    App, Cause, End, Fault, Half, Id, Io, Machine, Mark, Next, Peer, Signals, drive,
};

use crate::carrier::{self, Received};
use crate::reactor::{Alarm, Reactor};
use crate::slot::{Flags, Link, Phase, Slot};
use crate::sys::Sys;
use crate::timers::{NEVER, Nanos};

/// What becomes of a connection after its machine was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flow {
    /// It waits; its own deadline is here.
    Wait(Nanos),
    /// It wants to be called again.
    Yield(Nanos),
    /// Its machine has ended.
    Over,
}

/// What one call came to.
struct Called {
    next: Result<Next, Fault>,
    deadline: Option<Instant>,
    progress: bool,
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// Does all that can be done for a connection now. `cause` is why, besides its readiness.
    pub(crate) fn visit(&mut self, id: Id, cause: Cause<A::Mail>) {
        let index = id.index as usize;
        let Some(slot) = self.slots.get(index) else { return };
        if slot.generation != id.generation {
            return;
        }
        let phase = slot.phase;
        let before = self.tracing.is_on().then(|| self.snapshot(index));
        match phase {
            Phase::Open => self.serve(id, cause),
            Phase::Connecting => self.finish_connect(id),
            Phase::Closing => self.linger(index),
            Phase::Reserved | Phase::Dead => return,
        }
        if let Some(before) = before {
            self.trace_visit(id, before);
        }
    }

    fn serve(&mut self, id: Id, cause: Cause<A::Mail>) {
        let index = id.index as usize;
        if self.slots[index].has_output() && !self.flush_open(index) {
            return;
        }
        let mut cause = Some(cause);
        let mut must = !matches!(cause, Some(Cause::Advance));
        must |= self.slots[index].flags.has(Flags::CALL);
        let (mut reads, mut bytes) = (self.config.turn_reads, self.config.turn_bytes);
        let mut own = NEVER;
        loop {
            let wants = self.wants_read(index);
            if wants && (reads == 0 || bytes == 0) {
                self.counters.budget_cuts += 1;
                self.enqueue(index);
                break;
            }
            let got = if wants { self.receive(index) } else { Received::Nothing };
            if got == Received::Nothing && !must {
                break;
            }
            if let Received::Bytes(n) = got {
                (reads, bytes) = (reads - 1, bytes.saturating_sub(n));
            }
            must = false;
            self.slots[index].flags.clear(Flags::CALL);
            let flow = self.call(id, cause.take().unwrap_or(Cause::Advance));
            if let (Received::Failed(kind), Flow::Wait(_) | Flow::Yield(_)) = (got, flow) {
                return self.end(index, End::Transport(kind));
            }
            match flow {
                Flow::Over => return,
                Flow::Wait(at) => own = at,
                Flow::Yield(at) => {
                    own = at;
                    self.call_later(index);
                    break;
                }
            }
        }
        self.settle(index, own);
    }

    /// Whether a read is useful: there is room here, in our own send buffer, and in the peer's.
    #[inline]
    pub(crate) fn wants_read(&mut self, index: usize) -> bool {
        let slot = &self.slots[index];
        if !slot.flags.has(Flags::READABLE) || !slot.may_receive() || !slot.has_room() {
            return false;
        }
        if let Link::To(peer) = slot.link {
            let peer = &self.slots[peer.index as usize];
            if peer.phase != Phase::Open || !peer.has_room() {
                return false;
            }
        }
        !self.starves(index)
    }

    #[inline]
    fn receive(&mut self, index: usize) -> Received {
        let received = carrier::receive(&mut self.slots[index], &mut self.sys, &mut self.pool);
        self.counters.reads += 1;
        if let Received::Bytes(n) = received {
            self.counters.bytes_in += n as u64;
            self.slots[index].progressed = self.clock.now();
        }
        received
    }

    /// Calls the machine, sends what it wrote here and to its peer, and carries out what it asked for.
    fn call(&mut self, id: Id, cause: Cause<A::Mail>) -> Flow {
        let index = id.index as usize;
        let is_mail = matches!(cause, Cause::Mail(_));
        let link = self.slots[index].link;
        let Some((called, mark)) = self.call_guarded(id, link, cause) else {
            self.counters.panics += 1;
            self.end(index, End::Panicked);
            return Flow::Over;
        };
        self.counters.calls += 1;
        let own = called.deadline.map_or(NEVER, |at| self.clock.nanos(at));
        let asked = !self.fx.is_empty();
        let alive = self.flush_open(index);
        if let (Link::To(peer), Some(mark)) = (link, mark) {
            self.flush_peer(peer, mark);
        }
        if asked {
            self.carry_out();
        }
        // What was asked for may have ended it, a failed flush as well.
        if !alive || self.slots[index].phase != Phase::Open {
            return Flow::Over;
        }
        match called.next {
            Ok(Next::Finish) => self.end(index, End::Finished),
            Ok(Next::Yield) => return self.count_spin(index, called.progress || asked, own),
            Ok(next) => {
                self.counters.mail_ignored += u64::from(is_mail && next == Next::Ignore);
                self.slots[index].spins = 0;
                return Flow::Wait(own);
            }
            Err(fault) => self.end(index, End::Fault(fault)),
        }
        Flow::Over
    }

    /// The call itself; `None` when it panicked, and then all that it did elsewhere is undone.
    #[inline]
    fn call_guarded(
        &mut self,
        id: Id,
        link: Link,
        cause: Cause<A::Mail>,
    ) -> Option<(Called, Option<Mark>)> {
        let index = id.index as usize;
        let now = self.clock.now();
        let (slot, other) = match link {
            Link::To(peer) => match self.slots.get2_mut(index, peer.index as usize) {
                Some((slot, other)) => (slot, Some(other)),
                None => (self.slots.get_mut(index)?, None),
            },
            _ => (self.slots.get_mut(index)?, None),
        };
        let Slot { machine: Some(machine), rx, tx, remote, entered, signals, .. } = slot else {
            return None;
        };
        let rx = rx.get_or_insert_with(|| self.pool.receiver());
        let tx = tx.get_or_insert_with(|| self.pool.sender());
        if tx.wants_spare() {
            tx.lend(self.pool.write_block());
        }
        let mut other_tx = match other {
            Some(other) if other.phase == Phase::Open => {
                Some(other.tx.get_or_insert_with(|| self.pool.sender()))
            }
            _ => None,
        };
        let mark = other_tx.as_ref().map(|tx| tx.mark());
        let (unread, unsent) = (rx.len(), tx.len());
        let signals = std::mem::replace(signals, Signals(0));
        let before = machine.state();
        let (mut moved, mut state) = (false, before);
        let result = {
            let (app, fx, states) = (&mut self.app, &mut self.fx, &mut self.states);
            let (rx, tx, moved, state) = (&mut **rx, &mut **tx, &mut moved, &mut state);
            let machine = &mut *machine;
            let other_tx = other_tx.as_deref_mut();
            catch_unwind(AssertUnwindSafe(move || {
                let peer = peer_of(link, other_tx.map(|tx| &mut **tx));
                let mut io = Io::new(id, remote, (rx, tx), (peer, signals), app, fx);
                let next = drive(machine, cause, &mut io, |from, to| {
                    (*moved, *state) = (true, to);
                    states.moved(from, to);
                });
                (next, machine.deadline())
            }))
        };
        if moved {
            *entered = now;
        }
        if state != before || result.is_err() {
            // After a panic the state is asked again: it may have been left on the way out of it.
            self.states.now[before] -= 1;
            self.states.now[machine.state()] += 1;
        }
        match result {
            Ok((next, deadline)) => {
                let progress = moved || rx.len() != unread || tx.len() != unsent;
                Some((Called { next, deadline, progress }, mark))
            }
            Err(_) => {
                if let (Some(tx), Some(mark)) = (other_tx, mark) {
                    tx.rollback(mark);
                }
                self.fx.forget();
                None
            }
        }
    }

    fn count_spin(&mut self, index: usize, progress: bool, own: Nanos) -> Flow {
        let slot = &mut self.slots[index];
        slot.spins = if progress { 0 } else { slot.spins + 1 };
        if slot.spins < self.config.spins_max {
            return Flow::Yield(own);
        }
        self.end(index, End::Stuck("spins: it yields again and again without progress"));
        Flow::Over
    }

    /// Sends what an open connection has queued; says whether it is still open.
    #[inline]
    pub(crate) fn flush_open(&mut self, index: usize) -> bool {
        let slot = &mut self.slots[index];
        let Some(tx) = &slot.tx else { return true };
        if tx.is_idle() {
            return true;
        }
        if tx.has_overflowed() || tx.half() == Half::Aborted {
            let why = if tx.has_overflowed() { End::Overflow } else { End::Aborted };
            self.end(index, why);
            return false;
        }
        let flushed = carrier::flush(slot, &mut self.sys, &mut self.pool);
        self.count_flush(index, flushed);
        if let Some(kind) = flushed.failed {
            self.end(index, End::Transport(kind));
            return false;
        }
        self.after_flush(index)
    }

    pub(crate) fn count_flush(&mut self, index: usize, flushed: carrier::Flushed) {
        self.counters.writes += flushed.calls;
        self.counters.bytes_out += flushed.bytes as u64;
        let slot = &mut self.slots[index];
        if flushed.bytes > 0 {
            slot.progressed = self.clock.now();
        }
        if slot.phase == Phase::Open {
            if !slot.has_output() {
                slot.patience = NEVER;
            } else if flushed.bytes > 0 || slot.patience == NEVER {
                slot.patience = self.clock.after(self.config.send_stall);
            }
        }
    }

    /// Wakes those who waited for room, ends our half if that was asked for, and the connection if both
    /// halves have ended.
    #[inline]
    fn after_flush(&mut self, index: usize) -> bool {
        let slot = &mut self.slots[index];
        let Some(tx) = &slot.tx else { return true };
        if !tx.is_low() {
            slot.flags.set(Flags::FULL);
        } else if slot.flags.has(Flags::FULL) {
            slot.flags.clear(Flags::FULL);
            let link = slot.link;
            self.call_later(index);
            if let Link::To(peer) = link {
                self.call_later(peer.index as usize);
            }
        }
        let slot = &mut self.slots[index];
        let ends = slot.tx.as_ref().is_some_and(|tx| tx.is_empty() && !tx.may_send());
        if ends && !slot.flags.has(Flags::SHUT) {
            slot.flags.set(Flags::SHUT);
            if slot.rx.as_ref().is_some_and(|rx| rx.is_drained()) {
                // Closing says the same to the peer, in one system call less.
                self.end(index, End::Finished);
                return false;
            }
            if let Some(stream) = &mut slot.stream {
                // A stream that has failed already is found by the next read.
                let _ = self.sys.shutdown(stream);
            }
        }
        true
    }

    /// Sends what was written to the peer during a call, and tells its machine of an end.
    fn flush_peer(&mut self, peer: Id, mark: Mark) {
        let index = peer.index as usize;
        if self.slots[index].phase != Phase::Open {
            return;
        }
        let Some(tx) = &self.slots[index].tx else { return };
        let ended = tx.half() != mark.half();
        if tx.is_idle() {
            self.settle(index, NEVER);
            return;
        }
        if self.flush_open(index) {
            if ended {
                self.call_later(index);
            }
            self.settle(index, NEVER);
        }
    }

    /// Takes lent memory back, charges what stays, arms the deadline.
    #[inline]
    pub(crate) fn settle(&mut self, index: usize, own: Nanos) {
        self.reclaim(index);
        if !self.charge(index) {
            return;
        }
        let at = self.least_deadline(index, own);
        self.arm(index, at);
        self.sanitize(index);
    }

    #[inline]
    fn reclaim(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        if let Some(rx) = &mut slot.rx {
            if rx.is_empty() {
                self.pool.give_block(rx.reclaim());
                if rx.half() == Half::Open
                    && let Some(rx) = slot.rx.take()
                {
                    self.pool.give_receiver(rx);
                }
            } else {
                self.pool.give_block(rx.fit());
            }
        }
        if let Some(tx) = &mut slot.tx {
            if tx.is_idle() {
                if let Some(tx) = slot.tx.take() {
                    self.pool.give_sender(tx);
                }
            } else {
                tx.fit(|block| self.pool.give_block(block));
                self.pool.give_block(tx.reclaim());
            }
        }
    }

    /// The earliest time at which something must be done without an event.
    #[inline]
    pub(crate) fn least_deadline(&self, index: usize, own: Nanos) -> Nanos {
        let slot = &self.slots[index];
        match (slot.phase, &slot.machine) {
            (Phase::Open, Some(machine)) => {
                let timeouts = A::Conn::STATES[machine.state()].timeouts;
                let within = slot.entered.saturating_add(timeouts.within());
                let idle = slot.progressed.max(slot.entered).saturating_add(timeouts.idle());
                own.min(within).min(idle).min(slot.patience)
            }
            (Phase::Closing, _) => {
                let idle = crate::clock::in_nanos(self.config.linger_idle);
                slot.patience.min(slot.progressed.saturating_add(idle))
            }
            _ => slot.patience,
        }
    }

    /// Arms the timer if that time comes before it; a deadline that moved later costs nothing here.
    #[inline]
    pub(crate) fn arm(&mut self, index: usize, at: Nanos) {
        let slot = &mut self.slots[index];
        if at >= slot.armed {
            return;
        }
        slot.armed = at;
        if slot.timer.is_none() {
            let id = Id { index: index as u32, generation: slot.generation };
            slot.timer = self.timers.arm(at, Alarm::Conn(id));
        } else {
            self.timers.rearm(slot.timer, at);
        }
    }
}

#[inline]
fn peer_of(link: Link, tx: Option<&mut readily_protocols::contract::Tx>) -> Peer<'_> {
    match (link, tx) {
        (Link::None, _) => Peer::None,
        (Link::To(id), Some(tx)) => Peer::Open { id, tx },
        (Link::To(id), None) => Peer::Connecting(id),
        (Link::Failed(id, kind), _) => Peer::Failed(id, kind),
        (Link::Gone(id, why), _) => Peer::Gone(id, why),
    }
}
