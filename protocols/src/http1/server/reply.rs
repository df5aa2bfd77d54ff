//! The answer to one request: written once, straight into the send buffer.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use std::ops::Range;

use bytes::Bytes;

use super::Server;
use super::open::Open;
use crate::contract::{DATE_LEN, File, Step, Tx};
use crate::http1::syntax::field::is_value;
use crate::http1::syntax::framing::Keep;
use crate::http1::wire::pen::{END_MAX, Pen, START_MAX};
use crate::http1::wire::{Encoder, Length, Method, Terms, fields_len, write_switch};
use crate::http1::{Name, Status, Value};

/// The right to answer one request.
///
/// It is used up by answering, and what that returns is what
/// [`Service::call`](super::Service::call) must return: so each request gets exactly one answer.
/// Date, length and `connection` are written by the server.
pub struct Reply<'a, S, M> {
    pub(super) tx: &'a mut Tx,
    date: [u8; DATE_LEN],
    terms: Terms,
    /// Whether the request's body has not ended.
    early: &'a Cell<bool>,
    machine: PhantomData<fn() -> (S, M)>,
}

/// An answer whose status and some of whose fields are written.
#[must_use = "it is no answer before it has a body, or none"]
pub struct Draft<'a, S, M> {
    pub(super) reply: Reply<'a, S, M>,
    status: Status,
    /// Whether `upgrade` was written, which `connection` must name.
    offers: bool,
}

/// That a request was answered, or will be: made by [`Reply`] alone.
#[must_use = "it is what a service returns"]
pub struct Answer<S, M> {
    pub(super) kind: Kind,
    pub(super) status: u16,
    /// How long its body is, as far as it is known.
    pub(super) sent: u64,
    pub(super) counts: Option<&'static str>,
    pub(super) next: Option<Step<Server<S>, M>>,
}

/// How far an answer has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// All of it is written.
    Whole(Keep),
    /// Its head is written, and its body follows.
    Stream(Encoder, Keep),
    /// Nothing is written.
    Later,
}

impl<S, M> Answer<S, M> {
    /// Counts it under that name: see [`Effects::count`](crate::contract::Effects::count).
    pub fn counted(self, name: &'static str) -> Self {
        Answer { counts: Some(name), ..self }
    }

    /// That the body of a streamed answer was sent.
    pub(super) fn sent(terms: Terms, open: &Open) -> Self {
        let keep = if terms.early { Keep::Close } else { terms.keep };
        Answer::new(Kind::Whole(keep), open.status, open.sent)
    }

    #[inline(always)]
    fn new(kind: Kind, status: u16, sent: u64) -> Self {
        Answer { kind, status, sent, counts: None, next: None }
    }
}

/// 101, which no service can choose.
const SWITCHING_PROTOCOLS: u16 = 101;

/// What the words of a status are sent as.
pub(super) const TEXT: &str = "text/plain; charset=utf-8";

impl<'a, S, M> Reply<'a, S, M> {
    #[inline]
    pub(super) fn new(
        tx: &'a mut Tx,
        date: [u8; DATE_LEN],
        terms: Terms,
        early: &'a Cell<bool>,
    ) -> Self {
        Reply { tx, date, terms, early, machine: PhantomData }
    }

    /// Whether the connection goes on after an answer that is complete now.
    #[inline(always)]
    fn keep(&self) -> Keep {
        if self.early.get() { Keep::Close } else { self.terms.keep }
    }

    /// Answers 200 with that body.
    ///
    /// # Panics
    /// If `content_type` has a control byte in it, which is a bug of the program.
    pub fn ok(self, content_type: &'static str, body: &[u8]) -> Answer<S, M> {
        self.whole(Status::OK, content_type, body)
    }

    /// Answers with nothing but the status, in words: what errors need.
    pub fn plain(self, status: Status) -> Answer<S, M> {
        self.whole(status, TEXT, status.text().as_bytes())
    }

    /// Answers 404.
    pub fn not_found(self) -> Answer<S, M> {
        self.plain(Status::NOT_FOUND)
    }

    /// Answers 400.
    pub fn bad_request(self) -> Answer<S, M> {
        self.plain(Status::BAD_REQUEST)
    }

    /// Answers 405 with the methods that would be served: `GET, HEAD`.
    pub fn method_not_allowed(self, allow: Value<'_>) -> Answer<S, M> {
        let status = Status::METHOD_NOT_ALLOWED;
        self.status(status)
            .header(Name::ALLOW, allow)
            .content_type(TEXT)
            .body(status.text().as_bytes())
    }

    /// Begins an answer with that status; fields and body follow.
    #[inline]
    pub fn status(mut self, status: Status) -> Draft<'a, S, M> {
        let status = self.terms.status(status);
        Pen::lend(self.tx, START_MAX, |pen| pen.start(status, &self.date));
        Draft { reply: self, status, offers: false }
    }

    /// The connection ends after this answer, which says so.
    pub fn close(mut self) -> Self {
        self.terms.keep = Keep::Close;
        self
    }

    /// Puts the answer off: [`Service::resume`](super::Service::resume) is called when something is
    /// new, until it answers. Other connections are served meanwhile; what is pipelined behind this
    /// request waits.
    pub fn later(self) -> Answer<S, M> {
        Answer::new(Kind::Later, 0, 0)
    }

    /// Answers `CONNECT` and goes on as `step` says, which is made by [`Step::becomes`]: from here
    /// on the connection is a tunnel, and bytes that the client sent behind its request are left in
    /// `io.rx` for the next state.
    ///
    /// Any other request is answered 501 instead, and `step` is dropped. So is a `CONNECT` that is
    /// answered 2xx in any other way, since its client would take that for the tunnel.
    pub fn tunnel(self, headers: &[(Name, Value<'_>)], step: Step<Server<S>, M>) -> Answer<S, M> {
        if self.terms.method != Method::Connect || self.early.get() {
            return self.plain(Status::NOT_IMPLEMENTED);
        }
        let Reply { tx, date, .. } = self;
        Pen::lend(tx, START_MAX + fields_len(headers) + 4, |pen| {
            pen.start(Status::OK, &date);
            headers.iter().for_each(|(name, value)| pen.field(*name, *value));
            pen.put(b"\r\n\r\n");
        });
        let answer = Answer::new(Kind::Whole(Keep::Open), Status::OK.code(), 0);
        Answer { next: Some(step), ..answer }
    }

    /// Answers 101 and goes on as `step` says, which is made by [`Step::becomes`]: the bytes that
    /// the client sent behind its request are left in `io.rx` for the next state.
    ///
    /// Whether the client offered this protocol, in its field `upgrade`, is for the service to
    /// check. A client that did not ask for an upgrade at all, or speaks HTTP/1.0, is answered 426
    /// instead, and `step` is dropped.
    pub fn switch(
        self,
        protocol: Value<'_>,
        headers: &[(Name, Value<'_>)],
        step: Step<Server<S>, M>,
    ) -> Answer<S, M> {
        if !self.terms.upgrade || self.early.get() {
            return self.status(Status::UPGRADE_REQUIRED).offer(protocol).empty();
        }
        write_switch(protocol, headers, self.tx);
        let answer = Answer::new(Kind::Whole(Keep::Open), SWITCHING_PROTOCOLS, 0);
        Answer { next: Some(step), ..answer }
    }

    /// The common answer in one piece.
    #[inline(always)]
    fn whole(mut self, status: Status, content_type: &'static str, body: &[u8]) -> Answer<S, M> {
        assert!(is_value(content_type.as_bytes()), "a content type with a control byte");
        let status = self.terms.status(status);
        let mut terms = self.terms;
        let (frame, encoder) = terms.frame(status, Length::Known(body.len() as u64));
        let body = if encoder == Encoder::Nothing { &[] } else { body };
        let (kind, keep) = (Value::unchecked(content_type), self.keep());
        let most = START_MAX + Name::CONTENT_TYPE.as_str().len() + 4 + content_type.len() + END_MAX;
        Pen::lend(self.tx, most + body.len(), |pen| {
            pen.start(status, &self.date);
            pen.field(Name::CONTENT_TYPE, kind);
            pen.end(frame, keep, false);
            pen.put(body);
        });
        Answer::new(Kind::Whole(keep), status.code(), body.len() as u64)
    }
}

impl<S, M> Draft<'_, S, M> {
    /// Adds a field.
    #[inline]
    pub fn header(self, name: Name, value: Value<'_>) -> Self {
        let most = name.as_str().len() + value.as_bytes().len() + 4;
        Pen::lend(self.reply.tx, most, |pen| pen.field(name, value));
        self
    }

    /// Adds a field that is a number.
    pub fn number(self, name: Name, value: u64) -> Self {
        let mut digits = itoa::Buffer::new();
        let value = Value::unchecked(digits.format(value));
        self.header(name, value)
    }

    /// Adds `content-type`.
    ///
    /// # Panics
    /// If it has a control byte in it, which is a bug of the program.
    pub fn content_type(self, content_type: &'static str) -> Self {
        self.header(Name::CONTENT_TYPE, Value::from_static(content_type))
    }

    /// Adds `upgrade`: a protocol that would be spoken (RFC 9110, section 7.8). 426 needs one.
    pub fn offer(mut self, protocol: Value<'_>) -> Self {
        const START: &[u8] = b"\r\nupgrade: ";
        Pen::lend(self.reply.tx, START.len() + protocol.as_bytes().len(), |pen| {
            pen.put(START);
            pen.put(protocol.as_bytes());
        });
        self.offers = true;
        self
    }

    /// The connection ends after this answer, which says so.
    pub fn close(mut self) -> Self {
        self.reply.terms.keep = Keep::Close;
        self
    }

    /// Ends the answer with a copy of that body.
    ///
    /// It is left out, as that of the two others, where the request or the status allows none: a
    /// HEAD is told its length, 204 and 304 are not.
    pub fn body(self, body: &[u8]) -> Answer<S, M> {
        self.end(body.len() as u64, |tx| tx.write(body))
    }

    /// Ends the answer with a body of the program, which is not copied if it is large.
    pub fn body_static(self, body: &'static [u8]) -> Answer<S, M> {
        self.end(body.len() as u64, |tx| tx.write_static(body))
    }

    /// Ends the answer with a body that other connections send too, which is not copied if it is
    /// large.
    pub fn body_shared(self, body: Bytes) -> Answer<S, M> {
        self.end(body.len() as u64, |tx| tx.share(body))
    }

    /// Ends the answer with an empty body.
    pub fn empty(self) -> Answer<S, M> {
        self.end(0, |_| ())
    }

    /// Ends the answer with bytes `range` of a file, which are read as they are sent: see
    /// [`Tx::send_file`].
    pub fn file(self, file: File, range: Range<u64>) -> Answer<S, M> {
        let length = range.end.saturating_sub(range.start);
        self.end(length, |tx| tx.send_file(file, range))
    }

    /// Begins a body that is sent in pieces: [`Service::send`](super::Service::send) is called
    /// until it is done. To a HEAD, and with a status that has no body, the answer is complete.
    pub fn stream(self, length: Length) -> Answer<S, M> {
        let keep = self.reply.keep();
        let Draft { reply: Reply { tx, mut terms, .. }, status, offers } = self;
        // Who waits for a 100 and hears this may send its body, or another request.
        if terms.waits && keep == Keep::Close {
            terms.keep = Keep::Close;
        }
        let (frame, encoder) = terms.frame(status, length);
        if encoder == Encoder::Nothing {
            Pen::lend(tx, END_MAX, |pen| pen.end(frame, keep, offers));
            return Answer::new(Kind::Whole(keep), status.code(), 0);
        }
        Pen::lend(tx, END_MAX, |pen| pen.end(frame, terms.keep, offers));
        Answer::new(Kind::Stream(encoder, terms.keep), status.code(), 0)
    }

    #[inline]
    fn end(self, length: u64, body: impl FnOnce(&mut Tx)) -> Answer<S, M> {
        let keep = self.reply.keep();
        let Draft { reply: Reply { tx, mut terms, .. }, status, offers } = self;
        let (frame, encoder) = terms.frame(status, Length::Known(length));
        Pen::lend(tx, END_MAX, |pen| pen.end(frame, keep, offers));
        if encoder == Encoder::Nothing {
            return Answer::new(Kind::Whole(keep), status.code(), 0);
        }
        body(tx);
        Answer::new(Kind::Whole(keep), status.code(), length)
    }
}

impl<S, M> fmt::Debug for Reply<'_, S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({:?})", self.terms)
    }
}

impl<S, M> fmt::Debug for Draft<'_, S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({})", self.status)
    }
}

impl<S, M> fmt::Debug for Answer<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.next {
            Some(_) => f.write_str("Answer(switch)"),
            None => write!(f, "Answer({:?})", self.kind),
        }
    }
}
