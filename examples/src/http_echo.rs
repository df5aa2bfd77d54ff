//! An echo over HTTP: each body goes back as it comes, of any length, in constant memory.
//!
//! A body with a length is answered with that length, one in chunks with chunks, and its trailers
//! follow. A client that waits for `100 Continue` is sent one before the answer begins.

use readily::http1::{
    Answer, Flow, Incoming, Intake, Length, Name, Outgoing, Reply, Request, Server, Service,
    Status, Value,
};
use readily::{App, Desk, Machine, Never};

use crate::TEXT;

/// What a body is that does not say what it is.
const BYTES: Value<'_> = Value::from_static("application/octet-stream");
/// A browser is not to take a body for anything else than it is said to be.
const NO_GUESS: (Name, Value<'_>) =
    (Name::new("x-content-type-options"), Value::from_static("nosniff"));

/// What all connections share.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Echoed {
    /// Requests that were answered, or begun to be.
    pub requests: u64,
    /// Bytes of all bodies.
    pub bytes: u64,
}

/// The application of the examples that are nothing but this echo.
#[derive(Default, Debug)]
pub struct All(pub Echoed);

impl App for All {
    type Mail = Never;
    type Conn = Conn;
}

impl AsMut<Echoed> for All {
    fn as_mut(&mut self) -> &mut Echoed {
        &mut self.0
    }
}

/// A connection of theirs is only ever a web server's; its deadlines are those of HTTP.
#[derive(Machine, Debug)]
#[machine(app = All)]
pub enum Conn {
    /// An echo.
    Http(Server<Echo>),
}

impl Conn {
    /// As a connection begins.
    pub fn new() -> Self {
        Conn::Http(Server::new(Echo::default()))
    }
}

impl Default for Conn {
    fn default() -> Self {
        Conn::new()
    }
}

/// The service of one connection. Between two requests it holds nothing.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Echo(Option<Box<Body>>);

/// A body that is under way.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Body {
    kind: Box<[u8]>,
    length: Length,
}

/// An application that counts them.
pub trait Counts: App + AsMut<Echoed> {}

impl<A: App + AsMut<Echoed>> Counts for A {}

impl<M: Machine<App: Counts>> Service<M> for Echo {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        desk.app.as_mut().requests += 1;
        let length = match request.length() {
            Some(0) => return reply.ok(TEXT, &head(request)),
            Some(length) => Length::Known(length),
            None => Length::Unknown,
        };
        let kind = request.header("content-type").unwrap_or(BYTES.as_bytes()).into();
        self.0 = Some(Box::new(Body { kind, length }));
        // The answer begins when the body does: a client that waits to be asked for it takes
        // nothing else first.
        reply.later()
    }

    fn intake(&mut self, _: &Request<'_>) -> Intake {
        Intake::Stream
    }

    fn resume(
        &mut self,
        body: &mut Incoming<'_>,
        reply: Reply<'_, Self, M>,
        _: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        if body.bytes().is_empty() && !body.is_ended() {
            return reply.later();
        }
        let Some(Body { kind, length }) = self.0.take().map(|body| *body) else {
            return reply.plain(Status::INTERNAL_SERVER_ERROR);
        };
        let draft = reply.status(Status::OK).header(NO_GUESS.0, NO_GUESS.1);
        draft.header(Name::CONTENT_TYPE, Value::new(&kind).unwrap_or(BYTES)).stream(length)
    }

    fn send(
        &mut self,
        body: &mut Incoming<'_>,
        out: &mut Outgoing<'_>,
        desk: &mut Desk<'_, M::App>,
    ) -> Flow {
        loop {
            let bytes = body.bytes();
            let n = bytes.len().min(out.room());
            if n == 0 {
                break;
            }
            out.write(&bytes[..n]);
            body.consume(n);
            desk.app.as_mut().bytes += n as u64;
        }
        if !body.is_ended() {
            return Flow::Wait;
        }
        out.pass_trailers(body.trailers());
        Flow::Done
    }
}

/// The request line and the headers, as they came.
fn head(request: &Request<'_>) -> Vec<u8> {
    let line = format!("{} {} {}\n", request.method(), request.target(), request.version());
    request.headers().fold(line.into_bytes(), |head, (name, value)| {
        [head.as_slice(), name.as_bytes(), b": ", value, b"\n"].concat()
    })
}
