//! The time of the turn.

use std::time::{Duration, Instant, SystemTime};

use crate::sys::Sys;
use crate::timers::Nanos;

/// Read once a turn: all that happens in a turn happens at one time.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    now: Nanos,
    wall: SystemTime,
    wall_read: Nanos,
}

/// How old the wall time may be.
const WALL_AGE: Nanos = 1_000_000_000;

impl Clock {
    pub(crate) fn new(sys: &impl Sys) -> Self {
        let now = sys.nanos();
        Clock { start: sys.start(), now, wall: sys.wall(), wall_read: now }
    }

    /// Reads the monotonic clock, and the other where its reading is old; says whether it did.
    #[inline]
    pub(crate) fn read(&mut self, sys: &impl Sys) -> bool {
        self.now = sys.nanos().max(self.now);
        let is_old = self.now - self.wall_read >= WALL_AGE;
        if is_old {
            (self.wall, self.wall_read) = (sys.wall(), self.now);
        }
        is_old
    }

    #[inline]
    pub(crate) fn now(&self) -> Nanos {
        self.now
    }

    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    #[inline]
    pub(crate) fn wall(&self) -> SystemTime {
        self.wall
    }

    /// An instant as the loop counts it; what lies before its beginning is its beginning.
    #[inline]
    pub(crate) fn nanos(&self, at: Instant) -> Nanos {
        in_nanos(at.saturating_duration_since(self.start))
    }

    /// The time from now on that a duration ends at.
    #[inline]
    pub(crate) fn after(&self, time: Duration) -> Nanos {
        self.now.saturating_add(in_nanos(time))
    }
}

#[inline]
pub(crate) fn in_nanos(time: Duration) -> Nanos {
    let seconds = time.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(u64::from(time.subsec_nanos()))
}
