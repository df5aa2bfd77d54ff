//! Byte ranges (RFC 9110, section 14).

use std::fmt;
use std::ops::Range;

/// The most ranges that one answer has; a request for more gets the whole file.
pub const RANGES_MOST: usize = 8;

/// Several ranges of one file: in ascending order, none within or against another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ranges {
    list: [(u64, u64); RANGES_MOST],
    n: u8,
}

/// What a `range` field asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    /// All of it: the field is not understood, or asks for more than is given.
    Whole,
    /// That part.
    Part(Range<u64>),
    /// Those parts, at least two.
    Parts(Ranges),
    /// Nothing that is there.
    Nothing,
}

impl Ranges {
    /// How many there are.
    pub fn len(&self) -> usize {
        usize::from(self.n)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// One of them.
    pub fn nth(&self, nth: usize) -> Option<Range<u64>> {
        self.list[..self.len()].get(nth).map(|(start, end)| *start..*end)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.list[..self.len()].iter().map(|(start, end)| *start..*end)
    }

    /// Adds one; says whether it comes after the others and there is room.
    fn push(&mut self, range: &Range<u64>) -> bool {
        let after = self.nth(self.len().wrapping_sub(1)).map_or(0, |last| last.end);
        if self.len() == RANGES_MOST || range.start < after {
            return false;
        }
        self.list[self.len()] = (range.start, range.end);
        self.n += 1;
        true
    }
}

impl fmt::Debug for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// One entry of a list of ranges, beside a file.
enum Entry {
    There(Range<u64>),
    /// Past its end.
    Past,
}

/// Reads a `range` field for a file of `length` bytes. No more of a list is read than what could
/// be answered, so a list of thousands costs no more than one of eight.
pub(super) fn read(value: &[u8], length: u64) -> Wanted {
    let list = match value.split_at_checked(b"bytes=".len()) {
        Some((unit, list)) if unit.eq_ignore_ascii_case(b"bytes=") => list,
        _ => return Wanted::Whole,
    };
    let mut there = Ranges { list: [(0, 0); RANGES_MOST], n: 0 };
    let (mut asked, mut items) = (0, 0);
    for item in list.split(|byte| *byte == b',') {
        items += 1;
        let item = item.trim_ascii();
        if item.is_empty() && items <= 2 * RANGES_MOST {
            continue;
        }
        asked += 1;
        if asked > RANGES_MOST {
            return Wanted::Whole;
        }
        match entry(item, length) {
            None => return Wanted::Whole,
            Some(Entry::Past) => {}
            Some(Entry::There(range)) if there.push(&range) => {}
            Some(Entry::There(_)) => return Wanted::Whole,
        }
    }
    match (asked, there.nth(0)) {
        (0, _) => Wanted::Whole,
        (_, None) => Wanted::Nothing,
        // A part that is empty has no `content-range`: only the end of an empty file is one.
        (_, Some(range)) if range.is_empty() => Wanted::Whole,
        (_, Some(range)) if there.len() == 1 => Wanted::Part(range),
        _ => Wanted::Parts(there),
    }
}

/// `first-last`, `first-` or `-suffix`; none if it is neither.
fn entry(item: &[u8], length: u64) -> Option<Entry> {
    let hyphen = item.iter().position(|byte| *byte == b'-')?;
    let (first, last) = (&item[..hyphen], &item[hyphen + 1..]);
    if first.is_empty() {
        return match number(last)? {
            0 => Some(Entry::Past),
            suffix => Some(Entry::There(length.saturating_sub(suffix)..length)),
        };
    }
    let first = number(first)?;
    let end = match last {
        b"" => length,
        last => {
            let last = number(last)?;
            if last < first {
                return None;
            }
            last.saturating_add(1).min(length)
        }
    };
    Some(if first < length { Entry::There(first..end) } else { Entry::Past })
}

/// Digits alone; more than fit are the largest number, which is past every file.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        Some(value.saturating_mul(10).saturating_add(digit))
    })
}
