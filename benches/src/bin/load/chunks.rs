//! The frame of a body in chunks, as the generator reads it: any piece of it at a time.

/// How far a body was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Chunks {
    /// In the digits of a size: its value, and how many there are.
    Size(u64, u32),
    /// Behind the digits, up to the end of the line.
    Extension(u64),
    /// So many bytes of data are left.
    Data(u64),
    /// Behind the data, up to the end of the line.
    Between,
    /// In a line of the trailers: how many bytes of it there are.
    Trailer(u32),
    /// Behind its last byte.
    End,
}

/// What a body has next.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Next<'a> {
    /// Data, out of its frame.
    Data(&'a [u8]),
    /// Nothing before more bytes come.
    Wanting,
    /// Nothing any more; these bytes come behind it.
    End(&'a [u8]),
}

const DIGITS_MOST: u32 = 15;

impl Chunks {
    pub(crate) const NEW: Self = Self::Size(0, 0);

    /// Takes what is next from the front of `bytes`.
    pub(crate) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Next<'a>, String> {
        loop {
            match self {
                Self::End => return Ok(Next::End(bytes)),
                Self::Data(left) if *left > 0 && !bytes.is_empty() => {
                    let n = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    let (data, rest) = bytes.split_at(n);
                    *left -= n as u64;
                    *bytes = rest;
                    return Ok(Next::Data(data));
                }
                Self::Data(0) => *self = Self::Between,
                _ => {
                    let Some((byte, rest)) = bytes.split_first() else {
                        return Ok(Next::Wanting);
                    };
                    *bytes = rest;
                    *self = self.after(*byte)?;
                }
            }
        }
    }

    /// What follows a byte of the frame.
    fn after(self, byte: u8) -> Result<Self, String> {
        let digit = char::from(byte).to_digit(16);
        Ok(match (self, byte) {
            (Self::Size(size, digits), _) if digit.is_some() && digits < DIGITS_MOST => {
                Self::Size(size << 4 | u64::from(digit.unwrap_or_default()), digits + 1)
            }
            (Self::Size(size, 1..), b'\r' | b';') => Self::Extension(size),
            (Self::Extension(0), b'\n') => Self::Trailer(0),
            (Self::Extension(size), b'\n') => Self::Data(size),
            (Self::Extension(size), _) => Self::Extension(size),
            (Self::Between, b'\r') => Self::Between,
            (Self::Between, b'\n') => Self::NEW,
            (Self::Trailer(length), b'\r') => Self::Trailer(length),
            (Self::Trailer(0), b'\n') => Self::End,
            (Self::Trailer(_), b'\n') => Self::Trailer(0),
            (Self::Trailer(length), _) => Self::Trailer(length + 1),
            (_, byte) => return Err(format!("byte {byte} where a chunk is framed")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of a body that comes in pieces of `size` bytes, and what is behind it.
    fn read(body: &str, size: usize) -> Result<(String, usize), String> {
        let (mut chunks, mut data, mut left) = (Chunks::NEW, Vec::new(), body.len());
        for mut piece in body.as_bytes().chunks(size) {
            left -= piece.len();
            loop {
                match chunks.next(&mut piece)? {
                    Next::Data(some) => data.extend_from_slice(some),
                    Next::Wanting => break,
                    Next::End(behind) => {
                        let behind = behind.len() + left;
                        return Ok((String::from_utf8_lossy(&data).into_owned(), behind));
                    }
                }
            }
        }
        Err("wanting".to_owned())
    }

    #[test]
    fn bodies_are_read_in_pieces_of_any_size() {
        let wrong = |byte: u8| Err(format!("byte {byte} where a chunk is framed"));
        for (body, expected) in [
            ("0\r\n\r\n", Ok(("", 0))),
            ("5\r\nhello\r\n0\r\n\r\n", Ok(("hello", 0))),
            ("5;a=b\r\nhello\r\n00001\r\n!\r\n0\r\nx: y\r\nz: a\r\n\r\nGET", Ok(("hello!", 3))),
            ("A\r\n0123456789\r\n0\r\n\r\n", Ok(("0123456789", 0))),
            ("5\r\nhello\r\n0\r\n", Err("wanting".to_owned())),
            ("\r\n", wrong(b'\r')),
            ("1\r\nab\r\n", wrong(b'b')),
            ("1000000000000000\r\n", wrong(b'0')),
        ] {
            let expected = expected.map(|(data, behind)| (data.to_owned(), behind));
            for size in 1..=body.len() {
                assert_eq!(read(body, size), expected, "{body:?} by {size}");
            }
        }
    }
}
