//! How a network behaves, and how it misbehaves.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::rng::Chance;

/// How the bytes of a stream travel, in each direction.
///
/// Bytes are never lost, doubled or reordered within a stream: that is what TCP is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// How long one piece travels.
    pub delay: RangeInclusive<Duration>,
    /// How likely what was written at once arrives in pieces.
    pub split: Chance,
    /// Into how many at most.
    pub pieces: u32,
    /// How likely a piece, or the end of the stream, arrives together with the piece before it.
    pub coalesce: Chance,
    /// How likely a piece is held up, and all that follow it.
    pub stall: Chance,
    /// For how long.
    pub stall_time: RangeInclusive<Duration>,
    /// How likely a piece never arrives and both ends get a reset.
    pub reset: Chance,
    /// How many bytes may be unread or on their way; drawn once for each direction of a stream.
    pub window: RangeInclusive<u32>,
}

impl Link {
    /// What is written arrives at once, whole.
    pub const fn perfect() -> Self {
        Link {
            delay: Duration::ZERO..=Duration::ZERO,
            split: Chance::NEVER,
            pieces: 1,
            coalesce: Chance::NEVER,
            stall: Chance::NEVER,
            stall_time: Duration::ZERO..=Duration::ZERO,
            reset: Chance::NEVER,
            window: 256 * 1024..=256 * 1024,
        }
    }

    /// Everything that TCP allows, often: but it resets nothing of its own accord.
    pub const fn rough() -> Self {
        Link {
            delay: Duration::ZERO..=Duration::from_millis(5),
            split: Chance::percent(30),
            pieces: 8,
            coalesce: Chance::percent(30),
            stall: Chance::percent(2),
            stall_time: Duration::from_millis(20)..=Duration::from_millis(500),
            reset: Chance::NEVER,
            window: 1..=16 * 1024,
        }
    }

    /// Whether every piece arrives whole at the next wait.
    pub(super) fn is_instant(&self) -> bool {
        let never = [self.split, self.stall, self.reset].iter().all(|c| *c == Chance::NEVER);
        never && *self.delay.end() == Duration::ZERO
    }
}

/// How datagrams travel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatagramLink {
    /// How long one travels; those that take longer are overtaken.
    pub delay: RangeInclusive<Duration>,
    /// How likely it is lost.
    pub loss: Chance,
    /// How likely it arrives twice.
    pub duplicate: Chance,
    /// How likely a socket takes none now (`WouldBlock`).
    pub refuse: Chance,
    /// The largest one in bytes; what is larger is refused with `EMSGSIZE`.
    pub size_max: usize,
    /// How many wait at a socket; more are lost.
    pub queue: usize,
    /// How many of one size a call sends at most.
    pub segments: usize,
}

impl DatagramLink {
    /// Every datagram arrives once and in order.
    pub const fn perfect() -> Self {
        DatagramLink {
            delay: Duration::ZERO..=Duration::ZERO,
            loss: Chance::NEVER,
            duplicate: Chance::NEVER,
            refuse: Chance::NEVER,
            size_max: 65_507,
            queue: 4096,
            segments: 10,
        }
    }

    /// Loss, doubles and overtaking, each a few times in a hundred.
    pub const fn rough() -> Self {
        DatagramLink {
            delay: Duration::ZERO..=Duration::from_millis(10),
            loss: Chance::percent(5),
            duplicate: Chance::percent(5),
            refuse: Chance::percent(5),
            size_max: 65_507,
            queue: 64,
            segments: 10,
        }
    }
}

/// What readiness does besides being right: all of it allowed by the contract of
/// [`Sys::poll`](crate::sys::Sys::poll).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Buggify {
    /// A source that is not ready is reported.
    pub spurious: Chance,
    /// An event is in its batch twice.
    pub duplicate: Chance,
    /// A batch is in any order.
    pub reorder: Chance,
    /// An event waits for the next batch, where it is merged with what came since.
    pub hold: Chance,
    /// An event says only what is new, not all that is true.
    pub bare: Chance,
    /// An event of a stream that was closed before is in the batch.
    pub stale: Chance,
    /// A wait ends before its time with nothing.
    pub early: Chance,
    /// A waiting connection that was reset is told by `ECONNABORTED` instead of by its stream.
    pub abort_accept: Chance,
    /// A reset drops what has arrived and was not read, as some systems do and Linux does not.
    pub reset_drops: Chance,
    /// Which arrivals give an edge.
    pub edges: Edges,
}

/// Which arrivals of bytes give an edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edges {
    /// Each one, as on Linux.
    Each,
    /// Only the first after a read found less than it asked for: the least that the contract
    /// allows.
    Armed,
}

impl Buggify {
    /// Only what is true, once, in order.
    pub const NONE: Buggify = Buggify {
        spurious: Chance::NEVER,
        duplicate: Chance::NEVER,
        reorder: Chance::NEVER,
        hold: Chance::NEVER,
        bare: Chance::NEVER,
        stale: Chance::NEVER,
        early: Chance::NEVER,
        abort_accept: Chance::NEVER,
        reset_drops: Chance::NEVER,
        edges: Edges::Each,
    };

    /// All of it, often.
    pub const ROUGH: Buggify = Buggify {
        spurious: Chance::percent(5),
        duplicate: Chance::percent(5),
        reorder: Chance::percent(50),
        hold: Chance::percent(5),
        bare: Chance::percent(50),
        stale: Chance::percent(5),
        early: Chance::percent(5),
        abort_accept: Chance::percent(50),
        reset_drops: Chance::percent(50),
        edges: Edges::Armed,
    };
}
