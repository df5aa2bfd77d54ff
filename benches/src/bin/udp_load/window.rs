//! What is under way on one socket, and how its echoes are judged.

use std::time::{Duration, Instant};

use readily_benches::pattern::Pattern;

/// Bytes of the number at the beginning of a datagram.
const NUMBER: usize = size_of::<u64>();

/// The datagrams of one socket that have no echo yet: at most one in each slot.
pub(crate) struct Window {
    /// Which socket it is.
    index: usize,
    slots: Vec<Slot>,
}

/// Numbers of a slot are its own: they differ by the number of slots.
struct Slot {
    /// Of the datagram under way, or of the last one.
    number: u64,
    waits: bool,
    /// When it was sent first.
    begun: Instant,
    /// When it was sent last.
    sent: Instant,
}

/// What a datagram turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The echo that this slot waited for; it was sent first at that time.
    Echo(usize, Instant),
    /// An echo once more.
    Again,
}

impl Window {
    pub(crate) fn new(index: usize, slots: usize, now: Instant) -> Self {
        let slots =
            (0..slots as u64).map(|number| Slot { number, waits: false, begun: now, sent: now });
        Self { index, slots: slots.collect() }
    }

    /// The next datagram of a slot begins, which waits for nothing; it is written to `out`.
    pub(crate) fn begin(&mut self, slot: usize, now: Instant, pattern: &Pattern, out: &mut [u8]) {
        let step = self.slots.len() as u64;
        let under_way = &mut self.slots[slot];
        let number = under_way.number + step;
        *under_way = Slot { number, waits: true, begun: now, sent: now };
        write(self.index, number, pattern, out);
    }

    /// The first slot whose datagram was sent at least `limit` ago; its datagram is written to
    /// `out`, to be sent again.
    pub(crate) fn overdue(
        &mut self,
        limit: Duration,
        now: Instant,
        pattern: &Pattern,
        out: &mut [u8],
    ) -> bool {
        let late =
            |slot: &&mut Slot| slot.waits && now.saturating_duration_since(slot.sent) >= limit;
        let Some(slot) = self.slots.iter_mut().find(late) else { return false };
        slot.sent = now;
        write(self.index, slot.number, pattern, out);
        true
    }

    /// Judges every byte of a datagram that came.
    pub(crate) fn hear(&mut self, datagram: &[u8], pattern: &Pattern) -> Result<Heard, String> {
        let Some((number, rest)) = datagram.split_first_chunk() else {
            return Err(format!("a datagram of {} B", datagram.len()));
        };
        let number = u64::from_le_bytes(*number);
        let slots = self.slots.len() as u64;
        let at = (number % slots) as usize;
        let slot = &mut self.slots[at];
        if number > slot.number || number < slots {
            return Err(format!("a datagram with number {number} that nobody sent"));
        }
        let expected = &pattern.message(self.index, number)[NUMBER..];
        if rest.len() != expected.len() {
            let (got, wanted) = (datagram.len(), expected.len() + NUMBER);
            return Err(format!("datagram {number} has {got} B instead of {wanted}"));
        }
        if let Some(wrong) = rest.iter().zip(expected).position(|(got, want)| got != want) {
            return Err(format!("datagram {number}: wrong byte at {}", wrong + NUMBER));
        }
        if !slot.waits || number < slot.number {
            return Ok(Heard::Again);
        }
        slot.waits = false;
        Ok(Heard::Echo(at, slot.begun))
    }
}

fn write(index: usize, number: u64, pattern: &Pattern, out: &mut [u8]) {
    out.copy_from_slice(pattern.message(index, number));
    out[..NUMBER].copy_from_slice(&number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 32;

    #[test]
    fn echoes_are_known_in_any_order_and_once() {
        let (pattern, now) = (Pattern::new(SIZE), Instant::now());
        let mut window = Window::new(3, 2, now);
        let mut sent = [[0; SIZE]; 3];
        window.begin(0, now, &pattern, &mut sent[0]);
        window.begin(1, now, &pattern, &mut sent[1]);
        assert_eq!(window.hear(&sent[1], &pattern), Ok(Heard::Echo(1, now)));
        assert_eq!(window.hear(&sent[1], &pattern), Ok(Heard::Again));
        window.begin(1, now, &pattern, &mut sent[2]);
        assert_eq!(window.hear(&sent[0], &pattern), Ok(Heard::Echo(0, now)));
        assert_eq!(window.hear(&sent[1], &pattern), Ok(Heard::Again));
        assert_eq!(window.hear(&sent[2], &pattern), Ok(Heard::Echo(1, now)));
    }

    #[test]
    fn what_is_late_is_sent_again_as_it_was() {
        let (pattern, now) = (Pattern::new(SIZE), Instant::now());
        let limit = Duration::from_millis(200);
        let mut window = Window::new(0, 1, now);
        let (mut first, mut again) = ([0; SIZE], [0; SIZE]);
        assert!(!window.overdue(limit, now + limit, &pattern, &mut again), "nothing waits");
        window.begin(0, now, &pattern, &mut first);
        for (after, late) in [(199, false), (200, true), (399, false), (400, true)] {
            let now = now + Duration::from_millis(after);
            assert_eq!(window.overdue(limit, now, &pattern, &mut again), late, "{after}");
        }
        assert_eq!(first, again);
        assert_eq!(window.hear(&again, &pattern), Ok(Heard::Echo(0, now)));
        assert!(!window.overdue(limit, now + 9 * limit, &pattern, &mut again), "it was heard");
    }

    #[test]
    fn wrong_datagrams_are_told() {
        let (pattern, now) = (Pattern::new(SIZE), Instant::now());
        let mut window = Window::new(0, 1, now);
        let mut sent = [0; SIZE];
        window.begin(0, now, &pattern, &mut sent);
        let with = |at: usize| {
            let mut datagram = sent;
            datagram[at] ^= 2;
            datagram
        };
        for (datagram, expected) in [
            (&sent[..7], "a datagram of 7 B"),
            (&sent[..8], "datagram 1 has 8 B instead of 32"),
            (&sent[..31], "datagram 1 has 31 B instead of 32"),
            (&[&sent[..], &[0]].concat(), "datagram 1 has 33 B instead of 32"),
            (&with(0), "a datagram with number 3 that nobody sent"),
            (&[0; SIZE], "a datagram with number 0 that nobody sent"),
            (&with(8), "datagram 1: wrong byte at 8"),
            (&with(31), "datagram 1: wrong byte at 31"),
        ] {
            assert_eq!(window.hear(datagram, &pattern), Err(expected.to_owned()));
        }
    }
}
