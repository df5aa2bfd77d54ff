//! A client and a server of ours, in memory: handshakes, compression, and messages in parts.

use std::time::Instant;

use readily_protocols::contract::{
    App, Desk, Diagram, Edge, Fault, Io, Machine, Next, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::http1::{Answer, Reply, Request, Server, Service};
use readily_protocols::testing::Script;
use readily_protocols::websocket::{
    Deflate, Encoded, Handler, Heard, Intake, Limits, Masks, Message, NotSent, Opening, Part,
    Socket, Target, Terms, WebSocket, reason, upgrade,
};

use crate::client::{CONTINUE, FIN, PING, TEXT, frame};

#[derive(Debug)]
struct World;

impl App for World {
    type Mail = Encoded;
    type Conn = Conn;
}

#[derive(Debug)]
enum Conn {
    Http(Server<Door>),
    Opening(Opening<End>),
    Open(WebSocket<End>),
}

/// One end, which writes down what it hears.
#[derive(Clone, Debug)]
struct End {
    heard: Vec<String>,
    answers: bool,
    intake: Intake,
    protocols: &'static [&'static str],
    limits: Limits,
}

#[derive(Debug)]
struct Door(End);

impl End {
    fn new(deflate: Deflate) -> Self {
        let limits = Limits { deflate, frame_max: 1 << 20, ..Limits::DEFAULT };
        let (heard, intake) = (Vec::new(), Intake::Whole);
        End { heard, answers: false, intake, protocols: &[], limits }
    }

    fn answering(self) -> Self {
        End { answers: true, ..self }
    }
}

fn told(message: Message<'_>) -> String {
    match message {
        Message::Text(text) => format!("text {text}"),
        Message::Binary(bytes) => format!("binary {bytes:02x?}"),
    }
}

const FULL: Fault = Fault::Local("no room for an answer");

impl Handler<World> for End {
    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, World>,
    ) -> Result<(), Fault> {
        self.heard.push(told(message));
        if self.answers {
            socket.message(message).map_err(|_: NotSent| FULL)?;
        }
        Ok(())
    }

    fn part(&mut self, part: Part<'_>, socket: &mut Socket<'_, World>) -> Result<(), Fault> {
        self.heard.push(format!("{:?} {}", part.place, told(part.message)));
        if self.answers {
            socket.fragment(part).map_err(|_| FULL)?;
        }
        Ok(())
    }

    fn intake(&self) -> Intake {
        self.intake
    }

    fn protocols(&self) -> &[&'static str] {
        self.protocols
    }

    fn agreed(&mut self, protocol: Option<&'static str>) {
        self.heard.push(format!("agreed {protocol:?}"));
    }

    fn mail(&mut self, mail: Encoded, socket: &mut Socket<'_, World>) -> Result<Heard, Fault> {
        socket.send(&mail).map_err(|_| FULL)?;
        Ok(Heard::Taken)
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }
}

impl Service<Conn> for Door {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, World>,
    ) -> Answer<Self, Conn> {
        upgrade(request, reply, self.0.clone())
    }
}

impl Edge<Server<Door>, WebSocket<End>> for Conn {
    fn enter(to: WebSocket<End>) -> Self {
        Conn::Open(to)
    }
}

impl Edge<Opening<End>, WebSocket<End>> for Conn {
    fn enter(to: WebSocket<End>) -> Self {
        Conn::Open(to)
    }
}

const fn state(name: &'static str, becomes: &'static [usize]) -> StateInfo {
    StateInfo { name, becomes, timeouts: Timeouts::NONE }
}

/// Calls the same of whichever state it is.
macro_rules! each {
    ($self:ident, $call:ident ( $($argument:expr),* )) => {
        match $self {
            Conn::Http(state) => settled(State::<Conn>::$call(state, $($argument),*), $self),
            Conn::Opening(state) => settled(State::<Conn>::$call(state, $($argument),*), $self),
            Conn::Open(state) => settled(State::<Conn>::$call(state, $($argument),*), $self),
        }
    };
}

fn settled<S>(step: Result<Step<S, Conn>, Fault>, conn: &mut Conn) -> Result<Next, Fault> {
    Step::settle(step, conn)
}

impl Machine for Conn {
    type App = World;
    const STATES: &'static [StateInfo] =
        &[state("Http", &[2]), state("Opening", &[2]), state("Open", &[])];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        each!(self, advance(io))
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        each!(self, expire(why, io))
    }

    fn receive(&mut self, mail: Encoded, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        each!(self, receive(mail, io))
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Conn::Http(state) => State::<Conn>::deadline(state),
            Conn::Opening(state) => State::<Conn>::deadline(state),
            Conn::Open(state) => State::<Conn>::deadline(state),
        }
    }

    fn state(&self) -> usize {
        match self {
            Conn::Http(_) => 0,
            Conn::Opening(_) => 1,
            Conn::Open(_) => 2,
        }
    }
}

fn server(end: End) -> Script<Conn> {
    Script::with_app(Conn::Http(Server::new(Door(end))), World)
}

fn client(end: End) -> Script<Conn> {
    let target = Target::new("example.org", "/talk").expect("a target");
    let opening = Opening::new(target, Masks::from_seed([7; 32]), end);
    let mut client = Script::with_app(Conn::Opening(opening), World);
    client.wake();
    client
}

/// What an end heard after the handshake.
fn heard(script: &Script<Conn>) -> Vec<String> {
    match script.machine() {
        Conn::Open(socket) => socket.handler().heard.clone(),
        _ => vec!["not open".to_owned()],
    }
}

/// Passes on what both have sent, in pieces of that many bytes, until neither has more.
fn converse(client: &mut Script<Conn>, server: &mut Script<Conn>, piece: usize) {
    loop {
        let (up, down) = (client.take_sent(), server.take_sent());
        if up.is_empty() && down.is_empty() {
            return;
        }
        for bytes in up.chunks(piece) {
            server.feed(bytes);
        }
        for bytes in down.chunks(piece) {
            client.feed(bytes);
        }
    }
}

/// Texts that compress and bytes that do not, of many lengths.
fn messages() -> Vec<Encoded> {
    let lengths = [0, 1, 63, 64, 125, 126, 1000, 5000];
    let text = |len: usize| {
        "the client says it to the server ".chars().cycle().take(len).collect::<String>()
    };
    let noise = |len: usize| (0..len).map(|at| (at * at / 7 + at) as u8).collect::<Vec<u8>>();
    let texts = lengths.iter().map(|len| Encoded::text(&text(*len)));
    texts.chain(lengths.iter().map(|len| Encoded::binary(&noise(*len)))).collect()
}

const TERMS: [Deflate; 3] = [Deflate::Off, Deflate::On(Terms::SHARED), Deflate::On(Terms::KEPT)];

#[test]
fn what_a_client_sends_comes_back_whatever_was_agreed() {
    for asked in TERMS {
        for given in TERMS {
            let mut stories = Vec::new();
            for piece in [1, 7, 4096, usize::MAX] {
                let mut server = server(End::new(given).answering());
                let mut client = client(End::new(asked));
                converse(&mut client, &mut server, piece);
                for message in messages() {
                    client.mail(message);
                    converse(&mut client, &mut server, piece);
                }
                let (sent, back) = (heard(&server), heard(&client));
                assert_eq!(sent.len(), 1 + messages().len());
                assert_eq!(sent, back, "{asked:?} {given:?} in pieces of {piece}");
                assert_eq!((client.over(), server.over()), (None, None));
                stories.push(sent);
            }
            assert!(stories.windows(2).all(|two| two[0] == two[1]), "{asked:?} {given:?}");
        }
    }
}

#[test]
fn a_broadcast_is_compressed_once_and_a_kept_context_survives_it() {
    for terms in TERMS {
        let mut server = server(End::new(terms).answering());
        let mut client = client(End::new(terms));
        converse(&mut client, &mut server, usize::MAX);
        let line = "said to all of them, again and again and again and again and again";
        let both = Encoded::text(line).deflated(&Terms::SHARED, server.effects());
        for message in [Encoded::text(line), both.clone(), both] {
            server.mail(message);
            // What the client says comes back by the server's own compressor.
            client.mail(Encoded::text(line));
            converse(&mut client, &mut server, usize::MAX);
        }
        assert_eq!(heard(&client)[1..], vec![format!("text {line}"); 6], "{terms:?}");
        assert_eq!(client.over(), None);
    }
}

#[test]
fn a_subprotocol_is_the_first_of_the_servers_that_is_offered() {
    let cases: [(&[&str], &[&str], &str); 5] = [
        (&["b", "a"], &["a", "b"], "agreed Some(\"a\")"),
        (&["b"], &["a", "b"], "agreed Some(\"b\")"),
        (&["c"], &["a", "b"], "agreed None"),
        (&[], &["a"], "agreed None"),
        (&["a"], &[], "agreed None"),
    ];
    for (offered, spoken, agreed) in cases {
        let mut server = server(End { protocols: spoken, ..End::new(Deflate::Off) });
        let mut client = client(End { protocols: offered, ..End::new(Deflate::Off) });
        converse(&mut client, &mut server, usize::MAX);
        assert_eq!((heard(&client), heard(&server)), (vec![agreed.into()], vec![agreed.into()]));
    }
}

#[test]
fn a_message_larger_than_the_limit_goes_through_in_parts_both_ways() {
    let streamed = |deflate| Limits { deflate, ..Limits::STREAMED };
    let long: String = "streamed – ".chars().cycle().take(300_000).collect();
    for terms in TERMS {
        let limits = Limits { message_max: 1 << 10, ..streamed(terms) };
        let end = End { intake: Intake::Stream, ..End::new(terms).answering() };
        for (limits, is_taken) in [(streamed(terms), true), (limits, false)] {
            let mut server = server(End { limits, ..end.clone() });
            let mut client = client(End { limits: streamed(terms), ..End::new(terms) });
            converse(&mut client, &mut server, 10_000);
            // Whoever has not agreed to it is sent the other form.
            let message = Encoded::text(&long).deflated(&Terms::SHARED, client.effects());
            client.mail(message);
            converse(&mut client, &mut server, 10_000);
            if !is_taken {
                assert_eq!(server.over(), Some(Err(Fault::Peer(reason::MESSAGE_TOO_LARGE))));
                continue;
            }
            let parts = heard(&server);
            let places: Vec<_> = parts[1..].iter().map(|part| &part[..5]).collect();
            assert!(places.len() > 1 && places[0] == "First", "{places:?}");
            assert_eq!(places.last(), Some(&"Last "));
            let texts = parts[1..].iter().filter_map(|part| part.split_once("text "));
            assert!(texts.map(|(_, text)| text).collect::<String>() == long);
            assert!(heard(&client)[1] == format!("text {long}"), "{terms:?}");
        }
    }
}

#[test]
fn a_server_must_answer_what_it_was_asked() {
    let right = "upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ACCEPT\r\n";
    let swapped = |from: &str, to: &str| format!("101 Switching\r\n{}", right.replace(from, to));
    let with = |more: &str| format!("101 Switching\r\n{right}{more}\r\n");
    let cases: [(String, Option<&str>); 14] = [
        (with("x: y"), None),
        (with("sec-websocket-protocol: chat"), None),
        (with("sec-websocket-extensions: permessage-deflate; server_no_context_takeover"), None),
        (swapped("ACCEPT", "ACCEPTE"), Some(reason::ANSWER)),
        (swapped("ACCEPT", ""), Some(reason::ANSWER)),
        (swapped("sec-websocket-accept", "x"), Some(reason::ANSWER)),
        (swapped("upgrade: websocket", "upgrade: h2c"), Some(reason::ANSWER)),
        (with("sec-websocket-accept: ACCEPT"), Some(reason::ANSWER)),
        (with("sec-websocket-protocol: other"), Some(reason::NOT_OFFERED)),
        (with("sec-websocket-protocol: chat, other"), Some(reason::NOT_OFFERED)),
        (with("sec-websocket-extensions: permessage-bzip2"), Some(reason::NOT_OFFERED)),
        (with("sec-websocket-extensions: permessage-deflate"), Some(reason::NOT_OFFERED)),
        ("200 OK\r\ncontent-length: 0\r\n".into(), Some(reason::DECLINED)),
        ("404 Not Found\r\ncontent-length: 2\r\n".into(), Some(reason::DECLINED)),
    ];
    for (answer, ended) in cases {
        let end = || End { protocols: &["chat"], ..End::new(Deflate::On(Terms::SHARED)) };
        let key = |sent: &[u8]| {
            let sent = String::from_utf8_lossy(sent).to_ascii_lowercase();
            assert!(sent.contains("sec-websocket-version: 13"), "{sent}");
            sent.contains("sec-websocket-protocol: chat")
        };
        let accept = accepted(&client(end()));
        let bytes = format!("HTTP/1.1 {}\r\n", answer.replace("ACCEPT", &accept));
        // A frame of the server's follows at once.
        let bytes = [bytes.as_bytes(), &[0x81, 2, b'h', b'i']].concat();
        for cut in 0..=bytes.len() {
            let mut client = client(end());
            assert!(key(client.sent()));
            client.feed(&bytes[..cut]).feed(&bytes[cut..]);
            match ended {
                Some(why) => assert_eq!(client.over(), Some(Err(Fault::Peer(why))), "{answer}"),
                None => assert_eq!(heard(&client)[1..], ["text hi"], "{answer}, cut at {cut}"),
            }
        }
    }
    let mut left = client(End::new(Deflate::Off));
    left.feed(b"HTTP/1.1 101 ").end();
    assert_eq!(left.over(), Some(Err(Fault::Peer(reason::NO_ANSWER))));
    let mut late = client(End::new(Deflate::Off));
    late.wait(Limits::DEFAULT.open_within).expire(Reason::Own);
    assert_eq!(late.over(), Some(Err(Fault::Peer(reason::OPEN_TIMED_OUT))));
}

/// What proves an answer to that client's request: the server under test says it.
fn accepted(client: &Script<Conn>) -> String {
    let mut server = server(End::new(Deflate::Off));
    server.feed(client.sent());
    let answer = String::from_utf8_lossy(server.sent()).into_owned();
    let (_, rest) = answer.split_once("sec-websocket-accept: ").expect("an answer");
    rest.split_once("\r\n").expect("a line").0.to_owned()
}

/// A server that has agreed to compress, fed with frames at once and byte by byte.
fn fed(limits: Limits, frames: &[u8]) -> (Vec<String>, Option<Result<(), Fault>>) {
    let mut outcomes = Vec::new();
    for piece in [usize::MAX, 1] {
        let mut server = server(End { limits, ..End::new(Deflate::Off) });
        let mut client = client(End::new(Deflate::On(Terms::SHARED)));
        converse(&mut client, &mut server, usize::MAX);
        for bytes in frames.chunks(piece.min(frames.len())) {
            server.feed(bytes);
        }
        outcomes.push((heard(&server)[1..].to_vec(), server.over()));
    }
    assert_eq!(outcomes[0], outcomes[1]);
    outcomes.swap_remove(0)
}

#[test]
fn what_a_compressed_message_may_be() {
    const RSV1: u8 = 0x40;
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let deflate = Deflate::On(Terms::SHARED);
    let on = Limits { deflate, frame_max: 1 << 20, ..Limits::DEFAULT };
    let most = |message_max| Limits { message_max, ..on };
    let halves = |second: u8| {
        let first = frame(TEXT | RSV1, &hello[..3]);
        [first, frame(FIN | PING, "between"), frame(second, &hello[3..])].concat()
    };
    let zeros: Vec<u8> = bomb();
    // A block that is not compressed.
    let stored = |bytes: &[u8]| {
        let len = bytes.len() as u16;
        [&[0x00][..], &len.to_le_bytes(), &(!len).to_le_bytes(), bytes, &[0x00]].concat()
    };
    type Expected = Result<&'static str, &'static str>;
    let cases: Vec<(&str, Limits, Vec<u8>, Expected)> = vec![
        ("whole", on, frame(FIN | TEXT | RSV1, hello), Ok("text Hello")),
        ("not compressed", on, frame(FIN | TEXT, "plain"), Ok("text plain")),
        ("in two, with a ping between", on, halves(FIN | CONTINUE), Ok("text Hello")),
        ("at the limit", most(5 + 64), frame(FIN | TEXT | RSV1, hello), Ok("text Hello")),
        (
            "over it inflated",
            most(4),
            frame(FIN | TEXT | RSV1, hello),
            Err(reason::MESSAGE_TOO_LARGE),
        ),
        ("exactly it", most(5), frame(FIN | TEXT | RSV1, hello), Ok("text Hello")),
        ("the bit again", on, halves(FIN | CONTINUE | RSV1), Err(reason::RESERVED_BITS)),
        ("on a ping", on, frame(FIN | PING | RSV1, ""), Err(reason::RESERVED_BITS)),
        ("another bit", on, frame(FIN | TEXT | 0x20, hello), Err(reason::RESERVED_BITS)),
        (
            "not agreed",
            Limits::DEFAULT,
            frame(FIN | TEXT | RSV1, hello),
            Err(reason::RESERVED_BITS),
        ),
        ("no deflate", on, frame(FIN | TEXT | RSV1, [0xff; 9]), Err(reason::NOT_DEFLATE)),
        ("a bomb", most(1 << 30), frame(FIN | 2 | RSV1, &zeros), Err(reason::BOMB)),
        ("a large one", on, frame(FIN | 2 | RSV1, &zeros), Err(reason::BOMB)),
        ("no text", on, frame(FIN | TEXT | RSV1, stored(b"a\xff")), Err(reason::NOT_UTF8)),
        ("half a character", on, frame(FIN | TEXT | RSV1, stored(b"a\xc3")), Err(reason::NOT_UTF8)),
        ("a character", on, frame(FIN | TEXT | RSV1, stored("ä".as_bytes())), Ok("text ä")),
    ];
    for (case, limits, bytes, expected) in cases {
        let (heard, over) = fed(limits, &bytes);
        match expected {
            Ok(message) => assert_eq!((heard, over), (vec![message.to_owned()], None), "{case}"),
            Err(why) => {
                assert_eq!((heard, over), (vec![], Some(Err(Fault::Peer(why)))), "{case}");
            }
        }
    }
}

/// Ten megabytes of zeros, as 64 kB: each block refers to itself.
fn bomb() -> Vec<u8> {
    let mut world = client(End::new(Deflate::Off));
    let zeros = vec![0; 10 << 20];
    let encoded = Encoded::binary(&zeros).deflated(&Terms::SHARED, world.effects());
    let mut server = server(End::new(Deflate::On(Terms::SHARED)));
    let mut peer = client(End::new(Deflate::On(Terms::SHARED)));
    converse(&mut peer, &mut server, usize::MAX);
    server.mail(encoded);
    let sent = server.take_sent();
    // A head of ten bytes, since it is longer than 65,535.
    assert_eq!(sent[..2], [0xc2, 127]);
    sent[10..].to_vec()
}

#[test]
fn a_message_that_does_not_compress_is_not_sent_longer_than_it_is() {
    // Bytes that no compressor makes smaller: as many as one frame may have.
    let mut state = 1u64;
    let mut byte = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 56) as u8
    };
    let noise: Vec<u8> = (0..Limits::DEFAULT.frame_max).map(|_| byte()).collect();
    for terms in TERMS {
        let limits = Limits { deflate: terms, ..Limits::DEFAULT };
        let end = || End { limits, ..End::new(terms) };
        let mut server = server(end().answering());
        let mut client = client(end());
        converse(&mut client, &mut server, usize::MAX);
        let line = "said before it and after it, and each time the same as before it and after it";
        let words = Encoded::text(line);
        for message in [words.clone(), Encoded::binary(&noise), words.clone(), words] {
            client.mail(message);
            converse(&mut client, &mut server, usize::MAX);
            assert_eq!((client.over(), server.over()), (None, None), "{terms:?}");
        }
        assert!(heard(&client) == heard(&server), "{terms:?}");
    }
}
