//! The common visit: nothing was left over before it, and nothing is after it.
//!
//! It is the general visit of `visit.rs` without all that cannot apply to an open connection that
//! holds no buffer and is either not linked, or linked with another that holds none. The ends it
//! lends stay in the loop's hands. As soon as anything is out of the common, the ends go to the
//! slots and the general visit goes on from there.

use readily_protocols::contract::{App, Cause, Half, Id, Next, Peer, Signals, Tx};

use crate::call::Call;
use crate::carrier::{self, Received, Socket};
use crate::counters::{Counters, count};
use crate::pool::{Hot, Pool};
use crate::reactor::Reactor;
use crate::slot::{Flags, Link, Phase, Slot};
use crate::sys::Sys;
use crate::timers::{NEVER, Nanos};

impl<A: App, S: Sys> Reactor<A, S> {
    /// Visits a connection in the common way if it, and its peer, are fit for that; says whether.
    #[inline]
    pub(crate) fn visit_quietly(&mut self, id: Id) -> bool {
        let slot = &self.slots[id.index as usize];
        if !slot.is_quiet() || self.tracing.is_on() || self.is_tight() {
            return false;
        }
        match slot.link {
            Link::None => self.visit_one(id, None),
            Link::To(peer) => {
                let other = &self.slots[peer.index as usize];
                let layered = other.flags.has(Flags::LAYERED);
                if other.phase != Phase::Open || other.tx.is_some() || layered {
                    return false;
                }
                self.visit_pair(id, peer);
            }
            _ => return false,
        }
        true
    }

    #[inline(never)]
    fn visit_pair(&mut self, id: Id, peer: Id) {
        self.visit_one(id, Some(peer));
    }

    #[inline(always)]
    fn visit_one(&mut self, id: Id, peer: Option<Id>) {
        let index = id.index as usize;
        let (slot, mut other) = match peer {
            None => (&mut self.slots[index], None),
            Some(peer) => match self.slots.get2_mut(index, peer.index as usize) {
                Some((slot, other)) => (slot, Some(other)),
                None => return,
            },
        };
        let Hot { rx, tx, peer_tx } = &mut self.hot;
        let (Some(stream), Some(machine)) = (&mut slot.stream, &mut slot.machine) else { return };
        let got = carrier::read(Socket(&mut self.sys, stream), &mut slot.flags, rx);
        count(&mut self.counters.reads, 1);
        if got == Received::Nothing {
            return;
        }
        count(&mut self.counters.calls, 1);
        let now = self.clock.now();
        let call = Call {
            machine,
            remote: &slot.remote,
            entered: &mut slot.entered,
            now,
            app: &mut self.app,
            fx: &mut self.fx,
            states: &mut self.states,
            running: &mut self.running,
        };
        let noted = peer.map(|peer| (peer, peer_tx.mark()));
        let lent = match peer {
            None => Peer::None,
            Some(id) => Peer::Open { id, tx: peer_tx },
        };
        let called = call.make(id, (rx, tx), (lent, Signals(0)), noted, Cause::Advance);
        if let Received::Bytes(n) = got {
            count(&mut self.counters.bytes_in, n as u64);
            slot.progressed = now;
            let mut out =
                Out { sys: &mut self.sys, pool: &mut self.pool, counters: &mut self.counters };
            if matches!(called.next, Ok(Next::Wait))
                && self.fx.is_empty()
                && out.sends(slot, tx, now)
                && other.as_deref_mut().is_none_or(|other| out.sends(other, peer_tx, now))
                && rx.rewind()
            {
                slot.spins = 0;
                let more = slot.flags.has(Flags::READABLE);
                if !more && !called.holds && !called.moved && called.same_deadline {
                    // The deadline has at most moved later than what is armed.
                    return;
                }
                let own = called.deadline.map_or(NEVER, |at| self.clock.nanos(at));
                if more {
                    return self.rounds(id, None, own);
                }
                if called.holds {
                    return self.settle(index, own);
                }
                let at = self.least_deadline(index, own);
                return self.arm(index, at);
            }
        }
        let (rx, tx) = self.hot.replace(&mut self.pool);
        (slot.rx, slot.tx) = (Some(rx), Some(tx));
        if let Some(other) = other {
            other.tx = Some(self.hot.replace_peer(&mut self.pool));
        }
        let flow = self.after_call(id, noted, (called, true), false);
        self.after_round(id, got, flow);
    }
}

/// Where output goes.
struct Out<'a, S: Sys> {
    sys: &'a mut S,
    pool: &'a mut Pool,
    counters: &'a mut Counters,
}

impl<S: Sys> Out<'_, S> {
    /// Sends what is in `tx`; says whether it is as new then.
    #[inline(always)]
    fn sends<A: App>(&mut self, slot: &mut Slot<A, S>, tx: &mut Tx, now: Nanos) -> bool {
        if tx.half() != Half::Open || tx.has_overflowed() || !tx.is_low() {
            return false;
        }
        if tx.is_empty() {
            return true;
        }
        let Some(stream) = &mut slot.stream else { return false };
        let socket = Socket(self.sys, stream);
        let sent = carrier::write(socket, &mut slot.flags, tx, self.pool);
        count(&mut self.counters.writes, sent.calls);
        count(&mut self.counters.bytes_out, sent.bytes as u64);
        slot.progressed = now;
        sent.failed.is_none() && tx.is_idle()
    }
}
