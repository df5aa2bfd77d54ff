//! What a server without an extension does not have.

use super::codec::Codec;
use super::masks::Masks;

/// A client's masks, and what was agreed of compression: beside the session, which most do without.
#[derive(Debug, Default)]
pub(super) struct Extra {
    pub(super) masks: Option<Masks>,
    pub(super) codec: Option<Codec>,
}

impl Extra {
    /// Bytes of memory that it is, and holds.
    pub(super) fn held(&self) -> usize {
        size_of::<Self>() + self.codec.as_ref().map_or(0, Codec::held)
    }
}
