//! What became of what was published.

/// What became of everything so far. A message counts once in `published`, and once for each
/// subscriber in what became of it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Messages that were published.
    pub published: u64,
    /// Messages that a subscriber's socket took.
    pub delivered: u64,
    /// Missed under [`Slow::DropNewest`](super::Slow::DropNewest).
    pub dropped_newest: u64,
    /// Missed under [`Slow::DropOldest`](super::Slow::DropOldest).
    pub dropped_oldest: u64,
    /// Missed under [`Slow::Coalesce`](super::Slow::Coalesce), for a newer one.
    pub coalesced: u64,
    /// Missed since it was larger than all that the subscriber's send buffer may hold.
    pub too_large: u64,
    /// Connections that fell behind under [`Slow::Close`](super::Slow::Close).
    pub closed_slow: u64,
    /// Subscriptions and messages that were [refused](super::Refused).
    pub refused: u64,
}

impl Counts {
    pub(super) const NONE: Counts = Counts {
        published: 0,
        delivered: 0,
        dropped_newest: 0,
        dropped_oldest: 0,
        coalesced: 0,
        too_large: 0,
        closed_slow: 0,
        refused: 0,
    };
}
