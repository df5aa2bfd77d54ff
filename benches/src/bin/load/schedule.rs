//! When the units of an open loop should begin.

use std::str::FromStr;
use std::time::Duration;

/// Arrivals that wait for nobody: a function of rate, kind and seed alone.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    arrivals: Arrivals,
    /// Seconds between two arrivals, in the mean.
    gap: f64,
    count: u64,
    /// Seconds from the beginning to the last arrival.
    last: f64,
    random: u64,
}

/// How arrivals are spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arrivals {
    /// All gaps are the same.
    Even,
    /// Each arrival is independent of all others, as those of many strangers are.
    Poisson,
}

impl FromStr for Arrivals {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "even" => Ok(Self::Even),
            "poisson" => Ok(Self::Poisson),
            _ => Err("even or poisson is expected"),
        }
    }
}

impl Schedule {
    /// `rate` arrivals in a second, which is more than 0.
    pub(crate) fn new(arrivals: Arrivals, rate: f64, seed: u64) -> Self {
        Self { arrivals, gap: 1.0 / rate, count: 0, last: 0.0, random: seed }
    }

    /// The next arrival, as time since the beginning.
    pub(crate) fn next(&mut self) -> Duration {
        self.count += 1;
        self.last = match self.arrivals {
            // Not summed up, so that no error adds up.
            Arrivals::Even => self.count as f64 * self.gap,
            Arrivals::Poisson => self.last - self.uniform().ln() * self.gap,
        };
        Duration::try_from_secs_f64(self.last).unwrap_or(Duration::MAX)
    }

    /// More than 0 and at most 1, by splitmix64.
    fn uniform(&mut self) -> f64 {
        const BITS: u32 = f64::MANTISSA_DIGITS;
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = self.random;
        let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let value = (value ^ (value >> 31)) >> (u64::BITS - BITS);
        (value + 1) as f64 / (1_u64 << BITS) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(arrivals: Arrivals, rate: f64, seed: u64, count: usize) -> Vec<Duration> {
        let mut schedule = Schedule::new(arrivals, rate, seed);
        (0..count).map(|_| schedule.next()).collect()
    }

    #[test]
    fn even_arrivals_have_one_gap() {
        let micros = Duration::from_micros;
        for (rate, expected) in [
            (1_000.0, [micros(1_000), micros(2_000), micros(3_000)]),
            (0.5, [micros(2_000_000), micros(4_000_000), micros(6_000_000)]),
        ] {
            assert_eq!(arrivals(Arrivals::Even, rate, 1, 3), expected);
        }
        let late = arrivals(Arrivals::Even, 3.0, 1, 3_000_000);
        assert_eq!(late.last(), Some(&Duration::from_secs(1_000_000)));
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_the_spread_of_strangers() {
        for (rate, seed) in [(10.0, 0), (50_000.0, 1), (1e6, 7)] {
            let times = arrivals(Arrivals::Poisson, rate, seed, 100_000);
            assert!(times.is_sorted());
            let gaps: Vec<f64> =
                times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64() * rate).collect();
            let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
            assert!((0.98..1.02).contains(&mean), "{mean}");
            // A share of 1/e of all gaps is longer than the mean of them.
            let long = gaps.iter().filter(|gap| **gap > 1.0).count() as f64 / gaps.len() as f64;
            assert!((0.36..0.376).contains(&long), "{long}");
        }
    }

    #[test]
    fn a_seed_fixes_the_arrivals() {
        let of = |seed| arrivals(Arrivals::Poisson, 1_000.0, seed, 100);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_eq!(arrivals(Arrivals::Poisson, f64::MIN_POSITIVE, 1, 1), [Duration::MAX]);
    }
}
