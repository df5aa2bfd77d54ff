//! Where a head ends that comes in pieces: each byte is looked at once.

use super::lanes::{LANES, stops};
use super::refusal::Refusal;
use crate::http1::{HEAD_MOST, HEADERS_MOST, Limits, TRAILERS_MOST};

/// How far a head was looked through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) struct Scan {
    searched: u16,
    /// Where the last line begins, and how many are before it.
    line: u16,
    lines: u16,
}

/// How much is looked through.
#[derive(Clone, Copy, Debug)]
pub(in crate::http1) struct Bounds {
    line: usize,
    all: usize,
    lines: usize,
    part: Part,
}

/// What is looked through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Head,
    Trailers,
}

impl Bounds {
    /// Those of a head, whose first line is none of its fields.
    pub(in crate::http1) fn head(limits: &Limits) -> Self {
        let lines = limits.headers.min(HEADERS_MOST) + 1;
        Bounds { line: limits.line, all: limits.head.min(HEAD_MOST), lines, part: Part::Head }
    }

    /// Those of a trailer section.
    pub(in crate::http1) fn trailers(limits: &Limits) -> Self {
        let lines = limits.trailer_fields.min(HEADERS_MOST);
        let all = limits.trailers.min(TRAILERS_MOST);
        Bounds { line: limits.line, all, lines, part: Part::Trailers }
    }

    fn too_many(&self) -> Refusal {
        match self.part {
            Part::Head => Refusal::TooManyHeaders,
            Part::Trailers => Refusal::TrailersTooLarge,
        }
    }

    /// Which limit a line that begins there passes first.
    #[cold]
    fn too_long(&self, line: usize) -> Refusal {
        match self.part {
            Part::Trailers => Refusal::TrailersTooLarge,
            Part::Head if line == 0 => Refusal::TargetTooLong,
            Part::Head if line.saturating_add(self.line).saturating_add(2) <= self.all => {
                Refusal::HeaderTooLong
            }
            Part::Head => Refusal::HeadTooLarge,
        }
    }
}

impl Scan {
    /// Nothing was looked at.
    pub(in crate::http1) const fn new() -> Self {
        Scan { searched: 0, line: 0, lines: 0 }
    }

    /// Whether nothing was looked at.
    #[inline]
    pub(in crate::http1) fn is_new(&self) -> bool {
        self.searched == 0
    }

    /// The length of the head that `bytes` begins with, its empty line included; none while it is
    /// not whole.
    ///
    /// Every line of it ends with CRLF, and it holds no other control byte but tabs. What is
    /// refused does not depend on how much is there: each byte is judged in its turn.
    pub(in crate::http1) fn find(
        &mut self,
        bytes: &[u8],
        bounds: &Bounds,
    ) -> Result<Option<usize>, Refusal> {
        let (mut line, mut lines) = (usize::from(self.line), usize::from(self.lines));
        let (line_most, all_most) = (bounds.line, bounds.all);
        let mut searched = usize::from(self.searched);
        loop {
            let here = searched + before_control(&bytes[searched..]);
            let is_long = here - line > line_most;
            match bytes[here..] {
                [b'\r', b'\n', ..] if is_long || here + 2 > all_most => {
                    return Err(bounds.too_long(line));
                }
                [b'\r', b'\n', ..] if here == line => return Ok(Some(here + 2)),
                [b'\r', b'\n', ..] if lines >= bounds.lines => return Err(bounds.too_many()),
                [b'\r', b'\n', ..] => {
                    searched = here + 2;
                    (line, lines) = (searched, lines + 1);
                }
                [b'\t', ..] => searched = here + 1,
                // All was looked at; a CR may be the half of a line's end.
                [] | [b'\r'] => {
                    if is_long || bytes.len() >= all_most {
                        return Err(bounds.too_long(line));
                    }
                    // None is past the limit of the head, which fits.
                    let fit = |n: usize| n as u16;
                    *self = Scan { searched: fit(here), line: fit(line), lines: fit(lines) };
                    return Ok(None);
                }
                [..] if is_long || here >= all_most => return Err(bounds.too_long(line)),
                [b'\r' | b'\n', ..] => return Err(Refusal::BareLf),
                [..] => return Err(Refusal::Malformed),
            }
        }
    }
}

/// How many bytes are before the first control byte.
#[inline]
fn before_control(bytes: &[u8]) -> usize {
    let (mut rest, mut at) = (bytes, 0);
    while let Some((block, behind)) = rest.split_first_chunk() {
        if stops(block) != 0
            && let Some(found) = block.iter().position(u8::is_ascii_control)
        {
            return at + found;
        }
        (rest, at) = (behind, at + LANES);
    }
    at + rest.iter().position(u8::is_ascii_control).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A head of that many bytes, of lines as long as they may be.
    fn head(length: usize) -> Vec<u8> {
        let mut head = vec![b'a'; length];
        for end in (2..length).step_by(8000).chain([length - 2]) {
            head[end..end + 2].copy_from_slice(b"\r\n");
        }
        head[length - 4..].copy_from_slice(b"\r\n\r\n");
        head
    }

    #[test]
    fn a_byte_that_was_looked_at_is_not_looked_at_again() {
        // C14: what was seen is spoilt before the next byte comes. Only a CR waits for its LF.
        let head = head(Limits::HEAD);
        let (mut scan, mut bytes) = (Scan::new(), Vec::new());
        for (at, byte) in head.iter().enumerate() {
            bytes.push(*byte);
            let is_last = at + 1 == head.len();
            let found = scan.find(&bytes, &Bounds::head(&Limits::DEFAULT));
            assert_eq!(found, Ok(is_last.then_some(head.len())), "at {at}");
            let searched = usize::from(scan.searched);
            assert!(is_last || searched == at + usize::from(*byte != b'\r'));
            bytes[..searched].fill(b'\n');
        }
    }

    #[test]
    fn the_first_control_byte_is_found_wherever_it_is() {
        for byte in (0..=u8::MAX).filter(u8::is_ascii_control) {
            for length in 0..40 {
                for other in [b' ', b'~', 0x80, 0xff] {
                    let mut bytes = vec![other; length];
                    assert_eq!(before_control(&bytes), length);
                    for at in 0..length {
                        bytes[at..].fill(byte);
                        assert_eq!(before_control(&bytes), at, "{byte:#04x} in {length}");
                        bytes[at] = other;
                    }
                }
            }
        }
    }
}
