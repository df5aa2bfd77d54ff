//! One request: written once, straight into the send buffer.

use std::fmt;
use std::ops::Range;

use crate::contract::{File, Id, Tx};
use crate::http1::Value;
use crate::http1::syntax::asking::{Field, RequestLine};
use crate::http1::wire::{
    ClientSide, Connection, Expect, How, Length, Saying, write_field, write_line,
};

/// The right to make one request.
///
/// It is used up, and what that returns is what [`Caller::next`](super::Caller::next) must return.
/// Host, length and `connection` are written by the client.
pub struct Begin<'a> {
    pub(super) tx: &'a mut Tx,
    pub(super) wire: &'a mut ClientSide,
    pub(super) id: Id,
}

/// A request whose line and some of whose fields are written.
#[must_use = "it is no request before it has a body, or none"]
pub struct Draft<'a> {
    begin: Begin<'a>,
    line: RequestLine<'a>,
    connection: Connection<'static>,
}

/// What comes next on a connection that is free: made by [`Begin`] alone.
#[derive(Debug)]
#[must_use = "it is what a caller returns"]
pub struct Asked(pub(super) Kind);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Idle,
    Finish,
    /// A request was begun; it is idempotent or not.
    Begun {
        idempotent: bool,
    },
}

impl<'a> Begin<'a> {
    /// The connection: where mail to this caller goes, and by which the application is told of its
    /// end.
    pub fn id(&self) -> Id {
        self.id
    }

    /// There is nothing to ask now.
    pub fn idle(self) -> Asked {
        Asked(Kind::Idle)
    }

    /// The connection is not needed any more.
    pub fn finish(self) -> Asked {
        Asked(Kind::Finish)
    }

    /// Begins a request; fields and body follow.
    pub fn request<'b>(self, line: RequestLine<'b>) -> Draft<'b>
    where
        'a: 'b,
    {
        write_line(&line, self.tx);
        Draft { begin: self, line, connection: Connection::Keep }
    }
}

impl Draft<'_> {
    /// Adds a field.
    pub fn header(self, field: Field<'_>) -> Self {
        write_field(&field, self.begin.tx);
        self
    }

    /// The connection ends after the response, and the server is told so.
    pub fn close(mut self) -> Self {
        self.connection = Connection::Close;
        self
    }

    /// Without a body.
    pub fn empty(self) -> Asked {
        self.body(&[])
    }

    /// With that body.
    pub fn body(self, body: &[u8]) -> Asked {
        self.whole(body.len() as u64, |tx| tx.write(body))
    }

    /// With bytes `range` of a file as its body, which are read as they are sent.
    pub fn file(self, file: File, range: Range<u64>) -> Asked {
        self.whole(range.end.saturating_sub(range.start), |tx| tx.send_file(file, range))
    }

    /// With a body that [`Caller::send`](super::Caller::send) writes as the server takes it.
    pub fn stream(self, length: Length) -> Asked {
        self.end(length, Expect::Nothing)
    }

    /// The same, once the server has asked for it (`Expect: 100-continue`), or has not answered for
    /// [`continue_time`](super::ClientLimits::continue_time). A final response before that stops
    /// it: nothing of the body is sent, and the connection ends.
    pub fn stream_after_continue(self, length: Length) -> Asked {
        self.end(length, Expect::Continue)
    }

    /// Without a body, and offers to go on in that protocol:
    /// [`Caller::switched`](super::Caller::switched), if the server takes it.
    pub fn upgrade(self, protocol: Value<'_>) -> Asked {
        let Draft { begin: Begin { tx, wire, .. }, line, .. } = self;
        let how = How { connection: Connection::Upgrade(protocol), expect: Expect::Nothing };
        wire.begin(&line, Length::Known(0), how, tx);
        wire.sending = Saying::Done;
        Asked(Kind::Begun { idempotent: line.is_idempotent() })
    }

    fn whole(self, length: u64, put: impl FnOnce(&mut Tx)) -> Asked {
        let Draft { begin: Begin { tx, wire, .. }, line, connection } = self;
        let how = How { connection, expect: Expect::Nothing };
        wire.begin(&line, Length::Known(length), how, tx);
        if length > 0 && line.takes_content() {
            put(tx);
        }
        wire.sending = Saying::Done;
        Asked(Kind::Begun { idempotent: line.is_idempotent() })
    }

    fn end(self, length: Length, expect: Expect) -> Asked {
        let Draft { begin: Begin { tx, wire, .. }, line, connection } = self;
        wire.begin(&line, length, How { connection, expect }, tx);
        Asked(Kind::Begun { idempotent: line.is_idempotent() })
    }
}

impl fmt::Debug for Begin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Begin")
    }
}

impl fmt::Debug for Draft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({} {})", self.line.method(), self.line.target())
    }
}
