//! From a request to a WebSocket: what is answered, and that no byte behind it is lost.

use std::time::Instant;

use readily_protocols::contract::{
    App, Desk, Diagram, Edge, Fault, Io, Machine, Next, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::echo::Echo;
use readily_protocols::http1::{Answer, Reply, Request, Server, Service};
use readily_protocols::testing::Script;
use readily_protocols::websocket::{
    Deflate, Handler, Handshake, Limits, Message, NotSent, Origins, Socket, Solo, Terms, Tunnel,
    WebSocket, reason, upgrade,
};

use crate::client::*;

#[derive(Debug)]
struct World;

impl App for World {
    type Mail = ();
    type Conn = Conn;
}

#[derive(Debug)]
enum Conn {
    Http(Server<Site>),
    Socket(WebSocket<Talk>),
    Tunnel(Tunnel<Solo<World, Echo>>),
}

#[derive(Debug)]
struct Site(Limits);

/// Says hello, and echoes.
#[derive(Debug)]
struct Talk(Limits);

impl Service<Conn> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, World>,
    ) -> Answer<Self, Conn> {
        match request.path() {
            "/talk" => upgrade(request, reply, Talk(self.0)),
            "/tunnel" => match Handshake::check(request, &self.0) {
                Ok(handshake) => handshake.accept(reply, Tunnel::new(Solo::new(Echo))),
                Err(rejection) => rejection.answer(reply),
            },
            _ => reply.not_found(),
        }
    }
}

impl Handler<World> for Talk {
    fn open(&mut self, socket: &mut Socket<'_, World>) -> Result<(), Fault> {
        socket.text("hello").map_err(|_| Fault::Local("no room for a word"))
    }

    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, World>,
    ) -> Result<(), Fault> {
        socket.message(message).map_err(|_: NotSent| Fault::Local("no room for an answer"))
    }

    fn limits(&self) -> &Limits {
        &self.0
    }
}

impl Edge<Server<Site>, WebSocket<Talk>> for Conn {
    fn enter(to: WebSocket<Talk>) -> Self {
        Conn::Socket(to)
    }
}

impl Edge<Server<Site>, Tunnel<Solo<World, Echo>>> for Conn {
    fn enter(to: Tunnel<Solo<World, Echo>>) -> Self {
        Conn::Tunnel(to)
    }
}

const fn state(name: &'static str, becomes: &'static [usize]) -> StateInfo {
    StateInfo { name, becomes, timeouts: Timeouts::NONE }
}

impl Machine for Conn {
    type App = World;
    const STATES: &'static [StateInfo] =
        &[state("Http", &[1, 2]), state("Socket", &[]), state("Tunnel", &[])];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        match self {
            Conn::Http(http) => Step::settle(State::<Conn>::advance(http, io), self),
            Conn::Socket(socket) => Step::settle(State::<Conn>::advance(socket, io), self),
            Conn::Tunnel(tunnel) => Step::settle(State::<Conn>::advance(tunnel, io), self),
        }
    }

    fn expire(&mut self, why: Reason, _: &mut Io<'_, World>) -> Result<Next, Fault> {
        Err(Fault::TimedOut(why))
    }

    fn receive(&mut self, (): (), _: &mut Io<'_, World>) -> Result<Next, Fault> {
        Ok(Next::Ignore)
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn state(&self) -> usize {
        match self {
            Conn::Http(_) => 0,
            Conn::Socket(_) => 1,
            Conn::Tunnel(_) => 2,
        }
    }
}

fn script(limits: Limits) -> Script<Conn> {
    Script::with_app(Conn::Http(Server::new(Site(limits))), World)
}

/// The request of RFC 6455, section 1.3, with these lines changed, added (behind a `+`) or, where
/// nothing follows the name, left out.
fn request(changes: &[&str]) -> Vec<u8> {
    let mut lines = vec![
        "GET /talk HTTP/1.1".to_owned(),
        "Host: localhost".into(),
        "Upgrade: websocket".into(),
        "Connection: Upgrade".into(),
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==".into(),
        "Sec-WebSocket-Version: 13".into(),
    ];
    for change in changes {
        let name = change.split_inclusive([':', ' ']).next().expect("a name");
        if let Some(added) = change.strip_prefix('+') {
            lines.push(added.to_owned());
        } else if let Some(at) = lines.iter().position(|line| line.starts_with(name)) {
            lines[at] = (*change).to_owned();
            lines.retain(|line| !line.ends_with(':'));
        } else {
            lines[0] = (*change).to_owned();
        }
    }
    (lines.join("\r\n") + "\r\n\r\n").into_bytes()
}

/// The head of an answer, and what follows it.
fn split(sent: &[u8]) -> (String, &[u8]) {
    let at = sent.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head") + 4;
    (String::from_utf8_lossy(&sent[..at]).into_owned(), &sent[at..])
}

fn status(bytes: &[u8]) -> u16 {
    let mut script = script(Limits::DEFAULT);
    script.feed(bytes);
    let (head, _) = split(script.sent());
    head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status")
}

#[test]
fn the_example_of_the_rfc() {
    let mut script = script(Limits::DEFAULT);
    script.feed(&request(&[]));
    let (head, rest) = split(script.sent());
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    for line in [
        "connection: upgrade\r\n",
        "upgrade: websocket\r\n",
        "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    ] {
        assert!(head.contains(line), "{head}");
    }
    assert_eq!(read(rest), ["text hello"]);
    assert_eq!(script.states(), ["Http", "Socket"]);
}

#[test]
fn requests_that_are_taken_and_refused() {
    for (changes, expected) in [
        (&["Upgrade: WebSocket", "Connection: keep-alive, UPGRADE"][..], 101),
        (&["Upgrade: h2c, websocket"], 101),
        (&["+Sec-WebSocket-Protocol: chat", "+Sec-WebSocket-Extensions: permessage-deflate"], 101),
        (&["+Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=-1"], 101),
        (&["GET /other HTTP/1.1"], 404),
        (&["POST /talk HTTP/1.1"], 405),
        (&["HEAD /talk HTTP/1.1"], 405),
        (&["OPTIONS /talk HTTP/1.1"], 405),
        (&["GET /talk HTTP/1.0"], 400),
        (&["Host:"], 400),
        (&["Upgrade:"], 426),
        (&["Upgrade: websockets"], 426),
        (&["Upgrade: h2c"], 426),
        (&["Connection:"], 426),
        (&["Connection: keep-alive"], 426),
        (&["Sec-WebSocket-Version:"], 426),
        (&["Sec-WebSocket-Version: 8"], 426),
        (&["Sec-WebSocket-Version: 13, 8"], 426),
        (&["Sec-WebSocket-Version: 013"], 426),
        (&["+Sec-WebSocket-Version: 13"], 426),
        (&["Sec-WebSocket-Key:"], 400),
        (&["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ="], 400),
        (&["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"], 400),
        (&["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWE="], 400),
        (&["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWEh"], 400),
        (&["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j*Q=="], 400),
        (&["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ=="], 400),
        (&["+Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], 400),
        (&["+Origin: http://localhost"], 101),
        (&["+Origin: https://localhost"], 101),
        (&["+Origin: http://localhost:81"], 403),
        (&["+Origin: http://evil.test"], 403),
        (&["+Origin: null"], 403),
        (&["+Origin: "], 403),
        (&["+Origin: http://localhost", "+Origin: http://localhost"], 403),
        (&["Host: evil.test", "+Origin: http://evil.test"], 403),
        (&["Host: evil.test"], 101),
    ] {
        assert_eq!(status(&request(changes)), expected, "{changes:?}");
    }
    let with_body = [request(&["+Content-Length: 2"]), b"hi".to_vec()].concat();
    assert_eq!(status(&with_body), 400);
}

#[test]
fn a_refusal_is_counted_by_its_reason() {
    let deflate = Limits { deflate: Deflate::On(Terms::SHARED), ..Limits::DEFAULT };
    let offer = "+Sec-WebSocket-Extensions: permessage-deflate";
    for (limits, changes, expected) in [
        (Limits::DEFAULT, &["POST /talk HTTP/1.1"][..], Some(reason::HANDSHAKE_METHOD)),
        (Limits::DEFAULT, &["+Content-Length: 2"], Some(reason::HANDSHAKE_BODY)),
        (Limits::DEFAULT, &["Upgrade: h2c"], Some(reason::HANDSHAKE_NOT_ASKED)),
        (Limits::DEFAULT, &["Sec-WebSocket-Version: 8"], Some(reason::HANDSHAKE_VERSION)),
        (Limits::DEFAULT, &["GET /talk HTTP/1.0"], Some(reason::HANDSHAKE_OLD)),
        (Limits::DEFAULT, &["Sec-WebSocket-Key: x"], Some(reason::HANDSHAKE_KEY)),
        (Limits::DEFAULT, &["+Origin: null"], Some(reason::HANDSHAKE_ORIGIN)),
        // Nobody reads what is offered where nothing is taken.
        (Limits::DEFAULT, &["+Sec-WebSocket-Extensions: ;"], None),
        (deflate, &["+Sec-WebSocket-Extensions: ;"], Some(reason::HANDSHAKE_EXTENSIONS)),
        (deflate, &["+Sec-WebSocket-Extensions: a b"], Some(reason::HANDSHAKE_EXTENSIONS)),
        (deflate, &["+Sec-WebSocket-Extensions: a; b=\""], Some(reason::HANDSHAKE_EXTENSIONS)),
        (deflate, &[offer, "+Sec-WebSocket-Extensions: ,"], Some(reason::HANDSHAKE_EXTENSIONS)),
        // What cannot be met is declined.
        (deflate, &["+Sec-WebSocket-Extensions: permessage-deflate; unknown"], None),
        (deflate, &["+Sec-WebSocket-Extensions: a, permessage-deflate", offer], None),
    ] {
        let mut script = script(limits);
        script.feed(&request(changes));
        if changes == ["+Content-Length: 2"] {
            script.feed(b"hi");
        }
        let counted: Vec<_> = script.effects().tally().iter().collect();
        assert_eq!(counted.first().copied(), expected.map(|why| (why, 1)), "{changes:?}");
        assert_eq!((script.states().len() == 2, counted.len() < 2), (expected.is_none(), true));
    }
}

#[test]
fn a_refusal_says_what_would_be_spoken_and_the_connection_goes_on() {
    let mut script = script(Limits::DEFAULT);
    script.feed(&request(&["Sec-WebSocket-Version: 8"]));
    let (head, rest) = split(script.sent());
    assert!(head.contains("sec-websocket-version: 13\r\n"), "{head}");
    assert!(head.contains("upgrade: websocket\r\n"), "{head}");
    assert!(rest.is_empty());
    script.take_sent();
    script.feed(&request(&["POST /talk HTTP/1.1"]));
    assert!(split(script.sent()).0.contains("allow: GET\r\n"));
    script.take_sent();
    script.feed(&request(&[]));
    assert_eq!(script.states(), ["Http", "Socket"]);
}

#[test]
fn the_list_of_origins_is_the_handlers() {
    const LISTED: Origins = Origins::Listed(&["https://app.example.org"]);
    for (origins, origin, taken) in [
        (LISTED, "https://app.example.org", true),
        (LISTED, "https://example.org", false),
        (Origins::Any, "https://example.org", true),
    ] {
        let mut script = script(Limits { origins, ..Limits::DEFAULT });
        script.feed(&request(&[&format!("+Origin: {origin}")]));
        assert_eq!(script.states().len() == 2, taken, "{origin}");
    }
}

#[test]
fn refusals_can_be_counted() {
    let mut script = script(Limits::DEFAULT);
    for change in ["+Origin: http://evil.test", "Sec-WebSocket-Version: 8", "Upgrade:"] {
        script.feed(&request(&["GET /tunnel HTTP/1.1", change]));
    }
    let counted: Vec<_> = script.effects().tally().iter().collect();
    let names = ["from another origin", "of another version", "that does not ask for it"];
    let names = names.map(|name| format!("websocket: a handshake {name}"));
    assert!(
        counted.iter().map(|(name, count)| (*name, *count)).eq(names.iter().map(|n| (&n[..], 1)))
    );
}

#[test]
fn what_follows_the_request_at_once_is_not_lost() {
    // A request for the page before it, frames behind it, in any two pieces.
    let input = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        request(&[]),
        text("at once"),
        ping("?"),
        frame(BINARY, "in "),
        frame(FIN | CONTINUE, "parts"),
    ]
    .concat();
    let expected = ["text hello", "text at once", "pong ?", "binary in parts"];
    for cut in 0..=input.len() {
        let mut script = script(Limits::DEFAULT);
        script.feed(&input[..cut]).feed(&input[cut..]);
        let sent = String::from_utf8_lossy(script.sent()).into_owned();
        let at = sent.find("HTTP/1.1 101").expect("a switch");
        let (_, rest) = split(&script.sent()[at..]);
        assert_eq!(read(rest), expected, "cut at {cut}");
    }
}

#[test]
fn a_tunnel_begins_with_the_same_handshake() {
    let mut script = script(Limits::DEFAULT);
    script.feed(&[request(&["GET /tunnel HTTP/1.1"]), binary("through")].concat());
    let (_, rest) = split(script.sent());
    assert_eq!(read(rest), ["binary through"]);
}
