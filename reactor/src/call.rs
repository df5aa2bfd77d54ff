//! The call of a machine, and what is undone when it panics.
//!
//! One guard stands around the work of a whole turn instead of one around each call. What is needed
//! to take a call back is noted before it; a turn that unwinds ends that one connection and goes on
//! with what is left of it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Instant;

use readily_protocols::contract::{
    App, Cause, Effects, End, Fault, Id, Io, Machine, Mark, Next, Peer, Remote, Rx, Signals, Tx,
    drive,
};

use crate::counters::StateCounters;
use crate::pool::Hot;
use crate::reactor::Reactor;
use crate::slot::Phase;
use crate::sys::Sys;
use crate::timers::Nanos;

/// The call that is being made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) id: Id,
    /// The state it was in before.
    pub(crate) state: usize,
    /// The peer, and where its send buffer ended before.
    pub(crate) peer: Option<(Id, Mark)>,
}

/// One machine, and what is around it.
pub(crate) struct Call<'a, A: App> {
    pub(crate) machine: &'a mut A::Conn,
    pub(crate) remote: &'a Remote,
    pub(crate) entered: &'a mut Nanos,
    pub(crate) now: Nanos,
    pub(crate) app: &'a mut A,
    pub(crate) fx: &'a mut Effects<A>,
    pub(crate) states: &'a mut StateCounters,
    pub(crate) running: &'a mut Option<Running>,
}

/// What a call came to.
pub(crate) struct Called {
    pub(crate) next: Result<Next, Fault>,
    /// The state's own deadline, after the call.
    pub(crate) deadline: Option<Instant>,
    /// Whether that is the one of before the call: then nothing needs to be armed for it.
    pub(crate) same_deadline: bool,
    /// Whether the machine holds memory of its own, after the call.
    pub(crate) holds: bool,
    /// Whether the state changed.
    pub(crate) moved: bool,
}

impl<A: App> Call<'_, A> {
    #[inline(always)]
    pub(crate) fn make(
        self,
        id: Id,
        (rx, tx): (&mut Rx, &mut Tx),
        (peer, signals): (Peer<'_>, Signals),
        mark: Option<(Id, Mark)>,
        cause: Cause<A::Mail>,
    ) -> Called {
        let Call { machine, remote, entered, now, app, fx, states, running } = self;
        let before = machine.state();
        // Apart, since most have no peer, and a mark is not copied for those.
        *running = Some(match mark {
            None => Running { id, state: before, peer: None },
            Some(mark) => Running { id, state: before, peer: Some(mark) },
        });
        let due = machine.deadline();
        let mut moved = false;
        let mut io = Io::new(id, remote, (rx, tx), (peer, signals), app, fx);
        let next = drive(machine, cause, &mut io, |from, to| {
            moved = true;
            states.moved(from, to);
        });
        let (deadline, holds) = (machine.deadline(), machine.held() > 0);
        *running = None;
        let same_deadline = deadline == due;
        if moved {
            *entered = now;
            states.now[before] -= 1;
            states.now[machine.state()] += 1;
        }
        Called { next, deadline, same_deadline, holds, moved }
    }
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// Does `work`, and again after each call in it that panicked, until it comes to its end.
    pub(crate) fn guard(&mut self, work: fn(&mut Self)) {
        while let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(self))) {
            match self.running.take() {
                Some(running) => self.take_back(running),
                // Not a machine: a bug of the loop, which must not be hidden.
                None => resume_unwind(panic),
            }
        }
    }

    /// Undoes what a call that panicked did elsewhere, and ends its connection.
    fn take_back(&mut self, running: Running) {
        let index = running.id.index as usize;
        crate::trace::panicked(running.id, A::Conn::STATES[running.state].name);
        self.counters.panics += 1;
        self.fx.forget();
        self.grant();
        // What the call left in the lent ends goes with it.
        self.hot = Hot::new(&mut self.pool);
        if let Some((peer, mark)) = running.peer {
            let peer = peer.index as usize;
            if let Some(tx) = &mut self.slots[peer].tx {
                tx.rollback(mark);
            }
            if self.slots[peer].phase == Phase::Open {
                self.settle_peer(peer);
            }
        }
        if let Some(machine) = &self.slots[index].machine {
            // It may have changed its state on the way.
            self.states.now[running.state] -= 1;
            self.states.now[machine.state()] += 1;
        }
        self.end(index, End::Panicked);
    }
}
