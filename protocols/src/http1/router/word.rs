//! Short texts as numbers: compared without a loop and without a call.

use std::fmt;

/// What a text is in two numbers and its length. Two texts of at most [`EXACT`] bytes have the same
/// if they are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    len: usize,
    first: u64,
    last: u64,
}

/// A text that is compared with many.
#[derive(Clone)]
pub(super) struct Text {
    word: Word,
    text: Box<str>,
}

/// Up to this length, first and last eight bytes are all there is.
const EXACT: usize = 16;

/// Spreads the bits of what it is mixed with: the digits of the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Word {
    #[inline]
    pub(super) fn of(text: &[u8]) -> Self {
        let (first, last) = match (text.first_chunk(), text.last_chunk()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => Word::short(text),
        };
        Word { len: text.len(), first, last }
    }

    /// Less than eight bytes.
    #[inline]
    fn short(text: &[u8]) -> (u64, u64) {
        if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
            return (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into());
        }
        let (Some(first), Some(last)) = (text.first(), text.last()) else { return (0, 0) };
        let middle = text[text.len() / 2];
        (u64::from(*first) | u64::from(middle) << 8, (*last).into())
    }

    /// A number that has a bit of each byte of a short text, and of the ends of a long one.
    #[inline]
    pub(super) fn hash(&self, salt: u64) -> u64 {
        let first = self.first ^ self.len as u64 ^ salt;
        let product = u128::from(first) * u128::from(self.last ^ SPREAD);
        product as u64 ^ (product >> 64) as u64
    }
}

impl Text {
    pub(super) fn new(text: Box<str>) -> Self {
        Text { word: Word::of(text.as_bytes()), text }
    }

    /// Whether it is that text, whose word that is.
    #[inline]
    pub(super) fn is(&self, word: Word, text: &[u8]) -> bool {
        self.word == word && (text.len() <= EXACT || self.is_long(text))
    }

    pub(super) fn word(&self) -> Word {
        self.word
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// A call of its own, so that short ones need not be ready for it.
    #[inline(never)]
    fn is_long(&self, text: &[u8]) -> bool {
        self.text.as_bytes() == text
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_itself_and_no_other() {
        let base: Vec<u8> = (b'A'..b'A' + 40).collect();
        for length in 0..=base.len() {
            let text = &base[..length];
            let own = Text::new(String::from_utf8_lossy(text).into());
            assert!(own.is(Word::of(text), text));
            for at in 0..length {
                let mut other = text.to_vec();
                other[at] ^= 1;
                assert!(!own.is(Word::of(&other), &other), "{length} bytes, changed at {at}");
            }
            let longer = &[text, b"\0"].concat()[..];
            assert!(!own.is(Word::of(longer), longer), "{length} bytes and a zero");
        }
    }
}
