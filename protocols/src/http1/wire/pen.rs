//! Writes the head of an answer into memory that the send buffer lends.

use crate::contract::DATE_LEN;

use super::out::Out;
use crate::http1::syntax::framing::Keep;
use crate::http1::syntax::status::{LINE_MAX, Status};
use crate::http1::{Name, Value};

/// The longest first part of a head: status line and date.
pub(in crate::http1) const START_MAX: usize = LINE_MAX + DATE_LEN;

/// The longest last part: connection, length, and the empty line.
pub(in crate::http1) const END_MAX: usize = 96;

/// A place in lent memory that moves on with what is written.
pub(in crate::http1) struct Pen<'a> {
    to: &'a mut [u8],
    at: usize,
}

impl Pen<'_> {
    /// Lends `n` bytes of `tx` to `write`: no less than it writes.
    #[inline]
    pub(in crate::http1) fn lend(tx: &mut impl Out, n: usize, write: impl FnOnce(&mut Pen<'_>)) {
        tx.fill(n, |to| {
            let mut pen = Pen { to, at: 0 };
            write(&mut pen);
            pen.at
        });
    }

    #[inline]
    pub(in crate::http1) fn put(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        self.to[self.at..end].copy_from_slice(bytes);
        self.at = end;
    }

    /// At most [`START_MAX`] bytes.
    #[inline(always)]
    pub(in crate::http1) fn start(&mut self, status: Status, date: &[u8; DATE_LEN]) {
        match status.line() {
            Some(line) => self.put(line.as_bytes()),
            None => {
                self.put(b"HTTP/1.1 ");
                self.put(itoa::Buffer::new().format(status.code()).as_bytes());
                self.put(b" \r\ndate: ");
            }
        }
        self.put(date);
    }

    /// As many bytes as the name and the value have, and four.
    #[inline(always)]
    pub(in crate::http1) fn field(&mut self, name: Name, value: Value<'_>) {
        self.put(b"\r\n");
        self.put(name.as_str().as_bytes());
        self.put(b": ");
        self.put(value.as_bytes());
    }

    /// At most [`END_MAX`] bytes: `connection`, what says how the body ends, and the empty line.
    #[inline(always)]
    pub(in crate::http1) fn end(&mut self, frame: Frame, keep: Keep, offers: bool) {
        match (keep, offers) {
            (Keep::Open, false) => {}
            (Keep::Told, false) => self.put(b"\r\nconnection: keep-alive"),
            (Keep::Close, false) => self.put(b"\r\nconnection: close"),
            (Keep::Open, true) => self.put(b"\r\nconnection: upgrade"),
            (Keep::Told, true) => self.put(b"\r\nconnection: keep-alive, upgrade"),
            (Keep::Close, true) => self.put(b"\r\nconnection: close, upgrade"),
        }
        match frame {
            Frame::Length(length) => {
                self.put(b"\r\ncontent-length: ");
                self.put(itoa::Buffer::new().format(length).as_bytes());
                self.put(b"\r\n\r\n");
            }
            Frame::Chunked => self.put(b"\r\ntransfer-encoding: chunked\r\n\r\n"),
            Frame::Unsaid => self.put(b"\r\n\r\n"),
        }
    }
}

/// What a head says of the end of its body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Frame {
    Length(u64),
    Chunked,
    /// Nothing: there is no body, or the end of the stream ends it.
    Unsaid,
}
