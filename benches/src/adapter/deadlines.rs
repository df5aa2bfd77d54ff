//! When a connection has to do something without an event, and the timer that tells of it.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Context;

use readily::{Reason, Timeouts};
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

use super::shared::{NEVER, Nanos};

/// The times that deadlines count from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// When the state it is in was entered.
    pub(super) entered: Nanos,
    /// When a byte moved last.
    pub(super) progressed: Nanos,
    /// How long the peer may take none of what waits for it.
    pub(super) patience: Nanos,
}

impl Times {
    pub(super) fn new(now: Nanos) -> Self {
        Times { entered: now, progressed: now, patience: NEVER }
    }

    /// The earliest deadline of a state with these timeouts; `own` is the state's own.
    pub(super) fn least(&self, timeouts: &Timeouts, own: Nanos) -> Nanos {
        let idle = self.progressed.max(self.entered).saturating_add(timeouts.idle());
        own.min(self.within(timeouts)).min(idle).min(self.patience)
    }

    /// Why the earliest one has passed.
    pub(super) fn reason(&self, timeouts: &Timeouts, own: Nanos, now: Nanos) -> Reason {
        if self.patience <= now {
            Reason::SendStall
        } else if own <= now {
            Reason::Own
        } else if self.within(timeouts) <= now {
            Reason::Within
        } else {
            Reason::Idle
        }
    }

    fn within(&self, timeouts: &Timeouts) -> Nanos {
        self.entered.saturating_add(timeouts.within())
    }
}

/// A timer of tokio's that is made when it is first needed, and moved as seldom as can be.
#[derive(Debug)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    armed: Nanos,
}

impl Alarm {
    pub(super) fn new() -> Self {
        Alarm { sleep: None, armed: NEVER }
    }

    /// Whether it has fired; the deadline may have moved since it was armed.
    pub(super) fn has_fired(&mut self, now: Nanos) -> bool {
        let has_fired = self.armed <= now;
        if has_fired {
            self.armed = NEVER;
        }
        has_fired
    }

    /// Whether it has to be armed for `at`; for a deadline that moved later it has not.
    pub(super) fn is_late_for(&self, at: Nanos) -> bool {
        at < self.armed
    }

    /// Wakes this task at that time.
    ///
    /// A task has one waker for its life, so the timer need not be polled again until it has fired.
    pub(super) fn arm(&mut self, at: Nanos, instant: Instant, cx: &mut Context<'_>) {
        self.armed = at;
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                sleep.as_mut().reset(instant);
                sleep
            }
            none => none.insert(Box::pin(sleep_until(instant))),
        };
        // Without a budget, or a task that has spent its own would not be woken by the timer.
        if pin!(unconstrained(sleep.as_mut())).poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }
}
