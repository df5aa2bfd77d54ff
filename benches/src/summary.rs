//! What one run of a load generator found, in words and in JSON.

use std::fmt;

use crate::failure::Failure;

/// The result of one run of `load`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Round trips in all, the first one of each connection included.
    pub round_trips: u64,
    /// Round trips per second once all connections were open; 0 where there were none.
    pub per_second: f64,
    /// Latency that half of those round trips did not exceed, in microseconds.
    pub p50_us: f64,
    /// Latency that 99 in 100 did not exceed, in microseconds.
    pub p99_us: f64,
    /// The longest, in microseconds.
    pub max_us: f64,
}

impl Summary {
    /// One line of JSON.
    pub fn to_json(self) -> String {
        let fields = self.fields().map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", fields.join(","))
    }

    /// Reads what [`Summary::to_json`] wrote.
    pub fn from_json(line: &str) -> Result<Self, Failure> {
        Ok(Self {
            round_trips: number(line, "round_trips")? as u64,
            per_second: number(line, "per_second")?,
            p50_us: number(line, "p50_us")?,
            p99_us: number(line, "p99_us")?,
            max_us: number(line, "max_us")?,
        })
    }

    fn fields(self) -> [(&'static str, f64); 5] {
        [
            ("round_trips", self.round_trips as f64),
            ("per_second", self.per_second),
            ("p50_us", self.p50_us),
            ("p99_us", self.p99_us),
            ("max_us", self.max_us),
        ]
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} round trips, {:.0} per second, latency p50 {:.0} us, p99 {:.0} us, max {:.0} us",
            self.round_trips, self.per_second, self.p50_us, self.p99_us, self.max_us
        )
    }
}

/// What one run of `quic_load` has moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transfer {
    /// Bytes that went to the server and came back.
    pub bytes: u64,
    /// From the first byte sent to the last one received.
    pub seconds: f64,
}

impl Transfer {
    /// One line of JSON.
    pub fn to_json(self) -> String {
        format!("{{\"bytes\":{},\"seconds\":{}}}", self.bytes, self.seconds)
    }

    /// Reads what [`Transfer::to_json`] wrote.
    pub fn from_json(line: &str) -> Result<Self, Failure> {
        Ok(Self { bytes: number(line, "bytes")? as u64, seconds: number(line, "seconds")? })
    }
}

impl fmt::Display for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = self.bytes as f64 / f64::from(1 << 20);
        let rate = mib / self.seconds;
        write!(f, "{mib:.1} MiB echoed in {:.3} s, {rate:.1} MiB per second", self.seconds)
    }
}

fn number(line: &str, name: &str) -> Result<f64, Failure> {
    let from = line.split_once(&format!("\"{name}\":")).map(|(_, from)| from);
    let text = from.and_then(|from| from.split([',', '}']).next());
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| Failure::failed(format!("no {name} in {line:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_back() {
        let summary = Summary {
            round_trips: 12_000,
            per_second: 81_234.5,
            p50_us: 601.25,
            p99_us: 1_500.0,
            max_us: 0.0,
        };
        let json = summary.to_json();
        assert_eq!(
            json,
            r#"{"round_trips":12000,"per_second":81234.5,"p50_us":601.25,"p99_us":1500,"max_us":0}"#
        );
        assert!(matches!(Summary::from_json(&json), Ok(read) if read == summary));
        assert!(Summary::from_json("{}").is_err());
        let transfer = Transfer { bytes: 1 << 28, seconds: 1.25 };
        assert!(matches!(Transfer::from_json(&transfer.to_json()), Ok(read) if read == transfer));
        assert_eq!(transfer.to_string(), "256.0 MiB echoed in 1.250 s, 204.8 MiB per second");
    }
}
