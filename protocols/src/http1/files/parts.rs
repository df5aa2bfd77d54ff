//! Several parts of one file in one body: `multipart/byteranges` (RFC 9110, section 14.6).

use std::fmt;
use std::ops::Range;

use super::fields::content_range;
use super::kind::Kind;
use super::range::Ranges;

/// What stands between parts: 32 hexadecimal digits, drawn anew for each answer, so that no file
/// has it in it but by chance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Boundary([u8; 32]);

impl Boundary {
    /// Made of two random numbers.
    pub fn new(random: [u64; 2]) -> Boundary {
        let mut digits = [0; 32];
        for (nth, digit) in digits.iter_mut().enumerate() {
            let nibble = (random[nth / 16] >> (4 * (nth % 16))) as usize & 15;
            *digit = b"0123456789abcdef"[nibble];
        }
        Boundary(digits)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One piece of the body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Those bytes.
    Text(String),
    /// That part of the file.
    File(Range<u64>),
}

/// A body of several parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parts {
    /// What is sent.
    pub ranges: Ranges,
    /// What stands between them.
    pub boundary: Boundary,
    /// What each is.
    pub kind: Kind,
    /// The length of the whole file in bytes.
    pub length: u64,
}

impl Parts {
    /// The length of the body in bytes: all that [`piece`](Parts::piece) gives.
    pub fn body_length(&self) -> u64 {
        let mut all = 0u64;
        for nth in 0.. {
            all += match self.piece(nth) {
                Some(Piece::Text(text)) => text.len() as u64,
                Some(Piece::File(range)) => range.end - range.start,
                None => break,
            };
        }
        all
    }

    /// The pieces in their order: a head and a range for each part, and the end.
    pub fn piece(&self, nth: usize) -> Option<Piece> {
        let Some(range) = self.ranges.nth(nth / 2) else {
            let is_end = nth == 2 * self.ranges.len();
            return is_end.then(|| Piece::Text(format!("\r\n--{}--\r\n", self.boundary.as_str())));
        };
        Some(if nth.is_multiple_of(2) {
            Piece::Text(self.head(&range))
        } else {
            Piece::File(range)
        })
    }

    fn head(&self, range: &Range<u64>) -> String {
        let place = content_range(Some(range), self.length);
        format!(
            "\r\n--{}\r\ncontent-type: {}{}\r\ncontent-range: {}\r\n\r\n",
            self.boundary.as_str(),
            self.kind.essence(),
            self.kind.parameters(),
            String::from_utf8_lossy(place.value().as_bytes()),
        )
    }
}
