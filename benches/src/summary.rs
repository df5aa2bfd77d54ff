//! What one run of a load generator found, in words and in JSON.

use std::fmt;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::results::Percentiles;

/// The result of one run of a load generator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Units in all: those that opened the connections and those of the warm-up included.
    pub round_trips: u64,
    /// Units that were done in the timed part.
    pub timed: u64,
    /// How long the timed part was.
    pub seconds: f64,
    /// The one divided by the other; 0 where nothing was timed.
    pub per_second: f64,
    /// Latencies of the timed part, rising: nanoseconds and how often.
    ///
    /// In a closed loop those of the units that ended in it; in an open loop those of the units
    /// that should have begun in it, since they should have, and whether they ended or not.
    pub latencies: Vec<(u64, u64)>,
    /// Open loop: the same since the units were really sent. Otherwise empty.
    pub sent_latencies: Vec<(u64, u64)>,
    /// CPU time of the generator in the timed part.
    pub generator_cpu_seconds: f64,
    /// CPU time of the server in it, where its process was told.
    pub server_cpu_seconds: Option<f64>,
    /// Context switches of the server in it, where its process was told.
    pub server_switches: Option<u64>,
    /// Datagrams that were sent again, since no answer came.
    #[serde(default)]
    pub lost: u64,
}

impl Summary {
    /// One line of JSON.
    ///
    /// # Errors
    /// Never with numbers that a run can find.
    pub fn to_json(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(Failure::failed)
    }

    /// Reads what [`Summary::to_json`] wrote.
    ///
    /// # Errors
    /// Where `line` is anything else.
    pub fn from_json(line: &str) -> Result<Self, Failure> {
        serde_json::from_str(line).map_err(|error| not_json(line, &error))
    }

    /// CPU time of the server for each timed unit, in microseconds, where its process was told.
    pub fn cpu_us(&self) -> Option<f64> {
        Some(self.server_cpu_seconds? * 1e6 / self.timed.max(1) as f64)
    }

    /// Of [`latencies`](Self::latencies).
    pub fn percentiles(&self) -> Percentiles {
        percentiles(&self.latencies)
    }

    /// Of [`sent_latencies`](Self::sent_latencies); all 0 in a closed loop.
    pub fn sent_percentiles(&self) -> Percentiles {
        percentiles(&self.sent_latencies)
    }
}

/// What a histogram of nanoseconds holds, rising, and how often.
pub fn recorded(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
    let steps = histogram.iter_recorded();
    steps.map(|step| (step.value_iterated_to(), step.count_at_value())).collect()
}

/// The same latencies in steps of about 1 %, as a curve needs them: a hundredth of the room.
pub fn in_steps(latencies: impl IntoIterator<Item = (u64, u64)>) -> Vec<(u64, u64)> {
    let mut steps: Vec<(u64, u64)> = Vec::new();
    let mut begun = 0;
    for (nanos, count) in latencies {
        match steps.last_mut() {
            // What is merged has the longest of its latencies, so that none is made shorter.
            Some(last) if nanos - begun <= begun / 100 => *last = (nanos, last.1 + count),
            _ => {
                begun = nanos;
                steps.push((nanos, count));
            }
        }
    }
    steps
}

/// The percentiles of latencies that rise, nanoseconds and how often; all 0 where there are none.
pub fn percentiles(latencies: &[(u64, u64)]) -> Percentiles {
    let total: u64 = latencies.iter().map(|(_, count)| count).sum();
    let at = |quantile: f64| {
        let rank = (total as f64 * quantile).ceil().max(1.0) as u64;
        let mut seen = 0;
        let found = latencies.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        found.map_or(0.0, |(nanos, _)| *nanos as f64 / 1_000.0)
    };
    Percentiles {
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        p999: at(0.999),
        p9999: at(0.9999),
        max: at(1.0),
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Percentiles { p50, p99, p999, p9999, max, .. } = self.percentiles();
        write!(
            f,
            "{} round trips, {:.0} per second, latency p50 {p50:.0} us, p99 {p99:.0} us, \
             p99.9 {p999:.0} us, p99.99 {p9999:.0} us, max {max:.0} us",
            self.round_trips, self.per_second
        )
    }
}

fn not_json(line: &str, error: &serde_json::Error) -> Failure {
    Failure::failed(format!("a load generator said {line:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_back() {
        let summary = Summary {
            round_trips: 12_000,
            timed: 3,
            seconds: 0.5,
            per_second: 6.0,
            latencies: vec![(601, 2), (1_500, 1)],
            sent_latencies: Vec::new(),
            generator_cpu_seconds: 0.25,
            server_cpu_seconds: Some(0.125),
            server_switches: None,
            lost: 0,
        };
        let json = concat!(
            r#"{"round_trips":12000,"timed":3,"seconds":0.5,"per_second":6.0,"#,
            r#""latencies":[[601,2],[1500,1]],"sent_latencies":[],"#,
            r#""generator_cpu_seconds":0.25,"server_cpu_seconds":0.125,"#,
            r#""server_switches":null,"lost":0}"#,
        );
        assert_eq!(summary.to_json().ok().as_deref(), Some(json));
        assert!(matches!(Summary::from_json(json), Ok(read) if read == summary));
        assert!(Summary::from_json("{}").is_err());
    }

    #[test]
    fn steps_keep_every_count_and_shorten_nothing() {
        for (latencies, expected) in [
            (vec![], vec![]),
            (vec![(0, 2), (1, 1)], vec![(0, 2), (1, 1)]),
            (vec![(1_000, 1), (1_005, 2), (1_010, 3)], vec![(1_010, 6)]),
            (vec![(1_000, 1), (1_010, 1), (1_011, 1)], vec![(1_010, 2), (1_011, 1)]),
        ] {
            assert_eq!(in_steps(latencies), expected);
        }
    }

    #[test]
    fn percentiles_are_ranks() {
        let all = |micros: f64| Percentiles {
            p50: micros,
            p90: micros,
            p99: micros,
            p999: micros,
            p9999: micros,
            max: micros,
        };
        let even: Vec<(u64, u64)> = (1..=10_000).map(|micros| (micros * 1_000, 1)).collect();
        for (latencies, expected) in [
            (vec![], all(0.0)),
            (vec![(0, 7)], all(0.0)),
            (vec![(2_000, 1)], all(2.0)),
            (vec![(1_000, 1), (2_000, 1)], Percentiles { p50: 1.0, ..all(2.0) }),
            (
                vec![(1_000, 99), (9_000, 1)],
                Percentiles { p999: 9.0, p9999: 9.0, max: 9.0, ..all(1.0) },
            ),
            (
                even,
                Percentiles {
                    p50: 5_000.0,
                    p90: 9_000.0,
                    p99: 9_900.0,
                    p999: 9_990.0,
                    p9999: 9_999.0,
                    max: 10_000.0,
                },
            ),
        ] {
            assert_eq!(percentiles(&latencies), expected);
        }
    }
}
