//! What the client's side of a connection is told, and what it tells.

use std::fmt;

use super::encoder::WrongLength;
use super::event::Trailers;
use crate::http1::Value;
use crate::http1::syntax::flaw::reason;
use crate::http1::syntax::response::ResponseHead;

/// What a request says besides of its connection and its body.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// What becomes of the connection.
    pub connection: Connection<'a>,
    /// Whether the body waits.
    pub expect: Expect,
}

/// What becomes of a connection after a request.
#[derive(Clone, Copy, Debug)]
pub enum Connection<'a> {
    /// It goes on, if the server wants that too.
    Keep,
    /// It ends, and the server is told.
    Close,
    /// It is offered to speak that protocol.
    Upgrade(Value<'a>),
}

/// When the body of a request is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expect {
    /// At once.
    Nothing,
    /// When the server has asked for it, or [`proceed`](super::ClientSide::proceed) was called
    /// because it took too long.
    Continue,
}

impl How<'_> {
    /// The connection goes on, and the body is sent at once.
    pub const PLAIN: How<'static> = How { connection: Connection::Keep, expect: Expect::Nothing };
}

/// What happened on the receiving half.
#[derive(Clone, Copy, Debug)]
pub enum ClientEvent<'a> {
    /// An interim response (1xx); the final one follows.
    Interim(ResponseHead<'a>),
    /// The final response has begun.
    Response(ResponseHead<'a>),
    /// The next bytes of its body, out of their frame.
    Data(&'a [u8]),
    /// It is complete.
    End(Trailers<'a>),
    /// The server has switched, or made the tunnel that was asked for: what follows is of another
    /// protocol.
    Switched(ResponseHead<'a>),
    /// More bytes have to come.
    Wanting,
    /// No request is open.
    Idle,
    /// Nothing more is received.
    Closed,
}

/// A request, or a part of one, that does not fit where the connection is: a bug of the program.
/// Nothing was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientMisuse {
    /// Another request is open, or the connection takes no more.
    Busy,
    /// No body is to be sent: none was announced, it waits to be asked for, or the server wants no
    /// more of it.
    NotBegun,
    /// The body is longer or shorter than its head says.
    WrongLength,
}

/// The stream has ended, and the response is not whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// No byte of a response came: the server may not even have seen the request.
    Unanswered,
    /// It ended within a head, or between an interim response and the final one.
    Head,
    /// It ended within a body.
    Body,
}

impl Cut {
    /// The name under which it is counted.
    pub const fn reason(self) -> &'static str {
        match self {
            Cut::Unanswered => reason::UNANSWERED,
            Cut::Head => reason::HEAD_CUT,
            Cut::Body => reason::BODY_CUT,
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for Cut {}

impl fmt::Display for ClientMisuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ClientMisuse::Busy => "the connection takes no request now",
            ClientMisuse::NotBegun => "no body is to be sent",
            ClientMisuse::WrongLength => "the body is not as long as its head says",
        })
    }
}

impl std::error::Error for ClientMisuse {}

impl From<WrongLength> for ClientMisuse {
    fn from(_: WrongLength) -> Self {
        ClientMisuse::WrongLength
    }
}
