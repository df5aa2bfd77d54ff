//! permessage-deflate (RFC 7692): what is agreed, and how messages are compressed and inflated.
//!
//! A connection whose context is dropped between messages holds nothing: compressors, inflaters and
//! scratch memory are the loop's. What a message is inflated to is counted while it is inflated,
//! and never more than one byte past the limit of a message.

mod compress;
mod inflate;
mod list;
mod offer;
mod pool;

pub(super) use compress::Compressor;
pub(super) use inflate::{End, Flaw, Inflater};
pub(super) use offer::{accept, answer, offer};
pub(super) use pool::Pool;

/// Whether messages are compressed where the peer agrees, and how.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Deflate {
    /// They are not, whatever the peer offers.
    #[default]
    Off,
    /// They are.
    On(Terms),
}

/// What becomes of a compressor's memory of earlier messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Context {
    /// Each message stands for itself: nothing is held between two.
    Dropped,
    /// A message may refer to the ones before: smaller on the wire, and some 400 KiB a connection.
    Kept,
}

/// How messages are compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Our compressor's context. The peer may ask for less.
    pub ours: Context,
    /// The peer's. Kept, it costs us an inflater of 48 KiB a connection.
    pub theirs: Context,
    /// The base-two logarithm of how far back our compressor refers, 9 to 15. The peer may ask for
    /// less, but not for 8, which no compressor at hand can do: that offer is declined.
    pub our_window: u8,
    /// The most that the peer's should, where it says that it can be told.
    pub their_window: u8,
    /// How hard it tries, 1 to 9.
    pub level: u8,
    /// A shorter message is sent as it is, in bytes.
    pub least: u32,
    /// How many times its size a message may become, counted past [`RATIO_FREE`] bytes.
    pub ratio_max: u32,
}

/// So many bytes of a message are inflated whatever the ratio.
pub const RATIO_FREE: u64 = 64 * 1024;

impl Terms {
    /// No context either way, so that an idle connection holds nothing: the loop shares its
    /// compressors.
    pub const SHARED: Terms = Terms {
        ours: Context::Dropped,
        theirs: Context::Dropped,
        our_window: WINDOW_MOST,
        their_window: WINDOW_MOST,
        level: 1,
        least: 256,
        ratio_max: 100,
    };

    /// Context both ways, for a few connections of many small messages that are alike.
    pub const KEPT: Terms = Terms { ours: Context::Kept, theirs: Context::Kept, ..Terms::SHARED };

    /// The same within what there is: a window or level outside of it is the nearest inside.
    pub(super) fn sane(self) -> Self {
        let window = |bits: u8| bits.clamp(WINDOW_LEAST, WINDOW_MOST);
        Terms {
            our_window: window(self.our_window),
            their_window: window(self.their_window),
            level: self.level.clamp(1, 9),
            ..self
        }
    }
}

/// The smallest window that our compressor has; the RFC knows one of 8.
const WINDOW_LEAST: u8 = 9;
const WINDOW_MOST: u8 = 15;

/// What both sides have agreed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Agreed {
    pub(super) ours: Context,
    pub(super) theirs: Context,
    /// How far back we may refer.
    pub(super) our_window: u8,
}

/// The extensions of a handshake are not of the grammar, or not what was offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Malformed;

#[cfg(test)]
mod tests;
