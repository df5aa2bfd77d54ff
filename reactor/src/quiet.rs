//! The common visit: nothing was left over before it, and nothing is after it.
//!
//! It is the general visit of `visit.rs` without all that cannot apply to a connection that is open,
//! not linked, and holds no buffer. The ends it lends stay in the loop's hands. As soon as anything is
//! out of the common, the ends go to the slot and the general visit goes on from there.

use readily_protocols::contract::{App, Cause, Half, Id, Next, Peer, Signals};

use crate::call::Call;
use crate::carrier::{self, Received};
use crate::counters::count;
use crate::reactor::Reactor;
use crate::slot::Flags;
use crate::sys::Sys;
use crate::timers::NEVER;

impl<A: App, S: Sys> Reactor<A, S> {
    /// Visits a connection that [is quiet](crate::slot::Slot::is_quiet).
    #[inline]
    pub(crate) fn visit_quiet(&mut self, id: Id) {
        let index = id.index as usize;
        let (rx, tx) = (&mut *self.hot.rx, &mut *self.hot.tx);
        let slot = &mut self.slots[index];
        let (Some(stream), Some(machine)) = (&mut slot.stream, &mut slot.machine) else { return };
        let got = carrier::read(&mut self.sys, stream, &mut slot.flags, rx);
        count(&mut self.counters.reads, 1);
        if got == Received::Nothing {
            return;
        }
        count(&mut self.counters.calls, 1);
        let call = Call {
            machine,
            remote: &slot.remote,
            entered: &mut slot.entered,
            now: self.clock.now(),
            app: &mut self.app,
            fx: &mut self.fx,
            states: &mut self.states,
            running: &mut self.running,
        };
        let link = (Peer::None, Signals(0));
        let called = call.make(id, (rx, tx), link, None, Cause::Advance);
        if let Received::Bytes(n) = got {
            count(&mut self.counters.bytes_in, n as u64);
            slot.progressed = self.clock.now();
            if matches!(called.next, Ok(Next::Wait))
                && self.fx.is_empty()
                && tx.half() == Half::Open
                && !tx.has_overflowed()
            {
                let pool = &mut self.pool;
                let sent = carrier::write(&mut self.sys, stream, &mut slot.flags, tx, pool);
                count(&mut self.counters.writes, sent.calls);
                count(&mut self.counters.bytes_out, sent.bytes as u64);
                if sent.failed.is_none() && tx.is_idle() && rx.rewind() {
                    slot.spins = 0;
                    let more = slot.flags.has(Flags::READABLE);
                    let own = called.deadline.map_or(NEVER, |at| self.clock.nanos(at));
                    if more {
                        return self.rounds(id, None, own);
                    }
                    if called.moved || own != NEVER {
                        let at = self.least_deadline(index, own);
                        self.arm(index, at);
                    }
                    // Otherwise the deadline has at most moved later than what is armed.
                    return;
                }
            }
        }
        let ends = self.hot.replace(&mut self.pool);
        (slot.rx, slot.tx) = (Some(ends.rx), Some(ends.tx));
        let flow = self.after_call(id, None, (called, true), false);
        self.after_round(id, got, flow);
    }
}
