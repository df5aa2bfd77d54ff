//! How much time a comparison takes.

use std::time::Duration;

/// How often and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Rounds of each entry, in turns.
    pub(crate) rounds: usize,
    /// Before each timed part.
    pub(crate) warm_up: Duration,
    /// A closed-loop round.
    pub(crate) round: Duration,
    /// One rate of the open loop.
    pub(crate) offered: Duration,
    /// The rates, as shares of the best throughput that a closed loop has seen.
    pub(crate) shares: &'static [f64],
    /// Numbers of busy connections.
    pub(crate) scaling: &'static [u64],
    /// Numbers of idle connections.
    pub(crate) idle: &'static [u64],
    /// Numbers of connections at once that are tried, falling, until one is held.
    pub(crate) held: &'static [u64],
    pub(crate) counting: Counting,
}

/// Whether figures are counted under valgrind and strace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    On,
    Off,
}

impl Effort {
    /// The report that is published.
    pub(crate) const FULL: Self = Self {
        rounds: 5,
        warm_up: Duration::from_millis(200),
        round: Duration::from_millis(1_000),
        offered: Duration::from_millis(2_000),
        shares: &[0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1],
        scaling: &[1, 4, 16, 64, 256, 1_024, 4_096, 15_000],
        idle: &[1_000, 15_000],
        // A process has 20,000 descriptors at most in many places.
        held: &[19_900, 15_000, 10_000, 5_000, 1_000],
        counting: Counting::On,
    };

    /// A look, in under three minutes.
    pub(crate) const QUICK: Self = Self {
        rounds: 2,
        warm_up: Duration::from_millis(50),
        round: Duration::from_millis(150),
        offered: Duration::from_millis(300),
        shares: &[0.3, 0.7, 0.9],
        scaling: &[1, 64, 1_024],
        idle: &[1_000],
        held: &[],
        counting: Counting::Off,
    };
}
