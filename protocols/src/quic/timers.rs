//! When each connection wants to be called: one entry each.

use std::collections::BTreeSet;
use std::time::Instant;

/// Connections by the time for which they are armed.
///
/// A deadline that moves later is left where it is, and moved when it comes up: most of them move
/// later with each packet. So a time here may be too early, never too late.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeSet<(Instant, u32)>);

impl Timers {
    /// Wakes `at` by `deadline`; `armed` is its entry's time, kept by the connection.
    pub(super) fn arm(&mut self, at: u32, armed: &mut Option<Instant>, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return };
        if armed.is_some_and(|armed| armed <= deadline) {
            return;
        }
        self.disarm(at, armed);
        self.0.insert((deadline, at));
        *armed = Some(deadline);
    }

    /// Forgets `at`.
    pub(super) fn disarm(&mut self, at: u32, armed: &mut Option<Instant>) {
        if let Some(time) = armed.take() {
            self.0.remove(&(time, at));
        }
    }

    /// The earliest of them.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(time, _)| *time)
    }

    /// Takes one out whose time has come; its `armed` is to be forgotten.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<u32> {
        self.0.first().filter(|(time, _)| *time <= now)?;
        self.0.pop_first().map(|(_, at)| at)
    }

    /// How many are armed.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_connection_has_one_entry_that_is_never_too_late() {
        #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timers = Timers::default();
        let mut armed = None;
        // Asked for, and what the entry says then.
        for (asked, entry) in
            [(None, None), (Some(9), 9.into()), (Some(30), 9.into()), (None, 9.into())]
        {
            timers.arm(7, &mut armed, asked.map(at));
            assert_eq!((timers.next(), armed), (entry.map(at), entry.map(at)));
        }
        timers.arm(7, &mut armed, Some(at(2)));
        assert_eq!((timers.next(), timers.len()), (Some(at(2)), 1));
        assert_eq!(timers.take_due(at(1)), None);
        assert_eq!(timers.take_due(at(2)), Some(7));
        assert_eq!((timers.next(), timers.len()), (None, 0));
    }

    #[test]
    fn those_that_are_due_come_in_the_order_of_their_times() {
        #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
        let start = Instant::now();
        let mut timers = Timers::default();
        let mut armed = [None; 5];
        for (nth, millis) in [3, 1, 4, 1, 5].into_iter().enumerate() {
            let time = start + Duration::from_millis(millis);
            timers.arm(nth as u32, &mut armed[nth], Some(time));
        }
        timers.disarm(0, &mut armed[0]);
        let due = std::iter::from_fn(|| timers.take_due(start + Duration::from_millis(4)));
        assert_eq!(due.collect::<Vec<_>>(), [1, 3, 2]);
        assert_eq!(timers.len(), 1);
    }
}
