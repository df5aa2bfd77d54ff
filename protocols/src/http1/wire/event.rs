//! What happens on the receiving half, and how the sending one may be misused.

use std::fmt;

use super::encoder::WrongLength;
use crate::http1::syntax::head::{Head, field_lines};
use crate::http1::syntax::headers::text;

/// What [`ServerSide::receive`](super::ServerSide::receive) found.
#[derive(Clone, Copy, Debug)]
pub struct Received<E> {
    /// How many of the bytes that were shown are done with: drop them from the buffer, after the
    /// event was looked at.
    pub used: usize,
    /// What they are.
    pub event: E,
}

/// What happened on the receiving half.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A request has begun.
    Request(Head<'a>),
    /// The next bytes of its body, out of their frame.
    Data(&'a [u8]),
    /// It is complete.
    End(Trailers<'a>),
    /// More bytes have to come.
    Wanting,
    /// What comes next is looked at when the answer is complete.
    Paused,
    /// Nothing more is received: close when the answer is sent.
    Closed,
    /// What follows is of the protocol that was switched to.
    Switched,
}

/// The trailers of a body in chunks; empty for any other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trailers<'a>(pub(in crate::http1) &'a [u8]);

impl<'a> Trailers<'a> {
    /// All fields in their order, without the space around their values.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        field_lines(self.0).map(|(name, value)| (text(name), value))
    }
}

/// An answer, or a part of one, that does not fit where the connection is: a bug of the program.
/// Nothing was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Misuse {
    /// No request waits for its answer.
    NotAsked,
    /// No answer is being sent.
    NotBegun,
    /// The body is longer or shorter than its head says.
    WrongLength,
    /// The client did not ask to switch.
    NotOffered,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::NotAsked => "no request waits for an answer",
            Misuse::NotBegun => "no answer is being sent",
            Misuse::WrongLength => "the body is not as long as its head says",
            Misuse::NotOffered => "the client did not ask to switch",
        })
    }
}

impl std::error::Error for Misuse {}

impl From<WrongLength> for Misuse {
    fn from(_: WrongLength) -> Self {
        Misuse::WrongLength
    }
}
