//! One visit to a connection: read, advance the machine until it waits, write, carry out what it
//! asked for, arm its deadline.

use std::io::ErrorKind;

use readily_protocols::contract::{
    App, Cause, End, Fault, Half, Id, Machine, Mark, Next, Peer, Signals, Tx,
};

use crate::call::{Call, Called};
use crate::carrier::{Failure, Flushed, Layer, Received};
use crate::reactor::{Alarm, Reactor};
use crate::slot::{Flags, Link, Phase, Slot};
use crate::sys::Sys;
use crate::timers::{NEVER, Nanos};

/// What becomes of a connection after its machine was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flow {
    /// It waits; its own deadline is here.
    Wait(Nanos),
    /// It wants to be called again.
    Yield(Nanos),
    /// Its machine has ended.
    Over,
}

/// How a connection ends whose peer is gone.
const GONE: End = End::Transport(ErrorKind::ConnectionReset);

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
            Phase::Securing => self.secure(id),
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
        let must = self.slots[index].flags.has(Flags::CALL);
        let cause = Some(cause).filter(|cause| must || !matches!(cause, Cause::Advance));
        self.rounds(id, cause, NEVER);
    }

    /// Reads and calls the machine until there is nothing more to read or the budget of the turn is
    /// spent; `cause` is why the machine is called even if nothing is read.
    pub(crate) fn rounds(&mut self, id: Id, mut cause: Option<Cause<A::Mail>>, mut own: Nanos) {
        let index = id.index as usize;
        let (mut reads, mut bytes) = (self.config.turn_reads, self.config.turn_bytes);
        loop {
            let wants = self.wants_read(index);
            if wants && (reads == 0 || bytes == 0) {
                self.counters.budget_cuts += 1;
                self.enqueue(index);
                break;
            }
            let got = if wants { self.receive(index) } else { Received::Nothing };
            if got == Received::Nothing && cause.is_none() {
                break;
            }
            if let Received::Bytes(n) = got {
                (reads, bytes) = (reads - 1, bytes.saturating_sub(n));
            }
            let why = cause.take().unwrap_or(Cause::Advance);
            // Mail and deadlines are calls of their own: what else is new is told by a further one.
            let news = got != Received::Nothing || self.slots[index].flags.has(Flags::CALL);
            let missed = news && !matches!(why, Cause::Advance);
            self.slots[index].flags.clear(Flags::CALL);
            let mut flow = self.call(id, why);
            if missed && matches!(flow, Flow::Wait(_)) {
                flow = self.call(id, Cause::Advance);
            }
            match flow {
                Flow::Wait(at) if !got.is_failure() => own = at,
                flow => return self.after_round(id, got, flow),
            }
        }
        if self.slots[index].flags.has(Flags::LOST) && !self.slots[index].flags.has(Flags::QUEUED) {
            return self.end(index, GONE);
        }
        self.settle(index, own);
    }

    /// Goes on after a call that was out of the common.
    pub(crate) fn after_round(&mut self, id: Id, got: Received, flow: Flow) {
        let index = id.index as usize;
        match (flow, got) {
            (Flow::Over, _) => {}
            (_, Received::Failed(kind)) => self.end(index, End::Transport(kind)),
            (_, Received::Broken(fault)) => self.end(index, End::Fault(fault)),
            (Flow::Wait(own), _) => self.rounds(id, None, own),
            (Flow::Yield(own), _) => {
                self.call_later(index);
                self.settle(index, own);
            }
        }
    }

    /// Whether a read is useful: there is room here, and where what is read goes. That is the
    /// peer's send buffer for a linked connection: were our own full one, which the peer fills, a
    /// reason too, two sides that both wait to be read from would wait for ever.
    #[inline]
    pub(crate) fn wants_read(&mut self, index: usize) -> bool {
        let slot = &self.slots[index];
        let is_stuck = self.layers.is_stuck(index, slot.flags);
        if !slot.flags.has(Flags::READABLE) || !slot.may_receive() || is_stuck {
            return false;
        }
        let has_room = match slot.peer() {
            None => slot.has_room(),
            Some(peer) => {
                let peer = &self.slots[peer.index as usize];
                peer.phase == Phase::Open && peer.has_room()
            }
        };
        has_room && !self.starves(index)
    }

    #[inline]
    fn receive(&mut self, index: usize) -> Received {
        let received = self.carry_in(index);
        self.counters.reads += 1;
        if let Received::Bytes(n) = received {
            self.counters.bytes_in += n as u64;
            self.slots[index].progressed = self.clock.now();
        }
        received
    }

    /// Calls the machine, sends what it wrote here and to its peer, and carries out what it asked
    /// for.
    fn call(&mut self, id: Id, cause: Cause<A::Mail>) -> Flow {
        let index = id.index as usize;
        let is_mail = matches!(cause, Cause::Mail(_));
        self.counters.calls += 1;
        let before = self.extent(index);
        let Some((called, noted)) = self.call_linked(id, cause) else { return Flow::Over };
        let progress = self.extent(index) != before;
        self.after_call(id, noted, (called, progress), is_mail)
    }

    pub(crate) fn after_call(
        &mut self,
        id: Id,
        noted: Option<(Id, Mark)>,
        (called, progress): (Called, bool),
        is_mail: bool,
    ) -> Flow {
        let index = id.index as usize;
        let own = called.deadline.map_or(NEVER, |at| self.clock.nanos(at));
        let asked = !self.fx.is_empty();
        // What is written on the way to a fault of our own cannot be trusted, and is not sent.
        let is_sound = !matches!(called.next, Err(Fault::Local(_)));
        let alive = !is_sound || self.flush_open(index);
        if let Some((peer, mark)) = noted {
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
            // The peer cut it: that is the end to be told, whatever the machine makes of it.
            Ok(Next::Finish) if self.slots[index].flags.has(Flags::LOST) => self.end(index, GONE),
            Ok(Next::Finish) if self.was_cut(index) => return Flow::Wait(NEVER),
            Ok(Next::Finish) => self.end(index, End::Finished),
            Ok(Next::Yield) => {
                return self.count_spin(index, progress || asked, own);
            }
            Ok(_) if self.have_both_ended(index) => self.end(index, End::Finished),
            Ok(next) => {
                self.counters.mail_ignored += u64::from(is_mail && next == Next::Ignore);
                self.slots[index].spins = 0;
                return Flow::Wait(own);
            }
            Err(fault) => self.end(index, End::Fault(fault)),
        }
        Flow::Over
    }

    /// How much is unread and unsent: what has not changed this has made no progress.
    fn extent(&self, index: usize) -> (usize, usize) {
        let slot = &self.slots[index];
        let unread = slot.rx.as_ref().map_or(0, |rx| rx.len());
        (unread, slot.tx.as_ref().map_or(0, |tx| tx.len()))
    }

    /// The call with both ends of the connection, and its peer's; `None` if there is no machine.
    fn call_linked(
        &mut self,
        id: Id,
        cause: Cause<A::Mail>,
    ) -> Option<(Called, Option<(Id, Mark)>)> {
        let index = id.index as usize;
        let (slot, other) = match self.slots[index].peer() {
            Some(peer) => match self.slots.get2_mut(index, peer.index as usize) {
                Some((slot, other)) => (slot, Some(other)),
                None => return None,
            },
            None => (&mut self.slots[index], None),
        };
        let Slot { machine: Some(machine), rx, tx, remote, entered, signals, link, .. } = slot
        else {
            return None;
        };
        let rx = rx.get_or_insert_with(|| self.pool.receiver());
        let tx = tx.get_or_insert_with(|| self.pool.sender());
        if tx.wants_block() {
            tx.lend(self.pool.block());
        }
        let other_tx = match other {
            Some(other) if other.phase == Phase::Open => {
                Some(other.tx.get_or_insert_with(|| self.pool.sender()))
            }
            _ => None,
        };
        let mark = other_tx.as_ref().map(|tx| tx.mark());
        let call = Call {
            machine,
            remote,
            entered,
            now: self.clock.now(),
            app: &mut self.app,
            fx: &mut self.fx,
            states: &mut self.states,
            running: &mut self.running,
        };
        let peer = peer_of(link, other_tx.map(|tx| &mut **tx));
        // They are for `advance`, which looks at them; mail would take them and tell nobody.
        let signals = match cause {
            Cause::Advance => std::mem::replace(signals, Signals(0)),
            _ => Signals(0),
        };
        let noted = match link {
            Link::To(peer) => mark.map(|mark| (*peer, mark)),
            _ => None,
        };
        let called = call.make(id, (rx, tx), (peer, signals), noted, cause);
        Some((called, noted))
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
        if slot.flags.has(Flags::LOST) {
            return true;
        }
        let unsent = slot.flags.has(Flags::UNSENT);
        match &slot.tx {
            None if unsent => {}
            None => return true,
            Some(tx) if tx.is_idle() && !unsent => return true,
            Some(tx) => {
                if !tx.is_low() {
                    // Whoever wrote this may have stopped for want of room, and waits for it, even
                    // if all of it is sent now.
                    slot.flags.set(Flags::FULL);
                }
                if tx.has_overflowed() || tx.half() == Half::Aborted {
                    let why = if tx.has_overflowed() { End::Overflow } else { End::Aborted };
                    self.end(index, why);
                    return false;
                }
            }
        }
        let flushed = self.carry_out_of(index);
        self.count_flush(index, flushed);
        if let Some(failure) = flushed.failed {
            if self.may_be_heard(index, failure) {
                self.lose(index);
                return true;
            }
            self.end(index, failure.end());
            return false;
        }
        self.after_flush(index)
    }

    /// Whether a peer that is gone may have said something before, such as why.
    fn may_be_heard(&self, index: usize, failure: Failure) -> bool {
        let is_gone = matches!(
            failure,
            Failure::Transport(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
        );
        is_gone && !self.has_ended(index) && self.slots[index].peer().is_none()
    }

    /// Nothing is sent to it any more. What it sent is read, and then the connection ends.
    fn lose(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        slot.flags.set(Flags::LOST);
        slot.flags.set(Flags::READABLE);
        if let Some(tx) = &mut slot.tx {
            tx.abort();
        }
        if let Some(Layer::Tls(tls)) = self.layers.of(index, slot.flags) {
            tls.forget_unsent();
        }
    }

    pub(crate) fn count_flush(&mut self, index: usize, flushed: Flushed) {
        self.counters.writes += flushed.calls;
        self.counters.bytes_out += flushed.bytes as u64;
        let slot = &mut self.slots[index];
        if flushed.bytes > 0 {
            slot.progressed = self.clock.now();
        }
        if slot.has_output() {
            if flushed.bytes > 0 || slot.patience == NEVER {
                slot.patience = self.clock.after(self.config.send_stall);
            }
        } else if slot.phase == Phase::Open {
            slot.patience = NEVER;
        }
    }

    /// Wakes those who waited for room, ends our half if that was asked for, and the connection if
    /// both halves have ended.
    #[inline]
    fn after_flush(&mut self, index: usize) -> bool {
        let slot = &mut self.slots[index];
        let is_low = slot.tx.as_ref().is_none_or(|tx| tx.is_low());
        if is_low && slot.flags.has(Flags::FULL) {
            slot.flags.clear(Flags::FULL);
            if let Some(tx) = &mut slot.tx {
                tx.be_low();
            }
            let peer = slot.peer();
            self.call_later(index);
            if let Some(peer) = peer {
                self.call_later(peer.index as usize);
            }
        }
        let slot = &mut self.slots[index];
        let ends = !slot.has_output() && slot.has_said_all();
        if ends && !slot.flags.has(Flags::SHUT) {
            if slot.has_heard_all() {
                // Closing says the same to the peer, in one system call less.
                self.end(index, End::Finished);
                return false;
            }
            slot.flags.set(Flags::SHUT);
            // A stream that has failed already is found by the next read.
            let _ = self.carry_end(index);
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
            return self.settle_peer(index);
        }
        if self.flush_open(index) {
            if ended {
                self.call_later(index);
            }
            self.settle_peer(index);
        }
    }

    /// Settles a connection that was not visited, but whose peer was. It may go on before that has
    /// fallen under the low mark.
    pub(crate) fn settle_peer(&mut self, index: usize) {
        if self.wants_read(index) {
            self.enqueue(index);
        }
        self.settle(index, NEVER);
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
            (Phase::Closing, _) if !slot.has_output() => {
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
fn peer_of<'a>(link: &Link, tx: Option<&'a mut Tx>) -> Peer<'a> {
    match (link, tx) {
        (Link::None, _) => Peer::None,
        (Link::To(id), Some(tx)) => Peer::Open { id: *id, tx },
        (Link::To(id), None) => Peer::Connecting(*id),
        (Link::Failed(id, kind), _) => Peer::Failed(*id, *kind),
        (Link::Gone(gone), _) => Peer::Gone(gone.0, gone.1),
    }
}
