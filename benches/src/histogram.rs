//! Latencies, counted in buckets of about 3%.

use std::time::Duration;

/// Buckets for each doubling; the error of a quantile is at most one part in this many.
const STEPS: u64 = 32;
const STEPS_LOG2: u32 = STEPS.ilog2();
/// Enough for every `u64`: 58 shifts above the exact range.
const BUCKETS: usize = (u64::BITS - STEPS_LOG2 - 1) as usize * STEPS as usize + 2 * STEPS as usize;

/// A histogram of durations in nanoseconds, of a fixed size.
#[derive(Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, max: 0 }
    }

    /// Counts one duration.
    pub fn record(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let shift = shift_of(nanos);
        self.counts[(u64::from(shift) * STEPS + (nanos >> shift)) as usize] += 1;
        self.total += 1;
        self.max = self.max.max(nanos);
    }

    /// The duration that the share `quantile` (0 to 1) of all records does not exceed.
    pub fn quantile(&self, quantile: f64) -> Duration {
        let rank = (self.total as f64 * quantile).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(upper_bound(index as u64).min(self.max));
            }
        }
        self.max()
    }

    /// The longest duration, exactly.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

/// How many low bits the bucket of `nanos` drops: none below `2 * STEPS`.
fn shift_of(nanos: u64) -> u32 {
    (nanos | 1).ilog2().saturating_sub(STEPS_LOG2)
}

fn upper_bound(index: u64) -> u64 {
    if index < 2 * STEPS {
        return index;
    }
    let shift = index / STEPS - 1;
    let top = index - shift * STEPS;
    ((top << shift) - 1).saturating_add(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_bucket() {
        let mut histogram = Histogram::new();
        for micros in 1..=10_000 {
            histogram.record(Duration::from_micros(micros));
        }
        for (quantile, micros) in [(0.0, 1.0), (0.5, 5_000.0), (0.99, 9_900.0), (1.0, 10_000.0)] {
            let seen = histogram.quantile(quantile).as_nanos() as f64 / 1_000.0;
            let error = (seen - micros) / micros;
            assert!((0.0..=1.0 / STEPS as f64).contains(&error), "{quantile}: {seen}");
        }
        assert_eq!(histogram.max(), Duration::from_millis(10));
    }

    #[test]
    fn every_duration_has_a_bucket() {
        let mut histogram = Histogram::new();
        for nanos in [0, 1, 63, 64, 65, 127, 128, u64::from(u32::MAX), u64::MAX] {
            let index = u64::from(shift_of(nanos)) * STEPS + (nanos >> shift_of(nanos));
            assert!(upper_bound(index) >= nanos, "{nanos}");
            assert!(index == 0 || upper_bound(index - 1) < nanos, "{nanos}");
            histogram.record(Duration::from_nanos(nanos));
        }
        assert_eq!(histogram.quantile(0.0), Duration::ZERO);
        assert_eq!(histogram.quantile(1.0), Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn nothing_recorded_is_zero() {
        assert_eq!(Histogram::new().quantile(0.5), Duration::ZERO);
    }
}
