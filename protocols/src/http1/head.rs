//! The parts of a head.

use super::Version;
use super::field::TOKEN;
use super::refusal::Refusal;
use super::scan::{Lines, ONES};

/// One head that was found whole: its lines end with CRLF and hold no control byte but tabs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub(super) method: &'a [u8],
    pub(super) target: &'a [u8],
    pub(super) version: Version,
    bytes: &'a [u8],
    lines: &'a Lines,
}

impl<'a> Head<'a> {
    /// Takes the request line apart. Its target is not judged, nor are the fields.
    #[inline]
    pub(super) fn new(bytes: &'a [u8], lines: &'a Lines) -> Result<Self, Refusal> {
        let line = lines.first(bytes);
        let (version, rest) = if let Some(rest) = line.strip_suffix(b" HTTP/1.1") {
            (Version::Http11, rest)
        } else if let Some(rest) = line.strip_suffix(b" HTTP/1.0") {
            (Version::Http10, rest)
        } else {
            return Err(other_version(line));
        };
        let end = token(rest);
        if end == 0 || rest.get(end) != Some(&b' ') {
            return Err(Refusal::Malformed);
        }
        let (method, target) = (&rest[..end], &rest[end + 1..]);
        Ok(Head { method, target, version, bytes, lines })
    }

    /// The lines of its fields.
    #[inline]
    pub(super) fn fields(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.lines.others(self.bytes)
    }
}

/// How long the token is that `bytes` begins with.
#[inline]
pub(super) fn token(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(word) = bytes[length..].first_chunk::<8>() {
        let others = others(*word);
        if others != 0 {
            length += (others.trailing_zeros() / 8) as usize;
            break;
        }
        length += 8;
    }
    match bytes.get(length) {
        Some(b':' | b' ') => length,
        _ => length + rest_of_token(&bytes[length..]),
    }
}

fn rest_of_token(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !TOKEN[usize::from(*byte)]).unwrap_or(bytes.len())
}

/// The top bit of each byte that is neither a letter nor `-`, and of some more that follow one: a
/// CR passes for `-`.
#[inline(always)]
fn others(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    let lower = word | (ONES * 0x20);
    let from_a = lower.wrapping_add(ONES * (0x80 - b'a' as u64));
    let past_z = lower.wrapping_add(ONES * (0x80 - b'z' as u64 - 1));
    let no_dash = (lower ^ (ONES * b'-' as u64)).wrapping_add(ONES * 0x7f);
    ((no_dash & !(from_a & !past_z)) | word) & (ONES * 0x80)
}

/// Whether a name is that one, which is in small letters, in any case.
///
/// Only for tokens: among them no other byte becomes a small letter or `-` when the bit is set.
#[inline(always)]
pub(super) fn is<const N: usize>(name: &[u8], lower: &[u8; N]) -> bool {
    let Ok(name) = <&[u8; N]>::try_from(name) else { return false };
    let differ = |sum, (byte, lower): (&u8, &u8)| sum | ((byte | 0x20) ^ lower);
    name.iter().zip(lower).fold(0, differ) == 0
}

/// A value without the space around it.
#[inline]
pub(super) fn trim(value: &[u8]) -> &[u8] {
    // No other space is left in a line.
    value.trim_ascii()
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
