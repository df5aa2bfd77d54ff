//! A message that is made once and sent to many.

use bytes::Bytes;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::contract::{App, Effects};

use super::deflate::{Pool, Terms};
use super::frame::{self, COMPRESSED};

/// One message, encoded once: a copy of it is a reference, so that it can be mailed to thousands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encoded {
    plain: Bytes,
    /// The same compressed, and the window that this takes.
    compressed: Option<(Bytes, u8)>,
}

impl Encoded {
    /// A text message.
    pub fn text(text: &str) -> Self {
        Encoded::new(Data::Text, text.as_bytes())
    }

    /// A binary message.
    pub fn binary(bytes: &[u8]) -> Self {
        Encoded::new(Data::Binary, bytes)
    }

    fn new(kind: Data, payload: &[u8]) -> Self {
        let plain = frame::encode(frame::whole(OpCode::Data(kind)), payload);
        Encoded { plain: plain.into(), compressed: None }
    }

    /// The same with a compressed form beside it, for those that it was agreed with: compressed
    /// once, whoever it is sent to. A message that would become no smaller stays as it is.
    #[must_use]
    pub fn deflated<A: App>(self, terms: &Terms, fx: &mut Effects<A>) -> Self {
        let payload = frame::payload_of(&self.plain);
        let terms = terms.sane();
        let pool = fx.shared::<Pool>();
        let compressed = pool.compress(terms.our_window, terms.level, payload);
        let first = self.plain.first().copied().unwrap_or_default() | COMPRESSED;
        let framed = compressed.map(|bytes| frame::encode(first, bytes).into());
        pool.trim();
        Encoded { compressed: framed.map(|frame| (frame, terms.our_window)), ..self }
    }

    /// How many bytes it is on the wire, where it is not compressed.
    #[expect(clippy::len_without_is_empty, reason = "a frame is never empty")]
    pub fn len(&self) -> usize {
        self.plain.len()
    }

    pub(super) fn plain(&self) -> &Bytes {
        &self.plain
    }

    /// The compressed frame, and the window that it takes to inflate it.
    pub(super) fn compressed(&self) -> Option<(&Bytes, u8)> {
        self.compressed.as_ref().map(|(frame, window)| (frame, *window))
    }
}
