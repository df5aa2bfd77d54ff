//! Puts the body of a message into its frame.

use super::out::Out;
use crate::http1::{Name, Value};

/// How long a body is that is sent in pieces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// That many bytes.
    Known(u64),
    /// It ends when it ends: in chunks, or for an HTTP/1.0 client with the connection.
    Unknown,
}

/// How a body that is being sent is framed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Encoder {
    /// That many bytes are left.
    Length(u64),
    Chunked,
    /// The end of the stream ends it.
    UntilEnd,
    /// It is left out, as for HEAD.
    Nothing,
}

/// More was written of a body than its head announced, or it was ended before: a bug of the
/// program. Nothing of that write was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrongLength;

impl std::fmt::Display for WrongLength {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body is not as long as its head says")
    }
}

impl std::error::Error for WrongLength {}

/// The longest line before the data of a chunk: 16 digits and its end.
const SIZE_MAX: usize = 18;

/// The most that a chunk's frame adds to its data.
pub(in crate::http1) const FRAME_MAX: usize = SIZE_MAX + 2;

impl Encoder {
    /// Writes data in its frame.
    pub(in crate::http1) fn write(
        &mut self,
        data: &[u8],
        out: &mut impl Out,
    ) -> Result<(), WrongLength> {
        self.frame(data.len() as u64, out, |out| out.write(data))
    }

    /// Writes the frame of that much data around what `put` writes.
    pub(in crate::http1) fn frame<O: Out>(
        &mut self,
        length: u64,
        out: &mut O,
        put: impl FnOnce(&mut O),
    ) -> Result<(), WrongLength> {
        if length == 0 {
            return Ok(());
        }
        match self {
            Encoder::Length(left) => {
                *left = left.checked_sub(length).ok_or(WrongLength)?;
                put(out);
            }
            Encoder::Chunked => {
                out.fill(SIZE_MAX, |to| size_line(length, to));
                put(out);
                out.write(b"\r\n");
            }
            Encoder::UntilEnd => put(out),
            Encoder::Nothing => {}
        }
        Ok(())
    }

    /// Writes the end of the body, with those trailers where the framing has room for any.
    pub(in crate::http1) fn end<'t>(
        &mut self,
        trailers: impl Iterator<Item = (&'t [u8], &'t [u8])>,
        out: &mut impl Out,
    ) -> Result<(), WrongLength> {
        match self {
            Encoder::Length(0) | Encoder::UntilEnd | Encoder::Nothing => Ok(()),
            Encoder::Length(_) => Err(WrongLength),
            Encoder::Chunked => {
                out.write(b"0\r\n");
                for (name, value) in trailers {
                    out.write(name);
                    out.write(b": ");
                    out.write(value);
                    out.write(b"\r\n");
                }
                out.write(b"\r\n");
                Ok(())
            }
        }
    }
}

/// Fields of the program as bytes.
pub(in crate::http1) fn as_bytes<'t>(
    fields: &'t [(Name, Value<'t>)],
) -> impl Iterator<Item = (&'t [u8], &'t [u8])> {
    fields.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))
}

/// A size in hexadecimal digits and the end of its line; says how long that is.
fn size_line(size: u64, to: &mut [u8]) -> usize {
    let digits = (u64::BITS - (size | 1).leading_zeros()).div_ceil(4) as usize;
    for (nth, to) in to[..digits].iter_mut().enumerate() {
        let digit = size >> (4 * (digits - 1 - nth)) & 0xf;
        *to = b"0123456789abcdef"[digit as usize];
    }
    to[digits..digits + 2].copy_from_slice(b"\r\n");
    digits + 2
}
