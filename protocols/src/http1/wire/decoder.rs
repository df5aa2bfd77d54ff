//! Takes the body of a message out of its frame.

use crate::http1::Limits;
use crate::http1::syntax::chunked::{Chunked, Next};
use crate::http1::syntax::field::may_trail;
use crate::http1::syntax::framing::Body;
use crate::http1::syntax::head::field_lines;
use crate::http1::syntax::refusal::Refusal;
use crate::http1::syntax::scan::{Bounds, Scan};

/// How far a body was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Decoder {
    /// That many bytes are left.
    Length(u64),
    Chunked(Chunked),
    /// The trailer section of a body in chunks.
    Trailers(Scan),
    /// All that comes.
    UntilEnd,
}

/// What the bytes behind what was taken are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Found {
    /// Behind `skip` bytes of the frame there are `length` bytes of data, one at least. See
    /// [`Decoder::took`].
    Data { skip: usize, length: usize },
    /// Behind `skip` bytes of the frame the body has ended, but for its trailer section of that
    /// length, which is zero where the framing has none.
    End { skip: usize, trailers: usize },
    /// These bytes are of the frame, and more has to come.
    Wanting { skip: usize },
}

impl Decoder {
    #[inline]
    pub(in crate::http1) const fn new(body: Body) -> Self {
        match body {
            Body::Length(length) => Decoder::Length(length),
            Body::Chunked => Decoder::Chunked(Chunked::new()),
            Body::UntilEnd => Decoder::UntilEnd,
        }
    }

    /// Looks at what follows. The caller drops the skipped bytes, and says what it took of data.
    pub(in crate::http1) fn decode(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Found, Refusal> {
        let mut skip = 0;
        if let Decoder::Chunked(chunked) = self {
            let (frame, next) = chunked.frame(bytes, limits)?;
            match next {
                Next::Wanting => return Ok(Found::Wanting { skip: frame }),
                Next::Data(left) => return Ok(data(frame, bytes.len() - frame, left)),
                Next::Trailers => *self = Decoder::Trailers(Scan::new()),
            }
            skip = frame;
        }
        match self {
            Decoder::Length(0) => Ok(Found::End { skip: 0, trailers: 0 }),
            Decoder::Length(left) => Ok(data(0, bytes.len(), *left)),
            Decoder::UntilEnd => Ok(data(0, bytes.len(), u64::MAX)),
            Decoder::Trailers(scan) => {
                let section = &bytes[skip..];
                let Some(length) = scan.find(section, &Bounds::trailers(limits))? else {
                    return Ok(Found::Wanting { skip });
                };
                check(&section[..length])?;
                Ok(Found::End { skip, trailers: length })
            }
            Decoder::Chunked(_) => Ok(Found::Wanting { skip }),
        }
    }

    /// Says that `n` bytes of data were taken.
    pub(in crate::http1) fn took(&mut self, n: usize) {
        match self {
            Decoder::Length(left) => *left -= n as u64,
            Decoder::Chunked(chunked) => chunked.took(n as u64),
            Decoder::Trailers(_) | Decoder::UntilEnd => {}
        }
    }

    /// How many bytes are left, if that is known.
    pub(in crate::http1) fn left(&self) -> Option<u64> {
        match self {
            Decoder::Length(left) => Some(*left),
            _ => None,
        }
    }
}

fn data(skip: usize, there: usize, left: u64) -> Found {
    match there.min(usize::try_from(left).unwrap_or(usize::MAX)) {
        0 => Found::Wanting { skip },
        length => Found::Data { skip, length },
    }
}

/// Every line must be a field, and one that may come behind a body.
fn check(section: &[u8]) -> Result<(), Refusal> {
    let lines = section.split(|byte| *byte == b'\n').filter(|line| line.len() > 1).count();
    let mut sound = 0;
    for (name, _) in field_lines(section) {
        if name.is_empty() {
            return Err(Refusal::Malformed);
        }
        if !may_trail(name) {
            return Err(Refusal::BadTrailer);
        }
        sound += 1;
    }
    if sound == lines { Ok(()) } else { Err(Refusal::Malformed) }
}
