//! What arrives compressed.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};

use super::pool::Pool;
use super::{RATIO_FREE, Terms};

/// The inflater of a message, or of all messages of a connection whose context is kept.
pub(in super::super) struct Inflater {
    stream: Decompress,
    /// Whether a block may begin with the next byte.
    is_between: bool,
    /// Bytes of the current message, as they came and as they became.
    taken: u64,
    given: u64,
}

/// Whether a part is the last of its message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum End {
    Part,
    Message,
}

/// Why a message cannot be inflated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Flaw {
    /// It is no deflated data.
    Corrupt,
    /// It becomes longer than a message may be.
    TooLarge,
    /// It grows too much.
    Bomb,
}

/// What the sender of a message has taken off its end (RFC 7692, section 7.2.2).
const TAIL: &[u8] = &[0x00, 0x00, 0xff, 0xff];

/// A final block of nothing.
const LAST: &[u8] = &[0x03, 0x00];

/// What one holds, in bytes: the window and the tables.
const HELD: usize = 48 * 1024;

impl Inflater {
    pub(super) fn new() -> Self {
        // Any window fits into the largest one.
        Inflater { stream: Decompress::new(false), is_between: true, taken: 0, given: 0 }
    }

    /// Inflates a part of a message that may become `most` bytes long, piece by piece to `sink`.
    ///
    /// # Errors
    /// A [`Flaw`], or what the sink says. What was given before stands.
    pub(in super::super) fn part<E: From<Flaw>>(
        &mut self,
        part: &[u8],
        end: End,
        (most, terms): (u64, &Terms),
        pool: &mut Pool,
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let scratch = pool.scratch();
        self.run(part, (most, terms), scratch, &mut sink)?;
        if end == End::Message {
            // Behind a final block, and a message of no bytes at all, there is none to be ended.
            if !self.is_between {
                self.run(TAIL, (most, terms), scratch, &mut sink)?;
                self.is_between = true;
            }
            (self.taken, self.given) = (0, 0);
        }
        Ok(())
    }

    /// Whether the messages so far have ended where a block does: else some of the last is missing.
    /// It is asked at the end, since a stream cannot be gone on with after it.
    ///
    /// # Errors
    /// [`Flaw::Corrupt`].
    pub(in super::super) fn finish(&mut self) -> Result<(), Flaw> {
        let status = self.stream.decompress(LAST, &mut [0], FlushDecompress::Sync);
        match status {
            Ok(Status::StreamEnd) => Ok(()),
            _ => Err(Flaw::Corrupt),
        }
    }

    fn run<E: From<Flaw>>(
        &mut self,
        mut part: &[u8],
        (most, terms): (u64, &Terms),
        scratch: &mut [u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            // One byte more than there may be says that there is more.
            let left = (most - self.given.min(most)).saturating_add(1);
            let space = scratch.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let before = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.decompress(part, &mut scratch[..space], FlushDecompress::Sync);
            let status = status.map_err(|_| Flaw::Corrupt)?;
            let taken = (self.stream.total_in() - before.0) as usize;
            let given = (self.stream.total_out() - before.1) as usize;
            part = &part[taken..];
            self.is_between &= taken == 0;
            self.taken += taken as u64;
            self.given += given as u64;
            self.check(most, terms)?;
            if given > 0 {
                sink(&scratch[..given])?;
            }
            if status == Status::StreamEnd {
                // A final block is the end of the message for its sender, not of the connection
                // (RFC 7692, section 7.2.3.5).
                self.reset_stream();
            } else if part.is_empty() && given < space {
                return Ok(());
            } else if taken == 0 && given == 0 {
                return Err(Flaw::Corrupt.into());
            }
        }
    }

    fn check(&self, most: u64, terms: &Terms) -> Result<(), Flaw> {
        let fair = self.taken.saturating_mul(u64::from(terms.ratio_max)).max(RATIO_FREE);
        match self.given {
            given if given > most => Err(Flaw::TooLarge),
            given if given > fair => Err(Flaw::Bomb),
            _ => Ok(()),
        }
    }

    /// Forgets all messages so far.
    pub(super) fn reset(&mut self) {
        self.reset_stream();
        (self.taken, self.given) = (0, 0);
    }

    fn reset_stream(&mut self) {
        self.stream.reset(false);
        self.is_between = true;
    }

    /// Bytes of memory that it holds beside itself, about.
    pub(in super::super) fn held(&self) -> usize {
        HELD
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inflater({} -> {})", self.taken, self.given)
    }
}
