//! What became of clients that never end the heads of their requests.

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::spread::Spread;

/// The result of one run of `slow_heads`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slow {
    /// How many there were.
    pub opened: u64,
    /// Those that the server has ended.
    pub gone: u64,
    /// Those among them that were told so by a 408.
    pub told: u64,
    /// The shortest time from a connection to its end, in seconds.
    pub shortest: f64,
    /// The middle one.
    pub median: f64,
    /// The longest.
    pub longest: f64,
}

impl Slow {
    /// Of the lives of those that are gone, in seconds.
    pub fn of(opened: u64, told: u64, lives: &[f64]) -> Self {
        let gone = lives.len() as u64;
        let spread = Spread::of(lives).unwrap_or(Spread { median: 0.0, min: 0.0, max: 0.0 });
        let Spread { median, min: shortest, max: longest } = spread;
        Self { opened, gone, told, shortest, median, longest }
    }

    /// How far the life that is furthest from `limit` is from it, in seconds.
    pub fn furthest(&self, limit: f64) -> f64 {
        (self.shortest - limit).abs().max((self.longest - limit).abs())
    }

    /// One line of JSON.
    ///
    /// # Errors
    /// Never with times that a run can find.
    pub fn to_json(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(Failure::failed)
    }

    /// Reads what [`Slow::to_json`] wrote.
    ///
    /// # Errors
    /// Where `line` is anything else.
    pub fn from_json(line: &str) -> Result<Self, Failure> {
        serde_json::from_str(line)
            .map_err(|error| Failure::failed(format!("slow_heads said {line:?}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_furthest_is_on_either_side() {
        for (lives, furthest) in
            [(&[10.0][..], 0.0), (&[9.5, 10.25], 0.5), (&[9.75, 10.5, 10.0], 0.5), (&[], 10.0)]
        {
            let slow = Slow::of(3, 0, lives);
            assert_eq!((slow.furthest(10.0), slow.gone), (furthest, lives.len() as u64));
            let read = slow.to_json().and_then(|json| Slow::from_json(&json));
            assert!(matches!(read, Ok(read) if read == slow));
        }
    }
}
