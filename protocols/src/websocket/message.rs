//! What is sent and heard.

use super::assembly::Kind;
#[cfg(doc)]
use super::{Handler, Limits};

/// One message of the peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Message<'a> {
    /// A text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

impl Message<'_> {
    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.parts().1.len()
    }

    /// What it is, and its bytes.
    #[inline]
    pub(super) fn parts(&self) -> (Kind, &[u8]) {
        match self {
            Message::Text(text) => (Kind::Text, text.as_bytes()),
            Message::Binary(bytes) => (Kind::Binary, bytes),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A part of a message: as it comes, or as it is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part<'a> {
    /// What it is a part of, and its bytes: a text is cut between two characters only.
    pub message: Message<'a>,
    /// Where in its message it is.
    pub place: Place,
}

/// Where in its message a part is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// It is the whole of it.
    Only,
    /// More follows.
    First,
    /// Some came before, and more follows.
    Middle,
    /// Nothing follows.
    Last,
}

/// How a handler takes what arrives.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Intake {
    /// Messages as a whole: [`Handler::message`].
    #[default]
    Whole,
    /// Parts of messages as they come, however long a message is: [`Handler::part`]. See
    /// [`Limits::STREAMED`].
    Stream,
    /// Nothing now: the peer is not read from until the connection is woken and this is another.
    /// While something of it waits for that it is not asked whether it is there, and has all the
    /// time that there is: for how long, is the handler's business.
    Hold,
}

/// Whether mail was for this handler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// It was.
    Taken,
    /// It was not, and is counted.
    Ignored,
}
