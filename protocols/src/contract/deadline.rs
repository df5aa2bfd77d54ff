//! Why a connection may not wait for ever.

use std::fmt;
use std::time::Duration;

/// Why a deadline was set: a deadline without its reason cannot be explained to an operator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// The state's own [`deadline`](super::State::deadline).
    Own,
    /// The state took longer than its `within`, counted from its entry.
    Within,
    /// No byte moved for the state's `idle`.
    Idle,
    /// The peer took none of the waiting bytes for too long.
    SendStall,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Own => "own",
            Reason::Within => "within",
            Reason::Idle => "idle",
            Reason::SendStall => "send stall",
        })
    }
}

/// The deadlines that a state's attributes name, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    within: u64,
    idle: u64,
}

impl Timeouts {
    /// No deadline.
    pub const NONE: Timeouts = Timeouts { within: u64::MAX, idle: u64::MAX };

    /// `within`: at most this long in the state. `idle`: at most this long without a byte moving.
    pub const fn new(within: Option<Duration>, idle: Option<Duration>) -> Self {
        Timeouts { within: nanos(within), idle: nanos(idle) }
    }

    /// Nanoseconds from the state's entry; `u64::MAX` for none.
    #[inline]
    pub const fn within(&self) -> u64 {
        self.within
    }

    /// Nanoseconds from the last byte that moved; `u64::MAX` for none.
    #[inline]
    pub const fn idle(&self) -> u64 {
        self.idle
    }
}

const fn nanos(duration: Option<Duration>) -> u64 {
    match duration {
        None => u64::MAX,
        Some(d) if d.as_nanos() >= u64::MAX as u128 => u64::MAX,
        Some(d) => d.as_nanos() as u64,
    }
}
