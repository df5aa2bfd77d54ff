//! Sends back each message of a WebSocket, at any path; a browser is shown a page to try it.

use std::process::ExitCode;

use readily::http1::{Answer, Reply, Request, Server, Service};
use readily::websocket::{Handler, Limits, Message, NotSent, Socket, WebSocket, upgrade};
use readily::{Address, App, Desk, Fault, Listen, Machine, Mio, Never, Reactor};
use readily_examples::certificate::{Identity, SECURED, SERVER_CHOICES};
use readily_examples::web_socket::{CHOICES, Choices};
use readily_examples::{Cli, Failure, HTML, Served, listening, say, trace};

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
        // A message is handed over only while there is room for an answer.
        socket
            .message(message)
            .map_err(|_: NotSent| Fault::Local("ws_echo: no room for an answer"))?;
        socket.app.messages += 1;
        socket.app.bytes += message.len() as u64;
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
    let ([deflate, max_message, protocol], [cert, key, cert_out]) = (CHOICES, SERVER_CHOICES);
    let cli = Cli::read(
        "Sends back each message of a WebSocket; at `/` a browser can try it.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7006]"),
            deflate,
            max_message,
            protocol,
            SECURED,
            cert,
            key,
            cert_out,
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7006")?;
    let choices = Choices::read(&cli)?;
    let tls = Identity::asked(&cli)?.map(|identity| identity.server(&["http/1.1"])).transpose()?;
    let mut reactor = Reactor::with(Echoed::default(), Mio::new()?, choices.config())?;
    trace(&cli, &mut reactor);
    let listen = Listen { tls: tls.map(Into::into), ..Listen::default() };
    let door = move || Conn::Http(Server::new(Door(choices)));
    let (_, bound) = listening(&at, reactor.listen_with(&at, listen, move |_, _| Some(door())))?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    let Echoed { upgraded, messages, bytes } = reactor.app();
    say(format_args!("WebSockets {upgraded}, messages {messages}, bytes {bytes}"));
    say(Served(&reactor));
    Ok(())
}
