//! Where all randomness of a simulation comes from.

use std::ops::RangeInclusive;
use std::time::Duration;

/// SplitMix64 (Steele, Lea and Flood, 2014): the same seed gives the same numbers everywhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The numbers of this seed.
    pub const fn new(seed: u64) -> Self {
        Rng(seed)
    }

    /// Another sequence, which later numbers of this one do not depend on.
    pub fn fork(&mut self) -> Rng {
        Rng(self.draw())
    }

    /// The next number.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `n`; zero for zero.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(n)) >> 64) as u64
    }

    /// A position in something of this length; zero for an empty one.
    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// A number within these bounds, both included; the least one when they are the wrong way
    /// round.
    #[inline]
    pub fn within(&mut self, bounds: RangeInclusive<u64>) -> u64 {
        let (least, most) = bounds.into_inner();
        least + self.below(most.saturating_sub(least).saturating_add(1))
    }

    /// A time within these bounds.
    pub fn time(&mut self, bounds: &RangeInclusive<Duration>) -> Duration {
        let [least, most] = [bounds.start(), bounds.end()].map(|bound| bound.as_nanos() as u64);
        Duration::from_nanos(self.within(least..=most))
    }

    /// Whether something of this chance happens. What never happens draws no number.
    #[inline]
    pub fn hits(&mut self, chance: Chance) -> bool {
        chance != Chance::NEVER && self.below(u64::from(Chance::ALWAYS.0)) < u64::from(chance.0)
    }

    /// Puts the items in any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.index(at + 1));
        }
    }
}

/// One step of the generator's output function: spreads every bit over all others.
#[inline]
pub(super) const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How likely something is, in parts of a million.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Chance(u32);

impl Chance {
    /// It does not happen.
    pub const NEVER: Chance = Chance(0);
    /// It always happens.
    pub const ALWAYS: Chance = Chance(1_000_000);

    /// This many times in a hundred.
    pub const fn percent(percent: u32) -> Self {
        Chance::per_million(percent.saturating_mul(10_000))
    }

    /// This many times in a million.
    pub const fn per_million(parts: u32) -> Self {
        if parts > Chance::ALWAYS.0 { Chance::ALWAYS } else { Chance(parts) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_paper() {
        let mut rng = Rng::new(1_234_567);
        let drawn = [rng.draw(), rng.draw(), rng.draw()];
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(drawn, expected);
    }

    #[test]
    fn bounds_are_kept_and_reached() {
        let mut rng = Rng::new(7);
        for (least, most) in [(0, 0), (3, 3), (0, 1), (5, 9), (0, u64::MAX)] {
            let drawn: Vec<u64> = (0..200).map(|_| rng.within(least..=most)).collect();
            assert!(drawn.iter().all(|n| (least..=most).contains(n)), "{least}..={most}");
            if most - least < 10 {
                assert!((least..=most).all(|n| drawn.contains(&n)), "{least}..={most}");
            }
        }
    }

    #[test]
    fn chances_are_met() {
        for (chance, expected) in [
            (Chance::NEVER, 0..=0),
            (Chance::percent(5), 400..=600),
            (Chance::ALWAYS, 10_000..=10_000),
        ] {
            let mut rng = Rng::new(11);
            let hits = (0..10_000).filter(|_| rng.hits(chance)).count();
            assert!(expected.contains(&hits), "{chance:?}: {hits}");
        }
    }
}
