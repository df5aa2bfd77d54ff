//! What a server without an extension does not have.

use super::codec::Codec;
use super::masks::Masks;

/// A client's masks, and what was agreed of compression: beside the session, which most do without.
#[derive(Debug, Default)]
pub(super) struct Extra {
    /// Boxed, since a generator is large, and few sockets of a server have one.
    pub(super) masks: Option<Box<Masks>>,
    pub(super) codec: Option<Codec>,
}

impl Extra {
    /// Bytes of memory that it holds besides what is always there.
    pub(super) fn held(&self) -> usize {
        self.codec.as_ref().map_or(0, Codec::held)
    }
}
