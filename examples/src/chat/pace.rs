//! How much may be said, by one person and in the room as a whole.

use std::time::{Duration, Instant};

/// So many lines at once, and so many a second later on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pace {
    pub(super) at_once: u32,
    pub(super) per_second: u32,
}

/// What whoever is refused a line for it is told.
pub(super) const TOO_FAST: &str = "not so fast";

impl Pace {
    /// Whether one more line is allowed `now`, and until when it counts: each counts for a while,
    /// one after the other. `quiet_at` is when all that was said so far is forgotten.
    pub(super) fn allow(self, quiet_at: Instant, now: Instant) -> Result<Instant, &'static str> {
        let each = Duration::from_secs(1) / self.per_second;
        let quiet_at = quiet_at.max(now) + each;
        if quiet_at > now + each * self.at_once {
            return Err(TOO_FAST);
        }
        Ok(quiet_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_at_once_and_so_many_a_second() {
        let pace = Pace { at_once: 20, per_second: 5 };
        let start = Instant::now();
        let mut quiet_at = start;
        let mut say = |millis: u64| {
            let then = pace.allow(quiet_at, start + Duration::from_millis(millis));
            quiet_at = then.unwrap_or(quiet_at);
            then.is_ok()
        };
        for (at, more) in [(0, 20), (199, 0), (200, 1), (1200, 5), (60_000, 20)] {
            assert_eq!((0..30).filter(|_| say(at)).count(), more, "at {at} ms");
        }
    }
}
