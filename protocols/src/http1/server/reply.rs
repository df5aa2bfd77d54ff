//! The answer to one request: written once, straight into the send buffer.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;

use crate::contract::{DATE_LEN, Step, Tx};

use super::Server;
use crate::http1::syntax::field::is_value;
use crate::http1::syntax::framing::Keep;
use crate::http1::syntax::status::Content;
use crate::http1::wire::pen::{END_MAX, Pen, START_MAX};
use crate::http1::{Name, Status, Value};

/// The right to answer one request.
///
/// It is used up by answering, and what that returns is what
/// [`Service::call`](super::Service::call) must return: so each request gets exactly one answer.
/// Date, length and `connection` are written by the server.
pub struct Reply<'a, S, M> {
    tx: &'a mut Tx,
    date: [u8; DATE_LEN],
    terms: Terms,
    machine: PhantomData<fn() -> (S, M)>,
}

/// What the request and the connection ask of the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) keep: Keep,
    /// Whether the body is left out, as for HEAD.
    pub(super) head_only: bool,
    /// Whether the client asked to speak another protocol.
    pub(super) upgrade: bool,
}

/// An answer whose status and some of whose fields are written.
#[must_use = "it is no answer before it has a body, or none"]
pub struct Draft<'a, S, M> {
    reply: Reply<'a, S, M>,
    status: Status,
    /// Whether `upgrade` was written, which `connection` must name.
    offers: bool,
}

/// That a request was answered: made by [`Reply`] alone.
#[must_use = "it is what a service returns"]
pub struct Answer<S, M> {
    pub(super) closes: bool,
    pub(super) counts: Option<&'static str>,
    pub(super) next: Option<Step<Server<S>, M>>,
}

impl<S, M> Answer<S, M> {
    /// Counts it under that name: see [`Effects::count`](crate::contract::Effects::count).
    pub fn counted(self, name: &'static str) -> Self {
        Answer { counts: Some(name), ..self }
    }

    #[inline(always)]
    fn written(keep: Keep) -> Self {
        Answer { closes: keep == Keep::Close, counts: None, next: None }
    }
}

/// What the words of a status are sent as.
pub(super) const TEXT: &str = "text/plain; charset=utf-8";

impl<'a, S, M> Reply<'a, S, M> {
    #[inline]
    pub(super) fn new(tx: &'a mut Tx, date: [u8; DATE_LEN], terms: Terms) -> Self {
        Reply { tx, date, terms, machine: PhantomData }
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
    pub fn status(self, status: Status) -> Draft<'a, S, M> {
        Pen::lend(self.tx, START_MAX, |pen| pen.start(status, &self.date));
        Draft { reply: self, status, offers: false }
    }

    /// The connection ends after this answer, which says so.
    pub fn close(mut self) -> Self {
        self.terms.keep = Keep::Close;
        self
    }

    /// Answers 101 and goes on as `step` says, which is made by [`Step::becomes`]: the bytes that
    /// the client sent behind its request are left in `io.rx` for the next state.
    ///
    /// A client that did not ask for an upgrade, or speaks HTTP/1.0, is answered 426 instead, and
    /// `step` is dropped.
    pub fn switch(
        self,
        protocol: Value<'_>,
        headers: &[(Name, Value<'_>)],
        step: Step<Server<S>, M>,
    ) -> Answer<S, M> {
        if !self.terms.upgrade {
            return self.status(Status::UPGRADE_REQUIRED).offer(protocol).empty();
        }
        const START: &[u8] =
            b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ";
        let length =
            |(name, value): &(Name, Value<'_>)| name.as_str().len() + value.as_bytes().len() + 4;
        let fields: usize = headers.iter().map(length).sum();
        let most = START.len() + protocol.as_bytes().len() + fields + 4;
        Pen::lend(self.tx, most, |pen| {
            pen.put(START);
            pen.put(protocol.as_bytes());
            for (name, value) in headers {
                pen.field(*name, *value);
            }
            pen.put(b"\r\n\r\n");
        });
        Answer { closes: false, counts: None, next: Some(step) }
    }

    /// The common answer in one piece.
    #[inline(always)]
    fn whole(self, status: Status, content_type: &'static str, body: &[u8]) -> Answer<S, M> {
        assert!(is_value(content_type.as_bytes()), "a content type with a control byte");
        let (kind, content, terms) = (Value::unchecked(content_type), status.content(), self.terms);
        let length = if content == Content::Any { body.len() } else { 0 };
        let body = if terms.head_only { &[] } else { &body[..length] };
        let most = START_MAX + Name::CONTENT_TYPE.as_str().len() + 4 + content_type.len() + END_MAX;
        Pen::lend(self.tx, most + body.len(), |pen| {
            pen.start(status, &self.date);
            pen.field(Name::CONTENT_TYPE, kind);
            pen.end(content, length, terms.keep, false);
            pen.put(body);
        });
        Answer::written(terms.keep)
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
        self.end(body.len(), |tx| tx.write(body))
    }

    /// Ends the answer with a body of the program, which is not copied if it is large.
    pub fn body_static(self, body: &'static [u8]) -> Answer<S, M> {
        self.end(body.len(), |tx| tx.write_static(body))
    }

    /// Ends the answer with a body that other connections send too, which is not copied if it is
    /// large.
    pub fn body_shared(self, body: Bytes) -> Answer<S, M> {
        self.end(body.len(), |tx| tx.share(body))
    }

    /// Ends the answer with an empty body.
    pub fn empty(self) -> Answer<S, M> {
        self.end(0, |_| ())
    }

    #[inline]
    fn end(self, length: usize, body: impl FnOnce(&mut Tx)) -> Answer<S, M> {
        let Draft { reply: Reply { tx, terms, .. }, status, offers } = self;
        let content = status.content();
        let length = if content == Content::Any { length } else { 0 };
        Pen::lend(tx, END_MAX, |pen| pen.end(content, length, terms.keep, offers));
        if content == Content::Any && !terms.head_only {
            body(tx);
        }
        Answer::written(terms.keep)
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
        f.write_str(match (&self.next, self.closes) {
            (Some(_), _) => "Answer(switch)",
            (None, true) => "Answer(close)",
            (None, false) => "Answer",
        })
    }
}
