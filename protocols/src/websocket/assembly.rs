//! A message that arrives in parts.

use tungstenite::protocol::frame::coding::Data;

use super::Message;
use super::close::{CloseCode, Refusal};
use super::deflate::Inflater;
use super::frame::{self, Head, Mask};
use super::limits::reason;

/// What a message is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Text,
    Binary,
}

impl Kind {
    pub(super) fn opcode(self) -> Data {
        match self {
            Kind::Text => Data::Text,
            Kind::Binary => Data::Binary,
        }
    }
}

/// How much of a compressed message is taken in at once, so that a part of it has a bound too: no
/// byte becomes more than 1,032 of them, and so no part more than 1 MiB and 8 KiB.
const COMPRESSED_STEP: usize = 1024;

/// How much memory a message that is handed over in parts keeps from one to the next, in bytes.
const BUFFER_KEPT: usize = 64 * 1024;

/// A message, or a frame of one, that has not arrived whole.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) kind: Kind,
    /// What has arrived of it, for those who need it whole.
    pub(super) buffer: Buffer,
    /// Bytes that the current frame still has to bring.
    remaining: u64,
    /// The mask, turned so that it begins with the next byte.
    mask: Mask,
    is_final: bool,
    pub(super) is_compressed: bool,
    /// Some of it was handed over before the rest had come.
    pub(super) is_handed: bool,
    /// What it is inflated with: there from its first part on, if it is compressed.
    pub(super) inflater: Option<Box<Inflater>>,
    /// Bytes of all its frames so far, with those still to come of the current one.
    total: u64,
    fragments: u32,
}

/// What has arrived of a message: it grows with that, never by what was declared.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    /// The whole of it, for a binary message.
    bytes: Vec<u8>,
    /// Its whole characters, for a text.
    text: String,
    /// The character that has begun, of at most three bytes.
    tail: [u8; 4],
    tail_len: u8,
}

impl Partial {
    pub(super) fn new(kind: Kind, head: &Head) -> Self {
        Partial {
            kind,
            buffer: Buffer::default(),
            remaining: 0,
            mask: [0; 4],
            is_final: false,
            is_compressed: head.is_compressed,
            is_handed: false,
            inflater: None,
            total: 0,
            fragments: 0,
        }
    }

    /// Unmasks the next bytes of the current frame.
    pub(super) fn take(&mut self, bytes: &mut [u8]) {
        frame::unmask(bytes, self.mask);
        self.mask.rotate_left(bytes.len() % 4);
        self.remaining -= bytes.len() as u64;
    }

    /// Whether the last frame of the message has arrived to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.remaining == 0 && self.is_final
    }

    /// Takes in the head of the next frame; the message has `total` bytes with it.
    pub(super) fn begin(&mut self, head: &Head, total: u64) {
        self.remaining = head.len;
        self.mask = head.mask;
        self.is_final = head.is_final;
        self.total = total;
        self.fragments += 1;
    }

    /// How much of it is taken in at once, where `most` may be.
    #[inline]
    pub(super) fn step(&self, most: usize) -> usize {
        if self.is_compressed { most.min(COMPRESSED_STEP) } else { most }
    }

    /// Passes over the next bytes of the current frame.
    pub(super) fn skip(&mut self, n: usize) {
        self.remaining -= n as u64;
    }

    /// Bytes that the current frame still has to bring.
    pub(super) fn remaining(&self) -> usize {
        usize::try_from(self.remaining).unwrap_or(usize::MAX)
    }

    /// Whether that is more than none.
    #[inline]
    pub(super) fn is_inside(&self) -> bool {
        self.remaining > 0
    }

    /// Bytes and frames of the message so far.
    pub(super) fn so_far(&self) -> (u64, u32) {
        (self.total, self.fragments)
    }

    /// Bytes of memory that it is.
    pub(super) fn held(&self) -> usize {
        let inflater = self.inflater.as_ref().map_or(0, |inflater| inflater.held());
        size_of::<Self>() + self.buffer.capacity() + inflater
    }

    /// Takes in the next part of a message that is not compressed, and has at most `most` bytes.
    ///
    /// # Errors
    /// A text that cannot become UTF-8, at its first impossible byte.
    pub(super) fn append(&mut self, part: &[u8], most: u64) -> Result<(), Refusal> {
        self.buffer.append(self.kind, part, most)
    }

    /// The message, all of whose parts were taken in.
    ///
    /// # Errors
    /// A text that ends inside a character.
    pub(super) fn whole(&self) -> Result<Message<'_>, Refusal> {
        match self.kind {
            Kind::Text if self.buffer.tail_len > 0 => Err(NOT_UTF8),
            _ => Ok(self.so_far_whole()),
        }
    }

    /// What of it was taken in and not [`forgotten`](Partial::forget), but for the character that
    /// has begun.
    pub(super) fn so_far_whole(&self) -> Message<'_> {
        match self.kind {
            Kind::Binary => Message::Binary(&self.buffer.bytes),
            Kind::Text => Message::Text(&self.buffer.text),
        }
    }

    /// What was taken in has been handed over.
    pub(super) fn forget(&mut self) {
        self.buffer.bytes.clear();
        self.buffer.bytes.shrink_to(BUFFER_KEPT);
        self.buffer.text.clear();
        self.buffer.text.shrink_to(BUFFER_KEPT);
    }
}

/// What a text that is not UTF-8 is refused with.
pub(super) const NOT_UTF8: Refusal = Refusal { code: CloseCode::INVALID, reason: reason::NOT_UTF8 };

impl Buffer {
    pub(super) fn append(&mut self, kind: Kind, part: &[u8], most: u64) -> Result<(), Refusal> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        match kind {
            Kind::Binary => {
                let bytes = &mut self.bytes;
                bytes.reserve_exact(growth(bytes.len(), bytes.capacity(), part.len(), most));
                bytes.extend_from_slice(part);
                Ok(())
            }
            Kind::Text => self.append_text(part, most).ok_or(NOT_UTF8),
        }
    }

    /// None at the first byte that no UTF-8 can have there.
    fn append_text(&mut self, mut part: &[u8], most: usize) -> Option<()> {
        let more = part.len() + usize::from(self.tail_len);
        self.text.reserve_exact(growth(self.text.len(), self.text.capacity(), more, most));
        while self.tail_len > 0
            && let Some((&byte, rest)) = part.split_first()
        {
            let len = usize::from(self.tail_len);
            self.tail[len] = byte;
            part = rest;
            match str::from_utf8(&self.tail[..=len]) {
                Ok(char) => {
                    self.text.push_str(char);
                    self.tail_len = 0;
                }
                Err(error) if error.error_len().is_some() => return None,
                Err(_) => self.tail_len += 1,
            }
        }
        let whole = match str::from_utf8(part) {
            Ok(whole) => whole,
            Err(error) if error.error_len().is_some() => return None,
            Err(error) => {
                let (whole, begun) = part.split_at(error.valid_up_to());
                self.tail[..begun.len()].copy_from_slice(begun);
                self.tail_len = begun.len() as u8;
                str::from_utf8(whole).ok()?
            }
        };
        self.text.push_str(whole);
        Some(())
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity() + self.text.capacity()
    }
}

/// How much to reserve for `more` bytes: twice what there is, but no more than a message may have.
fn growth(len: usize, capacity: usize, more: usize, most: usize) -> usize {
    let needed = len + more;
    if needed <= capacity { 0 } else { needed.max((2 * capacity).min(most)) - len }
}
