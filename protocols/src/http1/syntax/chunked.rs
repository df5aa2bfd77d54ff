//! Bodies in chunks (RFC 9112, section 7.1), read strictly: what is not of the grammar is refused,
//! and nothing is ever looked for behind it.

use super::field::TOKEN;
use super::refusal::Refusal;
use crate::http1::{Limits, TRAILERS_MOST};

/// How many digits the size of a chunk may have: it cannot overflow.
const DIGITS_MAX: u8 = 15;

/// How far the frame around the data of a body was read: 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) struct Chunked {
    /// What is left of the data of this chunk; before that, its size as far as it was read.
    left: u64,
    /// Bytes of the extensions of this chunk, and of all.
    extension: u16,
    extensions: u16,
    digits: u8,
    at: At,
}

/// What the next byte is part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    Size,
    /// White space that an extension has to follow.
    Gap,
    /// Behind a `;`.
    NameStart,
    Name,
    /// White space behind a name.
    NameEnd,
    /// Behind a `=`.
    ValueStart,
    Value,
    Quoted,
    /// Behind a `\` within quotes.
    Escaped,
    /// Behind a quoted value.
    ValueEnd,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    Trailers,
}

/// What was found after some bytes of the frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Next {
    /// This much data, some of which may not have come yet.
    Data(u64),
    /// The trailer section.
    Trailers,
    /// The frame goes on.
    Wanting,
}

impl Chunked {
    pub(in crate::http1) const fn new() -> Self {
        Chunked { left: 0, extension: 0, extensions: 0, digits: 0, at: At::Size }
    }

    /// Reads the frame that `bytes` goes on with, up to the data behind it, and says how long it
    /// is:
    /// these bytes are not to be shown again.
    pub(in crate::http1) fn frame(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<(usize, Next), Refusal> {
        for (at, byte) in bytes.iter().enumerate() {
            match self.at {
                At::Data => return Ok((at, Next::Data(self.left))),
                At::Trailers => return Ok((at, Next::Trailers)),
                _ => self.step(*byte, limits)?,
            }
        }
        let next = match self.at {
            At::Data => Next::Data(self.left),
            At::Trailers => Next::Trailers,
            _ => Next::Wanting,
        };
        Ok((bytes.len(), next))
    }

    /// Says that `n` bytes of the data were taken.
    pub(in crate::http1) fn took(&mut self, n: u64) {
        debug_assert!(self.at == At::Data && n <= self.left, "no more than there is");
        self.left -= n;
        if self.left == 0 {
            self.at = At::DataCr;
        }
    }

    fn step(&mut self, byte: u8, limits: &Limits) -> Result<(), Refusal> {
        use At::{
            Data, DataCr, DataLf, Escaped, Gap, Name, NameEnd, NameStart, Quoted, Size, SizeLf,
            Trailers, Value, ValueEnd, ValueStart,
        };
        let is_token = TOKEN[usize::from(byte)];
        self.at = match (self.at, byte) {
            (Size, _) if byte.is_ascii_hexdigit() => return self.digit(byte),
            (Size, b'\r' | b';' | b' ' | b'\t') if self.digits == 0 => {
                return Err(Refusal::BadChunk);
            }
            (Size | Name | Value | ValueEnd, b'\r') => SizeLf,
            (Size | Gap | Name | NameEnd | Value | ValueEnd, b';') => NameStart,
            (Size | Gap, b' ' | b'\t') => Gap,
            (NameStart, b' ' | b'\t') => NameStart,
            (NameStart | Name, _) if is_token => Name,
            // White space behind a name may come before its value or before the next extension.
            (Name | NameEnd, b' ' | b'\t') => NameEnd,
            (Name | NameEnd, b'=') => ValueStart,
            (ValueStart, b' ' | b'\t') => ValueStart,
            (ValueStart, b'"') => Quoted,
            (ValueStart | Value, _) if is_token => Value,
            (Value | ValueEnd, b' ' | b'\t') => Gap,
            (Quoted, b'"') => ValueEnd,
            (Quoted, b'\\') => Escaped,
            (Quoted, b'\t' | b' '..=b'~' | 0x80..) => Quoted,
            (Escaped, b'\t' | b' '..=b'~' | 0x80..) => Quoted,
            (SizeLf, b'\n') => return self.begin(),
            (DataCr, b'\r') => DataLf,
            (DataLf, b'\n') => Size,
            (DataCr | DataLf | Data | Trailers, _) => return Err(Refusal::BadChunk),
            (_, b'\n') => return Err(Refusal::BareLf),
            _ => return Err(Refusal::BadChunk),
        };
        match self.at {
            SizeLf | DataCr | DataLf | Size => Ok(()),
            _ => self.extend(limits),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.digits == DIGITS_MAX {
            return Err(Refusal::BadChunk);
        }
        let value = (byte as char).to_digit(16).unwrap_or_default();
        self.left = self.left << 4 | u64::from(value);
        self.digits += 1;
        Ok(())
    }

    /// The line of a size has ended.
    fn begin(&mut self) -> Result<(), Refusal> {
        self.at = if self.left == 0 { At::Trailers } else { At::Data };
        (self.digits, self.extension) = (0, 0);
        Ok(())
    }

    /// One more byte of an extension.
    fn extend(&mut self, limits: &Limits) -> Result<(), Refusal> {
        (self.extension, self.extensions) = (self.extension + 1, self.extensions + 1);
        let is_long = |n: u16, most: usize| usize::from(n) > most.min(TRAILERS_MOST);
        match is_long(self.extension, limits.extension)
            || is_long(self.extensions, limits.extensions)
        {
            true => Err(Refusal::ExtensionTooLong),
            false => Ok(()),
        }
    }
}
