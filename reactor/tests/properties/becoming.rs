//! 2: nothing is lost or reordered across `becomes`; the new state is advanced without waiting for
//! an edge.

use readily::echo::Echo;
use readily::sys::sim::{Buggify, Edges, Sim};
use readily::{
    Address, App, Config, Fault, Io, Machine, Reactor, State, Step, TRANSITIONS_MAX, To,
};
use std::time::Duration;

#[derive(Default)]
struct Town;

impl App for Town {
    type Mail = ();
    type Conn = Conn;
}

#[derive(Machine)]
#[machine(app = Town)]
enum Conn {
    #[becomes(Echo)]
    Shy(Shy),
    #[becomes(Odd)]
    Even(Even),
    #[becomes(Even, Echo)]
    Odd(Odd),
    Echo(Echo),
}

/// Leaves everything unread until mail comes.
struct Shy;

impl State<Conn> for Shy {
    fn advance(&mut self, _: &mut Io<'_, Town>) -> Result<Step<Self, Conn>, Fault> {
        Ok(Step::Wait)
    }

    fn receive(&mut self, (): (), io: &mut Io<'_, Town>) -> Result<Step<Self, Conn>, Fault> {
        io.tx.write(b"<");
        Ok(Step::becomes(Echo))
    }
}

/// Takes one byte and says that it did; a `=` in an odd place makes an echo of it.
struct Even;
struct Odd;

impl State<Conn> for Even {
    fn advance(&mut self, io: &mut Io<'_, Town>) -> Result<Step<Self, Conn>, Fault> {
        let Some(byte) = io.rx.bytes().first().copied() else { return Ok(Step::Wait) };
        io.rx.consume(1);
        io.tx.write(&[b'e', byte]);
        Ok(Step::becomes(Odd))
    }
}

impl State<Conn> for Odd {
    fn advance(&mut self, io: &mut Io<'_, Town>) -> Result<Step<Self, Conn>, Fault> {
        let Some(byte) = io.rx.bytes().first().copied() else { return Ok(Step::Wait) };
        io.rx.consume(1);
        io.tx.write(&[b'o', byte]);
        Ok(if byte == b'=' { Step::becomes(Echo) } else { Step::becomes(Even) })
    }
}

/// What one segment is answered with, in a loop that is told of each edge once.
fn answer(first: fn() -> Conn, segment: &[u8], mail: bool) -> (Vec<u8>, u64) {
    let mut sim = Sim::new(1);
    sim.set_buggify(Buggify { edges: Edges::Armed, ..Buggify::NONE });
    let mut reactor = Reactor::with(Town, sim, Config::default()).expect("a loop");
    let at = Address::Ip(([10, 0, 0, 1], 80).into());
    reactor.listen(&at, move |_, _| Some(first())).expect("a listener");
    let client = reactor.sys_mut().connect(&at);
    reactor.sys_mut().send(client, segment);
    let mut turns = || {
        for _ in 0..(10 + segment.len() / TRANSITIONS_MAX) {
            reactor.turn(Some(Duration::ZERO)).expect("the wait");
            reactor.check();
        }
    };
    turns();
    if mail {
        let id = reactor.connections().next().expect("a connection").id;
        reactor.handle().mail(To::Conn(id), ()).expect("room");
        for _ in 0..10 {
            reactor.turn(Some(Duration::ZERO)).expect("the wait");
        }
    }
    let events = reactor.counters().bytes_in;
    (reactor.sys_mut().take(client), events)
}

#[test]
fn property_2_bytes_of_both_states_in_one_segment() {
    let cases: [(&[u8], &[u8]); 4] = [
        (b"a=", b"eao="),
        (b"a=hello", b"eao=hello"),
        (b"abcd", b"eaobecod"),
        (b"=b=a==", b"e=obe=oa" as &[u8]),
    ];
    for (segment, expected) in &cases[..3] {
        assert_eq!(answer(|| Conn::Even(Even), segment, false).0, *expected);
    }
    let (segment, expected) = cases[3];
    assert_eq!(answer(|| Conn::Even(Even), segment, false).0, [expected, b"e=o="].concat());
}

#[test]
fn property_2_a_segment_of_many_states() {
    let mut segment = vec![b'x'; 10_001];
    segment.extend_from_slice(b"=the rest");
    let mut expected: Vec<u8> =
        (0..10_001).flat_map(|at| [if at % 2 == 0 { b'e' } else { b'o' }, b'x']).collect();
    expected.extend_from_slice(b"o=the rest");
    let (got, read) = answer(|| Conn::Even(Even), &segment, false);
    assert_eq!(read, segment.len() as u64);
    assert!(got == expected, "{} bytes of {}", got.len(), expected.len());
}

#[test]
fn property_2_what_was_unread_before_mail_changed_the_state() {
    for length in [1, 4096, 30_000] {
        let segment = vec![b'z'; length];
        let (got, _) = answer(|| Conn::Shy(Shy), &segment, true);
        assert!(got == [b"<", &segment[..]].concat(), "{} bytes of {length} + 1", got.len());
    }
}
