//! Sends back each message of a WebSocket, at any path; a browser is shown a page to try it.

use std::process::ExitCode;

use readily::http1::{Answer, Reply, Request, Server, Service};
use readily::websocket::{
    Deflate, Handler, Limits, Message, NotSent, Origins, Socket, Terms, WebSocket, upgrade,
};
use readily::{Address, App, Config, Desk, Fault, Machine, Mio, Never, Reactor};
use readily_examples::{Cli, Failure, HTML, Served, Usage, listening, say, trace};

/// The page, whole: it fetches nothing.
const PAGE: &[u8] = include_bytes!("src/pages/ws_echo.html");

/// A connection begins as a web server's. The deadlines are those of the two protocols.
#[derive(Machine)]
#[machine(app = Echoed)]
enum Conn {
    #[becomes(Echo)]
    Http(Server<Door>),
    Echo(WebSocket<Echo>),
}

/// What is chosen once, at the start.
#[derive(Clone, Copy)]
struct Choices {
    limits: &'static Limits,
    /// The subprotocol that is agreed to, if any.
    protocols: &'static [&'static str],
}

/// What all connections share.
#[derive(Default)]
struct Echoed {
    upgraded: u64,
    messages: u64,
    bytes: u64,
}

impl App for Echoed {
    type Mail = Never;
    type Conn = Conn;
}

struct Door(Choices);

impl Service<Conn> for Door {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, Echoed>,
    ) -> Answer<Self, Conn> {
        let shown = matches!(request.method(), "GET" | "HEAD") && request.path() == "/";
        if shown && request.header("upgrade").is_none() {
            return reply.ok(HTML, PAGE);
        }
        upgrade(request, reply, Echo(self.0))
    }
}

struct Echo(Choices);

impl Handler<Echoed> for Echo {
    fn open(&mut self, socket: &mut Socket<'_, Echoed>) -> Result<(), Fault> {
        socket.app.upgraded += 1;
        Ok(())
    }

    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, Echoed>,
    ) -> Result<(), Fault> {
        let (sent, length) = match message {
            Message::Text(text) => (socket.text(text), text.len()),
            Message::Binary(bytes) => (socket.binary(bytes), bytes.len()),
        };
        // A message is handed over only while there is room for an answer.
        sent.map_err(|_: NotSent| Fault::Local("ws_echo: no room for an answer"))?;
        socket.app.messages += 1;
        socket.app.bytes += length as u64;
        Ok(())
    }

    fn protocols(&self) -> &[&'static str] {
        self.0.protocols
    }

    fn limits(&self) -> &Limits {
        self.0.limits
    }
}

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read(
        "Sends back each message of a WebSocket; at `/` a browser can try it.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7006]"),
            ("--deflate", "", "compress messages where the client agrees (permessage-deflate)"),
            ("--max-message", "BYTES", "the longest message [1048576]"),
            ("--protocol", "NAME", "the subprotocol that is agreed to where it is offered"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7006")?;
    let choices = choices(&cli)?;
    let mut config = Config::default();
    // An answer is as long as its message, and one may wait behind another.
    let longest = usize::try_from(choices.limits.message_max).unwrap_or(usize::MAX);
    config.send_marks.cap = config.send_marks.cap.max(2 * longest + config.send_marks.high);
    let mut reactor = Reactor::with(Echoed::default(), Mio::new()?, config)?;
    trace(&cli, &mut reactor);
    let listened = reactor.listen(&at, move |_, _| Some(Conn::Http(Server::new(Door(choices)))));
    let bound = listening(&at, listened)?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    let Echoed { upgraded, messages, bytes } = reactor.app();
    say(format_args!("WebSockets {upgraded}, messages {messages}, bytes {bytes}"));
    say(Served(&reactor));
    Ok(())
}

/// The longest message that may be asked for: it is held whole.
const MESSAGE_MOST: u64 = 256 * 1024 * 1024;

/// What the command line says. It is said once, and every connection refers to it.
fn choices(cli: &Cli) -> Result<Choices, Failure> {
    let default = Limits::DEFAULT;
    let longest = cli.parse("--max-message", "1048576")?;
    if !(1..=MESSAGE_MOST).contains(&longest) {
        return Err(Usage(format!("--max-message {longest}: 1 to {MESSAGE_MOST}")).into());
    }
    let deflate = if cli.is_set("--deflate") { Deflate::On(Terms::SHARED) } else { Deflate::Off };
    let limits = Limits {
        // Some browsers send a message in one frame, however long it is.
        frame_max: longest,
        message_max: longest,
        fragments_max: default.fragments_max.max((longest / 64) as u32),
        // Any page may ask: nothing is known here, and nothing hidden.
        origins: Origins::Any,
        deflate,
        ..default
    };
    let protocols = cli.value("--protocol").map(|name| -> &'static str { name.to_owned().leak() });
    Ok(Choices {
        limits: Box::leak(Box::new(limits)),
        protocols: Vec::leak(protocols.into_iter().collect()),
    })
}
