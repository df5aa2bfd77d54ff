//! Reads a head: its lines, and the grammar of each.

use super::field::TOKEN;
use super::framing::{Fields, Framing, is_of_framing};
use super::headers::Headers;
use super::lanes::{self, LANES, WIDE};
use super::refusal::Refusal;
use crate::http1::{HEAD_MOST, HEADERS_MOST, Limits, Version};

/// The head of one request, all of which was judged; where it arrived.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    pub(in crate::http1) method: &'a [u8],
    pub(in crate::http1) target: &'a [u8],
    pub(in crate::http1) version: Version,
    pub(in crate::http1) headers: Headers<'a>,
}

/// Room for notes of where the fields of a head begin, so that reading one allocates nothing.
#[derive(Debug)]
pub struct Starts(pub(in crate::http1) [u16; HEADERS_MOST + 1]);

impl Starts {
    /// No notes yet.
    #[inline(always)]
    pub const fn new() -> Self {
        Starts([0; HEADERS_MOST + 1])
    }
}

impl<'a> Head<'a> {
    /// Reads the head that `bytes` begins with, and what it says of framing; none if it is not
    /// whole. It looks at all of it again when it is called again: see
    /// [`Scan`](super::scan::Scan).
    #[inline(always)]
    pub(in crate::http1) fn read(
        bytes: &'a [u8],
        limits: &Limits,
        starts: &'a mut Starts,
    ) -> Result<Option<(Self, Framing)>, Refusal> {
        let found = Found::read(bytes, limits, starts)?;
        Ok(found.map(|found| (found.head(bytes, starts), found.framing)))
    }

    /// How long it is in bytes, its empty line included.
    #[inline]
    pub(in crate::http1) fn size(&self) -> usize {
        self.headers.bytes.len()
    }
}

/// What was read of a head, without the places of its fields.
pub(in crate::http1) struct Found<'a> {
    method: &'a [u8],
    target: &'a [u8],
    version: Version,
    length: usize,
    count: usize,
    pub(in crate::http1) framing: Framing,
}

impl<'a> Found<'a> {
    /// As [`Head::read`].
    #[inline(always)]
    pub(in crate::http1) fn read(
        bytes: &'a [u8],
        limits: &Limits,
        starts: &mut Starts,
    ) -> Result<Option<Self>, Refusal> {
        let mut lines = Lines::new(bytes);
        let Some(end) = lines.end()? else { return Ok(None) };
        let (method, target, version) = request_line(&bytes[..end])?;
        let mut fields = Fields::default();
        let most = limits.headers.min(HEADERS_MOST);
        let read = lines.fields(starts, most, |name, value| fields.note(name, value))?;
        let Some(count) = read else { return Ok(None) };
        let length = lines.at;
        if length > limits.head.min(HEAD_MOST) || !are_short(end, &starts.0[..=count], limits) {
            return Err(Refusal::HeadTooLarge);
        }
        let framing = fields.framing(method, target, version, limits)?;
        Ok(Some(Found { method, target, version, length, count, framing }))
    }

    /// The head, where its fields were noted in `starts`.
    #[inline(always)]
    pub(in crate::http1) fn head(&self, bytes: &'a [u8], starts: &'a Starts) -> Head<'a> {
        let Found { method, target, version, length, count, .. } = *self;
        let headers = Headers { bytes: &bytes[..length], starts: &starts.0[..=count] };
        Head { method, target, version, headers }
    }
}

impl Default for Starts {
    fn default() -> Self {
        Starts::new()
    }
}

/// Goes through lines: each byte is looked at once for what ends one.
pub(in crate::http1) struct Lines<'a> {
    bytes: &'a [u8],
    /// Where the line begins that comes next.
    pub(in crate::http1) at: usize,
    /// The block that `found` is of, by its first byte, and the stops that are left in it.
    block: usize,
    found: u64,
}

impl<'a> Lines<'a> {
    #[inline(always)]
    pub(in crate::http1) fn new(bytes: &'a [u8]) -> Self {
        Lines { bytes, at: 0, block: 0, found: stops_at(bytes, 0) }
    }

    /// Where the next line ends, which is then passed; none if its end has not come.
    #[inline(always)]
    pub(in crate::http1) fn end(&mut self) -> Result<Option<usize>, Refusal> {
        loop {
            if self.found == 0 && !self.next_block() {
                return Ok(None);
            }
            let bit = self.found.trailing_zeros() as usize;
            let here = self.block + bit;
            match self.bytes[here..] {
                [b'\r', b'\n', ..] => {
                    // Both, unless the LF is in the next block.
                    self.found &= (!3u64).wrapping_shl(bit as u32);
                    self.at = here + 2;
                    return Ok(Some(here));
                }
                [b'\t' | 0x80.., ..] => self.found &= self.found - 1,
                _ => return no_end(&self.bytes[here..]),
            }
        }
    }

    /// Goes to the next block that has a stop.
    #[inline(always)]
    fn next_block(&mut self) -> bool {
        while self.found == 0 {
            self.block += WIDE;
            if self.block >= self.bytes.len() {
                return false;
            }
            self.found = stops_at(self.bytes, self.block);
            // The LF of the line before may be the first byte.
            self.found &= !u64::from(self.at > self.block);
        }
        true
    }

    /// Reads fields up to the empty line, and notes where each begins: at most `most`. Says how
    /// many there are, or none if the last has not come.
    #[inline(always)]
    pub(in crate::http1) fn fields(
        &mut self,
        starts: &mut Starts,
        most: usize,
        mut note: impl FnMut(&'a [u8], &'a [u8]) -> Result<(), Refusal>,
    ) -> Result<Option<usize>, Refusal> {
        let mut count = 0;
        loop {
            let start = self.at;
            starts.0[count] = start as u16;
            let line = &self.bytes[start..];
            let name = match line.split_at(name(line)) {
                (name @ [_, ..], [b':', ..]) => name,
                ([], [b'\r', b'\n', ..]) => {
                    self.at = start + 2;
                    return Ok(Some(count));
                }
                (_, [] | [b'\r']) => return Ok(None),
                _ => return Err(Refusal::Malformed),
            };
            if count == most {
                return Err(Refusal::TooManyHeaders);
            }
            let Some(end) = self.end()? else { return Ok(None) };
            if is_of_framing(name) {
                note(name, &self.bytes[start + name.len() + 1..end])?;
            }
            count += 1;
        }
    }
}

/// What ends or spoils a value in the block that begins there, as bits.
#[inline(always)]
fn stops_at(bytes: &[u8], at: usize) -> u64 {
    match bytes[at..].first_chunk() {
        Some(block) => lanes::stops_of_64(block),
        None => stops_of_rest(bytes, at),
    }
}

/// The same where less than a block is left.
#[inline(always)]
fn stops_of_rest(bytes: &[u8], from: usize) -> u64 {
    let (mut bits, mut at) = (0, from);
    while let Some(block) = bytes[at..].first_chunk() {
        bits |= u64::from(lanes::stops(block)) << (at - from);
        at += LANES;
    }
    let last = match bytes.last_chunk() {
        // Of the last whole block, without its first bytes.
        Some(block) => u64::from(lanes::stops(block) >> (at + LANES - bytes.len())),
        None => {
            bytes[at..].iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(is_stop(*byte)))
        }
    };
    bits | last << (at - from)
}

fn is_stop(byte: u8) -> bool {
    !(b' '..0x7f).contains(&byte)
}

/// What it means that a line stops there and does not end.
#[cold]
fn no_end(rest: &[u8]) -> Result<Option<usize>, Refusal> {
    match rest {
        [] | [b'\r'] => Ok(None),
        [b'\r' | b'\n', ..] => Err(Refusal::BareLf),
        _ => Err(Refusal::Malformed),
    }
}

/// The fields of a section that was found to be whole and to have no control byte in a line: those
/// of trailers.
pub(in crate::http1) fn field_lines(section: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    section.split(|byte| *byte == b'\n').filter_map(|line| {
        let line = line.strip_suffix(b"\r")?;
        let (name, rest) = line.split_at(token(line));
        let value = rest.strip_prefix(b":").filter(|_| !name.is_empty())?;
        Some((name, trim(value)))
    })
}

/// Whether no line is longer than it may be: the first one, and those between `starts`.
#[inline(always)]
pub(in crate::http1) fn are_short(first: usize, starts: &[u16], limits: &Limits) -> bool {
    let is_short = |line: &[u16]| usize::from(line[1] - line[0]) <= limits.line.saturating_add(2);
    // Nearly every head is shorter than one line may be.
    starts.last().is_some_and(|last| usize::from(*last) <= limits.line)
        || (first <= limits.line && starts.windows(2).all(is_short))
}

/// Method, target and version. The target is not judged here.
#[inline(always)]
fn request_line(line: &[u8]) -> Result<(&[u8], &[u8], Version), Refusal> {
    let (version, rest) = if let Some(rest) = line.strip_suffix(b" HTTP/1.1") {
        (Version::Http11, rest)
    } else if let Some(rest) = line.strip_suffix(b" HTTP/1.0") {
        (Version::Http10, rest)
    } else {
        return Err(other_version(line));
    };
    if let [b'G', b'E', b'T', b' ', target @ ..] = rest {
        return Ok((&rest[..3], target, version));
    }
    match rest.split_at(token(rest)) {
        ([], _) => Err(Refusal::Malformed),
        (method, [b' ', target @ ..]) => Ok((method, target, version)),
        _ => Err(Refusal::Malformed),
    }
}

/// What a request line without one of our versions is.
#[cold]
fn other_version(line: &[u8]) -> Refusal {
    let word = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    match word {
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() && word.len() < line.len() =>
        {
            Refusal::BadVersion
        }
        _ => Refusal::Malformed,
    }
}

/// How long the name is that `bytes` begins with: a token that a colon ends, or less.
#[inline(always)]
pub(in crate::http1) fn name(bytes: &[u8]) -> usize {
    match bytes.first_chunk().map(lanes::no_letters) {
        Some(found) if found != 0 => {
            let length = found.trailing_zeros() as usize;
            if bytes[length] == b':' { length } else { token(bytes) }
        }
        _ => long_name(bytes),
    }
}

/// The same of a name of at least a block.
#[inline(never)]
fn long_name(bytes: &[u8]) -> usize {
    let (mut rest, mut length) = (bytes, 0);
    while let Some((block, behind)) = rest.split_first_chunk() {
        let found = lanes::no_letters(block);
        if found != 0 {
            length += found.trailing_zeros() as usize;
            return if bytes[length] == b':' { length } else { token(bytes) };
        }
        (rest, length) = (behind, length + LANES);
    }
    token(bytes)
}

/// How long the token is that `bytes` begins with.
pub(in crate::http1) fn token(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !TOKEN[usize::from(*byte)]).unwrap_or(bytes.len())
}

/// Whether a name is that one, which is in small letters, in any case.
///
/// Only for tokens: of them no other byte becomes a small letter or `-` when the bit is set.
#[inline(always)]
pub(in crate::http1) fn is<const N: usize>(name: &[u8], lower: &[u8; N]) -> bool {
    let Ok(name) = <&[u8; N]>::try_from(name) else { return false };
    let differ = |sum, (byte, lower): (&u8, &u8)| sum | ((byte | 0x20) ^ lower);
    name.iter().zip(lower).fold(0, differ) == 0
}

/// A value without the space around it.
#[inline]
pub(in crate::http1) fn trim(value: &[u8]) -> &[u8] {
    // A line holds no other space than this takes.
    value.trim_ascii()
}
