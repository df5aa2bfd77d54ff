//! Answers every request with what it was: its body, or its head where it has none.

use std::process::ExitCode;

use readily::http1::{Answer, Name, Reply, Request, Server, Service, Status, Value};
use readily::{Address, App, Desk, Machine, Never, Reactor};
use readily_examples::{Cli, Failure, Served, TEXT, listening, say, trace};

/// What a body is that does not say what it is.
const BYTES: Value<'_> = Value::from_static("application/octet-stream");
/// A browser is not to take a body for anything else than it is said to be.
const NO_GUESS: (Name, Value<'_>) =
    (Name::new("x-content-type-options"), Value::from_static("nosniff"));

/// A connection is only ever a web server's; its deadlines are those of HTTP.
#[derive(Machine)]
#[machine(app = Echoed)]
enum Conn {
    Http(Server<Echo>),
}

/// What all connections share.
#[derive(Default)]
struct Echoed {
    requests: u64,
    /// Of all bodies.
    bytes: u64,
}

impl App for Echoed {
    type Mail = Never;
    type Conn = Conn;
}

struct Echo;

impl Service<Conn> for Echo {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        desk: &mut Desk<'_, Echoed>,
    ) -> Answer<Self, Conn> {
        desk.app.requests += 1;
        let body = request.body();
        if body.is_empty() {
            return reply.ok(TEXT, &head(request));
        }
        desk.app.bytes += body.len() as u64;
        let kind = request.header("content-type").and_then(|kind| Value::new(kind).ok());
        let draft = reply.status(Status::OK).header(NO_GUESS.0, NO_GUESS.1);
        draft.header(Name::CONTENT_TYPE, kind.unwrap_or(BYTES)).body(body)
    }
}

/// The request line and the headers, as they came.
fn head(request: &Request<'_>) -> Vec<u8> {
    let line = format!("{} {} {}\n", request.method(), request.target(), request.version());
    request.headers().fold(line.into_bytes(), |head, (name, value)| {
        [head.as_slice(), name.as_bytes(), b": ", value, b"\n"].concat()
    })
}

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read(
        "Answers every request with its body, or with its head.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7005]"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7005")?;
    let mut reactor = Reactor::new(Echoed::default())?;
    trace(&cli, &mut reactor);
    let listened = reactor.listen(&at, |_, _| Some(Conn::Http(Server::new(Echo))));
    let bound = listening(&at, listened)?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    let Echoed { requests, bytes } = reactor.app();
    say(format_args!("requests {requests}, bytes of bodies {bytes}"));
    say(Served(&reactor));
    Ok(())
}
