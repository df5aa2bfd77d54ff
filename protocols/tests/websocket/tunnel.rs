//! The echo of a byte stream, unchanged, over the messages of a WebSocket.

use std::time::{Duration, Instant};

use readily_protocols::contract::{
    App, BLOCK_MIN, Diagram, Fault, Half, Io, Machine, Next, Reason, State, StateInfo, Step,
    Timeouts,
};
use readily_protocols::echo::Echo;
use readily_protocols::testing::Script;
use readily_protocols::websocket::{Limits, Solo, Tunnel, reason};

use crate::client::*;

#[derive(Debug)]
struct World;

impl App for World {
    type Mail = &'static str;
    type Conn = Solo<World, Tunnel<Inner>>;
}

/// What runs inside, with deadlines as the derive would give it.
#[derive(Debug)]
enum Inner {
    Echo(Echo),
    Odd(Odd),
}

/// Does what its input says.
#[derive(Debug)]
struct Odd(Option<Instant>);

impl State<Inner> for Odd {
    fn advance(&mut self, io: &mut Io<'_, World>) -> Result<Step<Self, Inner>, Fault> {
        self.0.get_or_insert(io.now() + Duration::from_secs(7));
        let order = io.rx.bytes().first().copied();
        match order {
            Some(b'f') => {
                io.tx.write(b"last");
                return Ok(Step::Finish);
            }
            Some(b'h') => io.tx.finish(),
            Some(b'a') => io.tx.abort(),
            Some(b'p') => {
                io.tx.write(b"sorry");
                return Err(Fault::Peer("odd"));
            }
            Some(b'w') => io.tx.write(&vec![b'w'; 300_000]),
            Some(b'o') => io.tx.write(&vec![b'w'; 3_000_000]),
            Some(b'y') if io.tx.is_empty() && io.rx.len() == 1 => {
                io.rx.consume(1);
                io.tx.write(b"yielded");
                return Ok(Step::Yield);
            }
            // It does not read.
            Some(b's') => return Ok(Step::Wait),
            _ => {}
        }
        if order.is_some() {
            io.rx.consume(1);
        }
        if io.rx.half() == Half::Aborted {
            io.app_note("cut");
        }
        Ok(Step::Wait)
    }

    fn deadline(&self) -> Option<Instant> {
        self.0
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, World>) -> Result<Step<Self, Inner>, Fault> {
        self.0 = None;
        io.tx.write(why.to_string().as_bytes());
        Ok(Step::Wait)
    }

    fn receive(
        &mut self,
        mail: &'static str,
        io: &mut Io<'_, World>,
    ) -> Result<Step<Self, Inner>, Fault> {
        io.tx.write(mail.as_bytes());
        Ok(Step::Wait)
    }
}

trait Note {
    fn app_note(&mut self, what: &'static str);
}

impl Note for Io<'_, World> {
    fn app_note(&mut self, what: &'static str) {
        self.count(what);
    }
}

impl Machine for Inner {
    type App = World;
    const STATES: &'static [StateInfo] = &[
        StateInfo { name: "Echo", becomes: &[], timeouts: Timeouts::NONE },
        StateInfo {
            name: "Odd",
            becomes: &[],
            timeouts: Timeouts::new(None, Some(Duration::from_secs(20))),
        },
    ];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        match self {
            Inner::Echo(echo) => Step::settle(State::<Inner>::advance(echo, io), self),
            Inner::Odd(odd) => Step::settle(odd.advance(io), self),
        }
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        match self {
            Inner::Echo(_) => Err(Fault::TimedOut(why)),
            Inner::Odd(odd) => Step::settle(odd.expire(why, io), self),
        }
    }

    fn receive(&mut self, mail: &'static str, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        match self {
            Inner::Echo(_) => Ok(Next::Ignore),
            Inner::Odd(odd) => Step::settle(odd.receive(mail, io), self),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Inner::Echo(_) => None,
            Inner::Odd(odd) => odd.deadline(),
        }
    }

    fn state(&self) -> usize {
        matches!(self, Inner::Odd(_)).into()
    }
}

fn tunnel(inner: Inner) -> Script<Solo<World, Tunnel<Inner>>> {
    Script::with_app(Solo::new(Tunnel::new(inner)), World)
}

fn echo() -> Script<Solo<World, Tunnel<Inner>>> {
    tunnel(Inner::Echo(Echo))
}

fn odd(order: &str) -> Script<Solo<World, Tunnel<Inner>>> {
    let mut script = tunnel(Inner::Odd(Odd(None)));
    script.feed(&binary(order));
    script
}

/// The bytes in all binary messages that were sent, and what else was.
fn bytes_sent(mut sent: &[u8]) -> (Vec<u8>, Vec<String>) {
    let (mut bytes, mut others) = (Vec::new(), Vec::new());
    while let [first, second, ..] = sent {
        let (size, len) = match second {
            126 => (4, usize::from(u16::from_be_bytes([sent[2], sent[3]]))),
            short => (2, usize::from(*short)),
        };
        let (frame, rest) = sent.split_at(size + len);
        match first {
            0x82 => bytes.extend(&frame[size..]),
            _ => others.extend(read(frame)),
        }
        sent = rest;
    }
    (bytes, others)
}

#[test]
fn the_same_echo_in_any_pieces_and_any_messages() {
    let input = [
        binary("one\n"),
        frame(BINARY, "tw"),
        ping("?"),
        frame(CONTINUE, "o\nth"),
        frame(FIN | CONTINUE, "ree"),
        binary(""),
        close(1000, "done"),
    ]
    .concat();
    for cut in 0..=input.len() {
        let mut script = echo();
        script.feed(&input[..cut]).feed(&input[cut..]);
        let (bytes, others) = bytes_sent(script.sent());
        assert_eq!(bytes, b"one\ntwo\nthree", "cut at {cut}");
        assert_eq!(
            (others, script.over()),
            (vec!["pong ?".into(), "close 1000".into()], Some(Ok(())))
        );
    }
    let mut script = echo();
    for byte in &input {
        script.feed(&[*byte]);
    }
    assert_eq!(bytes_sent(script.sent()).0, b"one\ntwo\nthree");
}

#[test]
fn a_state_alone_needs_no_enum() {
    #[derive(Debug)]
    struct Bare;
    impl App for Bare {
        type Mail = ();
        type Conn = Solo<Bare, Tunnel<Solo<Bare, Echo>>>;
    }
    let mut script = Script::with_app(Solo::new(Tunnel::new(Solo::new(Echo))), Bare);
    script.feed(&binary("hello"));
    assert_eq!(read(script.sent()), ["binary hello"]);
}

#[test]
fn buffers_are_there_only_while_something_is_in_them() {
    let mut script = echo();
    assert!(!script.machine().inner().has_buffers());
    script.feed(&binary("hello")).feed(&frame(BINARY, "half"));
    assert!(!script.machine().inner().has_buffers());
    let script = odd("stays");
    assert!(script.machine().inner().has_buffers());
}

#[test]
fn the_end_of_either_side_is_a_close() {
    // (what the inner machine is told, bytes, frames, end)
    for (order, bytes, frames, over) in [
        ("f", "last", vec!["close 1000"], None),
        ("h", "", vec!["close 1000"], None),
        ("p", "sorry", vec!["close 1008"], Some(Err(Fault::Peer("odd")))),
        ("y", "yielded", vec![], None),
    ] {
        let mut script = odd(order);
        let (sent, others) = bytes_sent(script.sent());
        assert_eq!((sent, others, script.over()), (bytes.into(), to_strings(&frames), over));
        if over.is_none() && !frames.is_empty() {
            // What still comes is dropped; the peer's answer ends it.
            script.feed(&binary("dropped")).feed(&text("dropped")).feed(&close(1000, ""));
            assert_eq!(script.over(), Some(Ok(())), "{order}");
            assert_eq!(bytes_sent(script.sent()).1, frames);
        }
    }
    let script = odd("a");
    assert_eq!(script.ends().1.half(), Half::Aborted);
    let script = odd("o");
    assert!(matches!(script.over(), Some(Err(Fault::Local(_)))));
}

fn to_strings(all: &[&str]) -> Vec<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

#[test]
fn what_is_wrong_is_refused() {
    for wrong in [text("x"), frame(TEXT, "x"), frame(TEXT, "")] {
        let mut script = echo();
        script.feed(&binary("fine")).feed(&wrong);
        assert_eq!(script.over(), Some(Err(Fault::Peer(reason::TEXT_IN_TUNNEL))));
        let told = ["binary fine", "close 1003 a text message in a tunnel"];
        assert_eq!(read(script.sent()), told);
    }
    let mut script = echo();
    script.feed(&frame(FIN | 0x40 | BINARY, "x"));
    assert_eq!(script.over(), Some(Err(Fault::Peer(reason::RESERVED_BITS))));
    // A stream that ends without a close was cut: the inner machine is told so.
    let mut script = odd("");
    script.feed(&frame(BINARY, "")).end();
    assert_eq!(script.over(), Some(Err(Fault::Peer(reason::NO_CLOSE))));
    assert_eq!(script.effects().tally().of("cut"), 1);
}

#[test]
fn half_a_frame_behind_a_close_of_ours_is_not_waited_for() {
    let mut script = odd("f");
    assert_eq!(read(script.sent()), ["binary last", "close 1000"]);
    script.feed(&binary("half")[..7]);
    assert_eq!(script.over(), None);
    script.end();
    assert_eq!(script.over(), Some(Ok(())));
}

#[test]
fn deadlines_and_mail_reach_the_machine_inside() {
    let mut script = odd("");
    script.mail("mail for you");
    let at = |script: &Script<Solo<World, Tunnel<Inner>>>| script.machine().deadline();
    let start = script.effects().now();
    assert_eq!(at(&script), Some(start + Duration::from_secs(7)), "its own");
    script.wait(Duration::from_secs(7)).expire(Reason::Own);
    assert_eq!(at(&script), Some(start + Duration::from_secs(27)), "idle since it wrote last");
    script.wait(Duration::from_secs(20)).expire(Reason::Own);
    assert_eq!(at(&script), Some(start + Duration::from_secs(30)), "the ping");
    script.wait(Duration::from_secs(3)).expire(Reason::Own);
    assert_eq!(read(script.sent()), ["binary mail for you", "binary own", "binary idle", "ping"]);
    // No deadline of the inner machine is left behind once it has finished.
    let script = odd("f");
    let close = Limits::DEFAULT.close_within;
    assert_eq!(script.machine().deadline(), Some(start + close));
}

#[test]
fn a_drain_is_told_to_the_machine_inside() {
    let mut script = echo();
    script.effects().set_draining();
    script.unblock();
    assert_eq!(read(script.sent()), ["close 1001"]);
    script.feed(&close(1001, ""));
    assert_eq!(script.over(), Some(Ok(())));
}

#[test]
fn neither_side_gets_ahead_of_the_other_without_bound() {
    // The inner machine does not read: the rest waits where the loop stops reading.
    let mut script = odd("s");
    let mut fed = 0;
    let message = binary(vec![b's'; 60_000]);
    while script.ends().0.len() < 40_000 {
        script.feed(&message[..30_000]).feed(&message[30_000..]);
        fed += 60_000;
        assert!(fed < 400_000, "it reads without bound");
    }
    // The time of its message is not the peer's fault.
    script.wait(Duration::from_secs(30)).expire(Reason::Own);
    assert_eq!(script.over(), None);

    // The peer does not read: echoed bytes wait up to the marks of both ends.
    let mut script = echo();
    script.block();
    let input: Vec<u8> = (0..600_000).map(|n| (n % 251) as u8).collect();
    let frames = input.chunks(50_000).map(binary).collect::<Vec<_>>().concat();
    let mut pieces = frames.chunks(10_000);
    while script.ends().0.is_empty() {
        script.feed(pieces.next().expect("it takes all of it"));
    }
    let waits = script.ends().1.charge();
    assert!(waits <= 256 * 1024 + 5 * BLOCK_MIN, "{waits}");
    script.unblock();
    pieces.for_each(|piece| {
        script.feed(piece);
    });
    assert!(bytes_sent(script.sent()).0 == input);
    assert!(!script.machine().inner().has_buffers());
}

#[test]
fn what_is_written_at_once_comes_in_several_messages() {
    let mut script = odd("w");
    // What there is no room for comes when there is.
    assert!(bytes_sent(script.sent()).0.len() < 300_000);
    script.unblock();
    let (bytes, others) = bytes_sent(script.sent());
    assert!(bytes == vec![b'w'; 300_000] && others.is_empty());
    // And all of it before the answer to a close.
    let mut script = tunnel(Inner::Odd(Odd(None)));
    script.block().feed(&[binary("w"), binary("f"), close(1000, "")].concat());
    assert_eq!(script.over(), None, "it waits for room");
    script.unblock();
    let (bytes, others) = bytes_sent(script.sent());
    assert_eq!((bytes.len(), others), (300_004, vec!["close 1000".to_owned()]));
    assert_eq!(script.over(), Some(Ok(())));
}
