//! The call of a machine, with a panic kept from the loop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use readily_protocols::contract::{
    App, Cause, Effects, Fault, Id, Io, Machine, Next, Peer, Remote, Rx, Signals, Tx, drive,
};

use crate::counters::StateCounters;
use crate::timers::Nanos;

/// One machine, and what is around it.
pub(crate) struct Call<'a, A: App> {
    pub(crate) id: Id,
    pub(crate) machine: &'a mut A::Conn,
    pub(crate) remote: &'a Remote,
    pub(crate) entered: &'a mut Nanos,
    pub(crate) now: Nanos,
    pub(crate) app: &'a mut A,
    pub(crate) fx: &'a mut Effects<A>,
    pub(crate) states: &'a mut StateCounters,
}

/// What a call came to.
pub(crate) struct Called {
    pub(crate) next: Result<Next, Fault>,
    /// The state's own deadline, after the call.
    pub(crate) deadline: Option<Instant>,
    /// Whether the state changed.
    pub(crate) moved: bool,
}

impl<A: App> Call<'_, A> {
    /// Makes the call; `None` if it panicked, and then nothing that it asked for is left.
    #[inline(always)]
    pub(crate) fn make(
        self,
        (rx, tx): (&mut Rx, &mut Tx),
        (peer, signals): (Peer<'_>, Signals),
        cause: Cause<A::Mail>,
    ) -> Option<Called> {
        let Call { id, machine, remote, entered, now, app, fx, states } = self;
        let before = machine.state();
        let mut moved = false;
        let result = {
            let (machine, fx, states) = (&mut *machine, &mut *fx, &mut *states);
            let (rx, tx, moved) = (&mut *rx, &mut *tx, &mut moved);
            catch_unwind(AssertUnwindSafe(move || {
                let mut io = Io::new(id, remote, (rx, tx), (peer, signals), app, fx);
                let next = drive(machine, cause, &mut io, |from, to| {
                    *moved = true;
                    states.moved(from, to);
                });
                (next, machine.deadline())
            }))
        };
        let state = machine.state();
        if state != before {
            states.now[before] -= 1;
            states.now[state] += 1;
        }
        if moved {
            *entered = now;
        }
        match result {
            Ok((next, deadline)) => Some(Called { next, deadline, moved }),
            Err(_) => {
                fx.forget();
                None
            }
        }
    }
}
