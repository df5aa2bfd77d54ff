//! Where a head ends that comes in pieces: each byte is looked at once.

use super::refusal::Refusal;
use crate::http1::{HEAD_MOST, HEADERS_MOST, Limits};

/// How far a head was looked through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) struct Scan {
    searched: u16,
    /// Where the last line begins, and how many are before it.
    line: u16,
    lines: u16,
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
        limits: &Limits,
    ) -> Result<Option<usize>, Refusal> {
        let (mut line, mut lines) = (usize::from(self.line), usize::from(self.lines));
        let (line_most, head_most) = (limits.line, limits.head.min(HEAD_MOST));
        let mut searched = usize::from(self.searched);
        loop {
            let here = searched + before_control(&bytes[searched..]);
            let is_long = here - line > line_most;
            match bytes[here..] {
                [b'\r', b'\n', ..] if is_long || here + 2 > head_most => {
                    return Err(too_long(line, limits));
                }
                [b'\r', b'\n', ..] if here == line => return Ok(Some(here + 2)),
                // The first line is the request's.
                [b'\r', b'\n', ..] if lines > limits.headers.min(HEADERS_MOST) => {
                    return Err(Refusal::TooManyHeaders);
                }
                [b'\r', b'\n', ..] => {
                    searched = here + 2;
                    (line, lines) = (searched, lines + 1);
                }
                [b'\t', ..] => searched = here + 1,
                // All was looked at; a CR may be the half of a line's end.
                [] | [b'\r'] => {
                    if is_long || bytes.len() >= head_most {
                        return Err(too_long(line, limits));
                    }
                    // None is past the limit of the head, which fits.
                    let fit = |n: usize| n as u16;
                    *self = Scan { searched: fit(here), line: fit(line), lines: fit(lines) };
                    return Ok(None);
                }
                [..] if is_long || here >= head_most => return Err(too_long(line, limits)),
                [b'\r' | b'\n', ..] => return Err(Refusal::BareLf),
                [..] => return Err(Refusal::Malformed),
            }
        }
    }
}

/// How many bytes are before the first control byte.
#[inline(always)]
pub(in crate::http1) fn before_control(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((block, behind)) = rest.split_first_chunk::<16>() {
        if has_controls(block) {
            break;
        }
        rest = behind;
    }
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let found = controls(*word);
        if found != 0 {
            return bytes.len() - rest.len() + (found.trailing_zeros() / 8) as usize;
        }
        rest = behind;
    }
    let found = rest.iter().position(u8::is_ascii_control).unwrap_or(rest.len());
    bytes.len() - rest.len() + found
}

/// Whether there is a control byte: the compiler makes one comparison of it.
#[inline(always)]
fn has_controls(block: &[u8; 16]) -> bool {
    block.iter().fold(false, |any, byte| any | (*byte < 0x20) | (*byte == 0x7f))
}

/// A one in each byte.
pub(in crate::http1) const ONES: u64 = u64::MAX / 0xff;

/// The top bit of each control byte, and of some others behind one.
#[inline(always)]
fn controls(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    let below_space = word.wrapping_sub(ONES * 0x20);
    let is_del = (word ^ (ONES * 0x7f)).wrapping_sub(ONES);
    (below_space | is_del) & !word & (ONES * 0x80)
}

/// Which limit a line that begins there passes first.
#[cold]
fn too_long(line: usize, limits: &Limits) -> Refusal {
    if line == 0 {
        Refusal::TargetTooLong
    } else if line.saturating_add(limits.line).saturating_add(2) <= limits.head.min(HEAD_MOST) {
        Refusal::HeaderTooLong
    } else {
        Refusal::HeadTooLarge
    }
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
            let found = scan.find(&bytes, &Limits::DEFAULT);
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
