//! Where a head and each of its lines end: however it is cut, it is looked through once as it comes
//! and once more when it is whole.

use super::refusal::Refusal;
use super::{HEAD_MOST, HEADERS_MOST, Limits};

/// Where the lines of one head begin.
#[derive(Debug)]
pub(super) struct Lines {
    starts: [u16; Lines::MOST],
    count: usize,
}

impl Lines {
    /// Request line, headers, and the empty line.
    const MOST: usize = HEADERS_MOST + 2;

    #[inline]
    pub(super) const fn new() -> Self {
        Lines { starts: [0; Lines::MOST], count: 0 }
    }

    /// The first line of `head`, without its end.
    #[inline]
    pub(super) fn first<'a>(&self, head: &'a [u8]) -> &'a [u8] {
        between(head, &self.starts[..self.count]).next().unwrap_or_default()
    }

    /// The others, without the empty one.
    #[inline]
    pub(super) fn others<'a>(&'a self, head: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        between(head, self.starts[..self.count].get(1..).unwrap_or_default())
    }
}

#[inline]
fn between<'a, 'b>(
    head: &'a [u8],
    starts: &'b [u16],
) -> impl Iterator<Item = &'a [u8]> + use<'a, 'b> {
    starts.windows(2).map(|line| &head[usize::from(line[0])..usize::from(line[1]) - 2])
}

/// How far a head was looked through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Scan {
    searched: u16,
    /// Where the last line begins, and how many are before it.
    line: u16,
    lines: u16,
}

impl Scan {
    /// Nothing was looked at.
    pub(super) const fn new() -> Self {
        Scan { searched: 0, line: 0, lines: 0 }
    }

    /// The length of the head that `bytes` begins with, its empty line included; none while it is
    /// not whole.
    ///
    /// Every line of it ends with CRLF, and it holds no other control byte but tabs. What is
    /// refused does not depend on how much is there: each byte is judged in its turn.
    #[inline]
    pub(super) fn find(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        lines: &mut Lines,
    ) -> Result<Option<usize>, Refusal> {
        let is_fresh = self.searched == 0;
        match self.go_on(bytes, limits, lines)? {
            Some(end) if !is_fresh => {
                // What was found in earlier calls was not kept.
                *self = Scan::new();
                self.go_on(&bytes[..end], limits, lines)
            }
            found => Ok(found),
        }
    }

    fn go_on(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        lines: &mut Lines,
    ) -> Result<Option<usize>, Refusal> {
        let (mut line, mut count) = (usize::from(self.line), usize::from(self.lines));
        let (line_most, head_most) = (limits.line, limits.head.min(HEAD_MOST));
        let mut searched = usize::from(self.searched);
        loop {
            let here = searched + before_control(&bytes[searched..]);
            let is_long = here - line > line_most;
            match bytes[here..] {
                [b'\r', b'\n', ..] => {
                    if is_long || here + 2 > head_most {
                        return Err(too_long(line, limits));
                    }
                    lines.starts[count] = line as u16;
                    count += 1;
                    searched = here + 2;
                    if here == line {
                        lines.count = count;
                        return Ok(Some(searched));
                    }
                    // The first line is the request's.
                    if count - 1 > limits.headers.min(HEADERS_MOST) {
                        return Err(Refusal::TooManyHeaders);
                    }
                    line = searched;
                }
                [b'\t', ..] => searched = here + 1,
                // All was looked at; a CR may be the half of a line's end.
                [] | [b'\r'] => {
                    if is_long || bytes.len() >= head_most {
                        return Err(too_long(line, limits));
                    }
                    // None is past the limit of the head, which fits.
                    (self.searched, self.line, self.lines) =
                        (here as u16, line as u16, count as u16);
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
fn before_control(bytes: &[u8]) -> usize {
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
pub(super) const ONES: u64 = u64::MAX / 0xff;

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
