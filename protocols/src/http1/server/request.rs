//! One request, as a service sees it.

use std::fmt;
use std::ops::Deref;

use crate::contract::{Address, Id, Remote, Secured};
use crate::http1::syntax::head::{Head, field_lines};
use crate::http1::syntax::headers::text;

/// One request, lent for one call: its head, and its body if that was waited for.
///
/// It dereferences to its [`Head`]. It was checked: the method is a token, the target is of the
/// form that the method takes, there is one host, and the framing is beyond doubt.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub(in crate::http1) head: Head<'a>,
    pub(in crate::http1) body: &'a [u8],
    pub(in crate::http1) trailers: &'a [u8],
    pub(in crate::http1) length: Option<u64>,
    pub(in crate::http1) number: u32,
    pub(in crate::http1) id: Id,
    pub(in crate::http1) from: &'a Remote,
}

impl<'a> Request<'a> {
    /// Its head.
    #[inline]
    pub fn head(&self) -> Head<'a> {
        self.head
    }

    /// The body: empty when there is none, or it is streamed.
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// How long the body is in bytes; none if it comes in chunks and was not waited for.
    #[inline]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The trailers of a body that was waited for. They are no headers: nothing that frames, routes
    /// or authorises a request can come here.
    pub fn trailers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        field_lines(self.trailers).map(|(name, value)| (text(name), value))
    }

    /// Which request of its connection it is, from 1: to tell late mail for an earlier one.
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The connection that it came on.
    #[inline]
    pub fn id(&self) -> Id {
        self.id
    }

    /// Where that connection comes from.
    pub fn from(&self) -> Address {
        self.from.address()
    }

    /// The other side of that connection.
    pub fn remote(&self) -> &'a Remote {
        self.from
    }

    /// What was agreed when that connection was secured; none on a plain one.
    pub fn secured(&self) -> Option<&'a Secured> {
        self.from.secured()
    }
}

impl<'a> Deref for Request<'a> {
    type Target = Head<'a>;

    #[inline]
    fn deref(&self) -> &Head<'a> {
        &self.head
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({} bytes)", self.head, self.body.len())
    }
}
