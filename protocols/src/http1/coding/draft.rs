//! An answer in a coding: which fields it has, and whether it is coded at all.

use std::fmt;

use bytes::Bytes;

use super::Coding;
use super::codings::{BUSY, Wanted};
use super::squeeze::Squeeze;
use super::worth::{forbids_transform, is_worth, may_be_coded};
use crate::http1::{Answer, Draft, Length, Name, Reply, Status, Value};

const CONTENT_ENCODING: Name = Name::new("content-encoding");
const ACCEPT_ENCODING: Value<'_> = Value::from_static("accept-encoding");

impl<'a, S, M> Reply<'a, S, M> {
    /// Begins an answer whose body is compressed if the client takes that and it is of use: see
    /// [`Coded`].
    ///
    /// Do not use it for a body that holds both a secret and what a stranger sent: the length tells
    /// of the one by the other (the BREACH attack).
    ///
    /// # Panics
    /// If `content_type` has a control byte in it, which is a bug of the program.
    pub fn coded<'v>(
        self,
        wanted: &Wanted,
        status: Status,
        content_type: &'static str,
    ) -> Coded<'a, 'v, S, M> {
        let varies = may_be_coded(status) && is_worth(content_type.as_bytes());
        let draft = self.status(status).content_type(content_type);
        Coded { draft, wanted: wanted.clone(), varies, etag: None }
    }
}

/// An answer that may be compressed: made by [`Reply::coded`].
///
/// It is, unless
/// - the client did not ask for it, or asked by HEAD,
/// - the status is 204, 205, 206 or 304, or the type is not [worth](super::is_worth) it,
/// - the body is not within the [`Rules`](super::Rules), or becomes no smaller,
/// - a field says that it has a coding already, or must not be transformed.
///
/// `vary` is written wherever another client would get it in a coding. A strong `etag` becomes a
/// weak one when it is compressed, since the bytes are others (RFC 9110, section 8.8.3).
#[must_use = "it is no answer before it has a body"]
pub struct Coded<'a, 'v, S, M> {
    draft: Draft<'a, S, M>,
    wanted: Wanted,
    /// Whether some client would get it in a coding.
    varies: bool,
    /// Written at the end, when it is known whether it is a strong one.
    etag: Option<Value<'v>>,
}

impl<'a, 'v, S, M> Coded<'a, 'v, S, M> {
    /// Adds a field.
    pub fn header(mut self, name: Name, value: Value<'v>) -> Self {
        let is = |other: Name| name.as_str().eq_ignore_ascii_case(other.as_str());
        if is(Name::ETAG) {
            self.etag = Some(value);
            return self;
        }
        let forbids = is(CONTENT_ENCODING)
            || (is(Name::CACHE_CONTROL) && forbids_transform(value.as_bytes()));
        self.varies &= !forbids;
        self.draft = self.draft.header(name, value);
        self
    }

    /// The connection ends after this answer, which says so.
    pub fn close(mut self) -> Self {
        self.draft = self.draft.close();
        self
    }

    /// Ends the answer with that body, compressed or copied.
    pub fn body(self, body: &[u8]) -> Answer<S, M> {
        self.end(body, |draft| draft.body(body))
    }

    /// Ends the answer with a body of the program, compressed or as by [`Draft::body_static`].
    pub fn body_static(self, body: &'static [u8]) -> Answer<S, M> {
        self.end(body, |draft| draft.body_static(body))
    }

    /// Ends the answer with a shared body, compressed or as by [`Draft::body_shared`].
    pub fn body_shared(self, body: Bytes) -> Answer<S, M> {
        self.end(&body.clone(), |draft| draft.body_shared(body))
    }

    /// Begins a body that is sent in pieces through the [`Squeeze`], which the service keeps for
    /// [`Service::send`](crate::http1::Service::send): compressed it has no length in its head,
    /// whatever `length` says.
    pub fn stream(self, length: Length) -> (Answer<S, M>, Squeeze) {
        let Some(coding) = self.coding() else {
            return (self.settle(None).stream(length), Squeeze::default());
        };
        match self.wanted.codings.lease(coding) {
            Some(lease) => {
                let answer = self.settle(Some(coding)).stream(Length::Unknown);
                (answer, Squeeze::new(lease))
            }
            None => (self.settle(None).stream(length).counted(BUSY), Squeeze::default()),
        }
    }

    fn coding(&self) -> Option<Coding> {
        self.wanted.coding.filter(|_| self.varies)
    }

    fn end(self, body: &[u8], plain: impl FnOnce(Draft<'a, S, M>) -> Answer<S, M>) -> Answer<S, M> {
        let Some(coding) = self.coding() else { return plain(self.settle(None)) };
        let codings = self.wanted.codings.clone();
        codings.lend(coding, body, |coded| match coded {
            Some(coded) => self.settle(Some(coding)).body(coded),
            None => plain(self.settle(None)),
        })
    }

    /// Writes the fields that depend on whether it is coded.
    fn settle(self, coding: Option<Coding>) -> Draft<'a, S, M> {
        let mut draft = self.draft;
        if self.varies {
            draft = draft.header(Name::VARY, ACCEPT_ENCODING);
        }
        if let Some(coding) = coding {
            draft = draft.header(CONTENT_ENCODING, Value::from_static(coding.token()));
        }
        match self.etag {
            Some(etag) if coding.is_some() && !etag.as_bytes().starts_with(b"W/") => {
                let weak = [b"W/", etag.as_bytes()].concat();
                match Value::new(&weak) {
                    Ok(weak) => draft.header(Name::ETAG, weak),
                    // Not so: both parts are values.
                    Err(_) => draft,
                }
            }
            Some(etag) => draft.header(Name::ETAG, etag),
            None => draft,
        }
    }
}

impl<S, M> fmt::Debug for Coded<'_, '_, S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Coded({:?}, {:?})", self.draft, self.coding())
    }
}
