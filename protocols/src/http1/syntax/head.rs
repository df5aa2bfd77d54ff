//! Reads a head: its lines, and the grammar of each.

use super::field::TOKEN;
use super::framing::{Fields, Framing};
use super::refusal::Refusal;
use super::scan::{ONES, before_control};
use crate::http1::{HEAD_MOST, HEADERS_MOST, Limits, Version};

/// One head, all of which was judged.
#[derive(Clone, Copy, Debug)]
pub(in crate::http1) struct Head<'a> {
    pub(in crate::http1) method: &'a [u8],
    pub(in crate::http1) target: &'a [u8],
    pub(in crate::http1) version: Version,
    bytes: &'a [u8],
    /// Where its fields begin, and where the empty line does.
    starts: &'a [u16],
}

/// Room for [`Head`] to note where the lines of a head begin.
#[derive(Debug)]
pub(in crate::http1) struct Starts([u16; HEADERS_MOST + 1]);

impl Starts {
    #[inline(always)]
    pub(in crate::http1) const fn new() -> Self {
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
        let Some(end) = line_end(bytes, 0)? else { return Ok(None) };
        let (method, target, version) = request_line(&bytes[..end])?;
        let (mut start, mut count) = (end + 2, 0);
        let mut fields = Fields::default();
        loop {
            starts.0[count] = start as u16;
            let colon = start + token(&bytes[start..]);
            match bytes[colon..] {
                [b':', ..] if colon > start => {}
                [b'\r', b'\n', ..] if colon == start => break,
                [] | [b'\r'] => return Ok(None),
                _ => return Err(Refusal::Malformed),
            }
            if count == limits.headers.min(HEADERS_MOST) {
                return Err(Refusal::TooManyHeaders);
            }
            let Some(end) = line_end(bytes, colon + 1)? else { return Ok(None) };
            fields.note(&bytes[start..colon], &bytes[colon + 1..end])?;
            (start, count) = (end + 2, count + 1);
        }
        let (length, starts) = (start + 2, &starts.0[..=count]);
        if length > limits.head.min(HEAD_MOST) || !are_short(end, starts, limits) {
            return Err(Refusal::HeadTooLarge);
        }
        let framing = fields.framing(method, target, version)?;
        Ok(Some((Head { method, target, version, bytes: &bytes[..length], starts }, framing)))
    }

    /// How long it is, its empty line included.
    #[inline]
    pub(in crate::http1) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The lines of its fields, without their ends.
    #[inline]
    pub(in crate::http1) fn fields(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        self.starts.windows(2).map(|line| &bytes[usize::from(line[0])..usize::from(line[1]) - 2])
    }
}

/// Whether no line is longer than it may be: the first one, and those between `starts`.
#[inline(always)]
fn are_short(first: usize, starts: &[u16], limits: &Limits) -> bool {
    let is_short = |line: &[u16]| usize::from(line[1] - line[0]) <= limits.line.saturating_add(2);
    // Nearly every head is shorter than one line may be.
    starts.last().is_some_and(|last| usize::from(*last) <= limits.line)
        || (first <= limits.line && starts.windows(2).all(is_short))
}

/// Where the line ends that goes on there; none if its end has not come.
#[inline(always)]
fn line_end(bytes: &[u8], from: usize) -> Result<Option<usize>, Refusal> {
    let mut at = from;
    loop {
        at += before_control(&bytes[at..]);
        if bytes[at..].starts_with(b"\r\n") {
            return Ok(Some(at));
        }
        match bytes[at..] {
            [b'\t', ..] => at += 1,
            [] | [b'\r'] => return Ok(None),
            [b'\r' | b'\n', ..] => return Err(Refusal::BareLf),
            [..] => return Err(Refusal::Malformed),
        }
    }
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

/// How long the token is that `bytes` begins with.
#[inline(always)]
pub(in crate::http1) fn token(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let found = others(*word);
        if found != 0 {
            let length = bytes.len() - rest.len() + (found.trailing_zeros() / 8) as usize;
            return if bytes[length] == b':' { length } else { token_by_bytes(bytes) };
        }
        rest = behind;
    }
    token_by_bytes(bytes)
}

fn token_by_bytes(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !TOKEN[usize::from(*byte)]).unwrap_or(bytes.len())
}

/// The top bit of each byte that is neither a letter nor `-`, and of some others behind one.
#[inline(always)]
fn others(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    let lower = word | (ONES * 0x20);
    let from_a = lower.wrapping_add(ONES * (0x80 - b'a' as u64));
    let past_z = lower.wrapping_add(ONES * (0x80 - b'z' as u64 - 1));
    let no_dash = (word ^ (ONES * b'-' as u64)).wrapping_add(ONES * 0x7f);
    ((no_dash & (past_z | !from_a)) | word) & (ONES * 0x80)
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
