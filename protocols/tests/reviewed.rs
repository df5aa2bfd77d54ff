//! What a review of HTTP, WebSocket and their examples found.
#![cfg(feature = "websocket")]

use std::time::{Duration, Instant};

use readily_protocols::contract::{
    App, Desk, Diagram, Edge, Fault, Io, Machine, Next, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::http1::{self, Answer, Reply, Request, Server, Service};
use readily_protocols::testing::Script;
use readily_protocols::websocket::{
    self, Encoded, Handler, Message, NotSent, Socket, Solo, Tunnel, WebSocket, upgrade,
};

#[derive(Default)]
struct World;

impl App for World {
    type Mail = ();
    type Conn = Conn;
}

enum Conn {
    Http(Server<Site>),
    Talk(WebSocket<Talk>),
}

impl Edge<Server<Site>, WebSocket<Talk>> for Conn {
    fn enter(to: WebSocket<Talk>) -> Self {
        Conn::Talk(to)
    }
}

/// What the derive writes for it.
impl Machine for Conn {
    type App = World;
    const STATES: &'static [StateInfo] = &[
        StateInfo { name: "Http", becomes: &[1], timeouts: Timeouts::NONE },
        StateInfo { name: "Talk", becomes: &[], timeouts: Timeouts::NONE },
    ];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        match self {
            Conn::Http(state) => Step::settle(State::<Conn>::advance(state, io), self),
            Conn::Talk(state) => Step::settle(State::<Conn>::advance(state, io), self),
        }
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        match self {
            Conn::Http(state) => Step::settle(State::<Conn>::expire(state, why, io), self),
            Conn::Talk(state) => Step::settle(State::<Conn>::expire(state, why, io), self),
        }
    }

    fn receive(&mut self, (): (), io: &mut Io<'_, World>) -> Result<Next, Fault> {
        match self {
            Conn::Http(state) => Step::settle(State::<Conn>::receive(state, (), io), self),
            Conn::Talk(state) => Step::settle(State::<Conn>::receive(state, (), io), self),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Conn::Http(state) => State::<Conn>::deadline(state),
            Conn::Talk(state) => State::<Conn>::deadline(state),
        }
    }

    fn state(&self) -> usize {
        match self {
            Conn::Http(_) => 0,
            Conn::Talk(_) => 1,
        }
    }
}

struct Site(http1::Limits);

impl Service<Conn> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, World>,
    ) -> Answer<Self, Conn> {
        upgrade(request, reply, Talk(websocket::Limits::DEFAULT))
    }

    fn limits(&self) -> &http1::Limits {
        &self.0
    }
}

/// Sends as much as it may when it is told to.
struct Talk(websocket::Limits);

impl Handler<World> for Talk {
    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, World>,
    ) -> Result<(), Fault> {
        let Message::Text(size) = message else { return Ok(()) };
        let size = size.parse().map_err(|_| Fault::Peer("no size"))?;
        let sent = socket.send(&Encoded::binary(&vec![b'x'; size]));
        sent.map_err(|_: NotSent| Fault::Local("not sent"))
    }

    fn limits(&self) -> &websocket::Limits {
        &self.0
    }
}

fn http(limits: http1::Limits) -> Script<Conn> {
    Script::new(Conn::Http(Server::new(Site(limits))))
}

fn talk(limits: websocket::Limits) -> Script<Conn> {
    Script::new(Conn::Talk(WebSocket::new(Talk(limits))))
}

/// A frame with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0][..], payload].concat()
}

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

#[test]
fn a_refused_handshake_is_counted() {
    for (lines, reason) in [
        ("", websocket::reason::HANDSHAKE_NOT_ASKED),
        ("Connection: upgrade\r\nUpgrade: websocket\r\n", websocket::reason::HANDSHAKE_VERSION),
    ] {
        let mut script = http(http1::Limits::DEFAULT);
        script.feed(format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n").as_bytes());
        assert!(script.sent().starts_with(b"HTTP/1.1 426 "));
        assert_eq!(script.effects().tally().of(reason), 1, "{reason}");
    }
}

/// As with `std`'s sockets and `checked_add` elsewhere here: so long is never.
#[test]
fn a_deadline_of_http_may_be_off() {
    let defaults = http1::Limits::DEFAULT;
    let off = Duration::MAX;
    for limits in [
        http1::Limits { head_time: off, idle_time: off, ..defaults },
        http1::Limits { body_window: off, ..defaults },
        http1::Limits { request_time: off, ..defaults },
    ] {
        let mut script = http(limits);
        script.feed(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab");
        assert_eq!(script.over(), None);
    }
}

#[test]
fn a_deadline_of_a_websocket_may_be_off() {
    let defaults = websocket::Limits::DEFAULT;
    let off = Duration::MAX;
    for limits in [
        websocket::Limits { ping_after: off, pong_within: off, ..defaults },
        websocket::Limits { assembly_within: off, ..defaults },
        websocket::Limits { close_within: off, ..defaults },
    ] {
        let mut script = talk(limits);
        script.feed(&frame(PING, b"")).feed(&frame(TEXT, b"1")[..3]);
        script.feed(&frame(TEXT, b"1")[3..]).feed(&frame(CLOSE, b""));
        assert_eq!(script.over(), Some(Ok(())));
    }
}

#[test]
fn a_close_fits_behind_a_message_that_was_taken() {
    let cap = readily_protocols::contract::Marks::default().cap;
    let mut taken = 0;
    for size in (cap - 600..=cap).rev() {
        let mut script = talk(websocket::Limits::DEFAULT);
        script.block().feed(&frame(TEXT, size.to_string().as_bytes()));
        if script.over().is_some() {
            continue;
        }
        taken += 1;
        script.feed(&frame(CLOSE, &[3, 232]));
        assert_eq!(script.over(), Some(Ok(())), "{size}");
        assert!(!script.ends().1.has_overflowed(), "the close was dropped behind {size} bytes");
    }
    assert!((1..600).contains(&taken), "{taken}");
}

/// Takes its time for an answer, which it gives when the peer has ended its half.
struct Slow(Option<Instant>);

impl<M: Machine> State<M> for Slow {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        if io.rx.has_ended() && self.0.is_none() {
            self.0 = Some(io.now() + Duration::from_secs(8));
        }
        Ok(Step::Wait)
    }

    fn deadline(&self) -> Option<Instant> {
        self.0
    }

    fn expire(&mut self, _: Reason, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        io.tx.write(b"done");
        Ok(Step::Finish)
    }
}

/// Whoever has closed waits for us: no answer of theirs is due.
#[test]
fn who_has_closed_a_tunnel_is_not_blamed_for_the_time_that_we_take() {
    struct Town;
    impl App for Town {
        type Mail = ();
        type Conn = Solo<Town, Tunnel<Solo<Town, Slow>>>;
    }
    let mut script: Script<<Town as App>::Conn> =
        Script::with_app(Solo::new(Tunnel::new(Solo::new(Slow(None)))), Town);
    script.feed(&frame(CLOSE, &[3, 232]));
    for _ in 0..8 {
        script.wait(Duration::from_secs(1));
        let now = script.effects().now();
        if script.machine().deadline().is_some_and(|at| at <= now) {
            script.expire(Reason::Own);
        }
    }
    assert_eq!(script.over(), Some(Ok(())));
    assert_eq!(script.sent(), [&[0x82, 4][..], b"done", &[CLOSE, 2, 3, 232]].concat());
}
