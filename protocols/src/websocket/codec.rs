//! The compression of one connection, where it was agreed.

use super::assembly::Partial;
use super::close::{CloseCode, Refusal};
use super::deflate::{Agreed, Compressor, Context, End, Flaw, Inflater, Pool, Terms};
use super::limits::reason;

/// What was agreed, and what is kept of the messages that were: nothing without context.
#[derive(Debug)]
pub(super) struct Codec {
    agreed: Agreed,
    terms: Terms,
    inflater: Option<Box<Inflater>>,
    compressor: Option<Box<Compressor>>,
}

impl Codec {
    pub(super) fn new(agreed: Agreed, terms: Terms) -> Self {
        Codec { agreed, terms, inflater: None, compressor: None }
    }

    /// Inflates a part of a message, which becomes no more than `most` bytes; says how many it did.
    pub(super) fn inflate(
        &mut self,
        partial: &mut Partial,
        (part, is_last): (&[u8], bool),
        pool: &mut Pool,
        most: u64,
    ) -> Result<usize, Refusal> {
        let mut inflater = match partial.inflater.take().or_else(|| self.inflater.take()) {
            Some(inflater) => inflater,
            None => pool.inflater(),
        };
        let (kind, buffer) = (partial.kind, &mut partial.buffer);
        let end = if is_last { End::Message } else { End::Part };
        let mut given = 0;
        inflater.part(part, end, (most, &self.terms), pool, |bytes| {
            given += bytes.len();
            buffer.append(kind, bytes, most)
        })?;
        if !is_last {
            partial.inflater = Some(inflater);
        } else if self.agreed.theirs == Context::Kept {
            self.inflater = Some(inflater);
        } else {
            inflater.finish()?;
            pool.put_back(inflater);
        }
        Ok(given)
    }

    /// Whether a message of that many bytes is worth it.
    pub(super) fn compresses(&self, len: usize) -> bool {
        len >= self.terms.least as usize
    }

    /// The message compressed; none if it is better sent as it is.
    pub(super) fn compress<'a>(&mut self, payload: &[u8], pool: &'a mut Pool) -> Option<&'a [u8]> {
        let (window, level) = (self.agreed.our_window, self.terms.level);
        if self.agreed.ours == Context::Dropped {
            return pool.compress(window, level, payload);
        }
        let compressor =
            self.compressor.get_or_insert_with(|| Box::new(Compressor::new(window, level)));
        compressor.message(payload, pool)
    }

    /// Whether a frame that was compressed for all, within that window, is one that this peer can
    /// inflate.
    pub(super) fn may_share(&self, window: u8) -> bool {
        window <= self.agreed.our_window
    }

    /// The peer inflates a message that our context does not know.
    pub(super) fn forget(&mut self) {
        if let Some(compressor) = &mut self.compressor {
            compressor.forget();
        }
    }

    /// Bytes of memory that it holds beside itself.
    pub(super) fn held(&self) -> usize {
        let inflater = self.inflater.as_ref().map_or(0, |inflater| inflater.held());
        inflater + self.compressor.as_ref().map_or(0, |compressor| compressor.held())
    }
}

/// What a message of that size may become by compression that finds nothing to compress: what it is
/// inflated to is counted besides.
pub(super) fn grown(limit: u64) -> u64 {
    limit.saturating_add(limit / 64).saturating_add(64)
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Corrupt => Refusal { code: CloseCode::INVALID, reason: reason::NOT_DEFLATE },
            Flaw::TooLarge => Refusal::too_large(reason::MESSAGE_TOO_LARGE),
            Flaw::Bomb => Refusal::too_large(reason::BOMB),
        }
    }
}
