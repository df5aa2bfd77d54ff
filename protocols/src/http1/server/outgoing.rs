//! The body of an answer, as the socket takes it.

use std::ops::Range;

use bytes::Bytes;

use crate::contract::{File, Tx};
use crate::http1::syntax::field::may_trail;
use crate::http1::wire::{Encoder, FRAME_MAX, WrongLength, as_bytes};
use crate::http1::{Name, Value};

/// The body of an answer that is being sent, for one call: what is written goes into its frame.
///
/// A body that is longer or shorter than its head announced cuts the connection, since the peer
/// would wait for the rest or take it for the next answer.
#[derive(Debug)]
pub struct Outgoing<'a> {
    pub(in crate::http1) tx: &'a mut Tx,
    pub(in crate::http1) encoder: &'a mut Encoder,
    pub(in crate::http1) sent: &'a mut u64,
    /// Whether its end was written.
    pub(in crate::http1) ended: bool,
    pub(in crate::http1) wrong: bool,
}

impl Outgoing<'_> {
    /// How many bytes may be written now. At zero, wait: the service is called again.
    pub fn room(&self) -> usize {
        self.tx.room().saturating_sub(FRAME_MAX)
    }

    /// How many bytes of this connection wait to be sent, those of files included. A service that
    /// sends files in parts queues the next when it is called again.
    pub fn pending(&self) -> usize {
        self.tx.len()
    }

    /// Whether little enough waits that the service is not called again for it.
    pub fn is_low(&self) -> bool {
        self.tx.is_low()
    }

    /// How many bytes of the body were written.
    pub fn sent(&self) -> u64 {
        *self.sent
    }

    /// Writes a copy of `data`.
    pub fn write(&mut self, data: &[u8]) {
        self.frame(data.len() as u64, |tx| tx.write(data));
    }

    /// Writes bytes that other connections send too, without copying them.
    pub fn share(&mut self, data: Bytes) {
        self.frame(data.len() as u64, |tx| tx.share(data));
    }

    /// Writes bytes `range` of a file, which are read as they are sent: see
    /// [`Tx::send_file`].
    pub fn send_file(&mut self, file: File, range: Range<u64>) {
        let length = range.end.saturating_sub(range.start);
        self.frame(length, |tx| tx.send_file(file, range));
    }

    /// Writes the end with these trailers, which are sent if the body is in chunks. Nothing may
    /// follow but [`Flow::Done`](super::Flow::Done).
    pub fn trailers(&mut self, trailers: &[(Name, Value<'_>)]) {
        self.end(as_bytes(trailers));
    }

    /// The same with trailers that a peer sent. Those that frame or route a message, or are no
    /// sound
    /// fields, are dropped; says how many.
    pub fn pass_trailers<'t>(
        &mut self,
        trailers: impl IntoIterator<Item = (&'t str, &'t [u8])>,
    ) -> usize {
        let mut dropped = 0;
        let sound = trailers.into_iter().filter_map(|(name, value)| {
            let is_sound = may_trail(name.as_bytes()) && Value::new(value).is_ok();
            dropped += usize::from(!is_sound);
            is_sound.then_some((name.as_bytes(), value))
        });
        self.end(sound);
        dropped
    }

    fn end<'t>(&mut self, trailers: impl Iterator<Item = (&'t [u8], &'t [u8])>) {
        let ended = self.encoder.end(trailers, self.tx);
        self.note(ended);
        self.ended = true;
    }

    fn frame(&mut self, length: u64, put: impl FnOnce(&mut Tx)) {
        if self.ended {
            return self.note(Err(WrongLength));
        }
        let written = self.encoder.frame(length, self.tx, put);
        *self.sent += length;
        self.note(written);
    }

    fn note(&mut self, result: Result<(), WrongLength>) {
        self.wrong |= result.is_err();
    }
}
