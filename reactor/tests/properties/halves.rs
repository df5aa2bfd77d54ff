//! 3: half-close is per half, a relay passes each end on alone, and queued bytes are never cut by
//! our own close.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

use readily::relay::Relay;
use readily::sys::sim::{ClientId, Link, Serving, Sim};
use readily::{
    Address, Alone, Config, Connect, End, Fault, Half, Io, Listen, Machine, Peer, Reactor, State,
    Step,
};

use crate::house::House;
use crate::troupe::{Actor, Troupe, echo};

#[derive(Machine)]
enum Conn {
    #[becomes(Relay)]
    Dial(Dial),
    Relay(Relay),
}

struct Dial(Address);

impl State<Conn> for Dial {
    fn advance(&mut self, io: &mut Io<'_, Alone<Conn>>) -> Result<Step<Self, Conn>, Fault> {
        if !matches!(io.peer, Peer::None) {
            return Ok(Step::becomes(Relay));
        }
        let busy = |_| Fault::Local("busy");
        let other = io.connect(Connect::to(self.0.clone()), Conn::Relay(Relay)).map_err(busy)?;
        io.link(other);
        Ok(Step::Wait)
    }
}

/// A client, a relay, and a server outside.
struct Pair {
    reactor: Reactor<Alone<Conn>, Sim>,
    client: ClientId,
    server: ClientId,
}

impl Pair {
    fn new(link: Link) -> Pair {
        let mut sim = Sim::new(1);
        sim.set_link(link);
        let mut reactor = Reactor::with(Alone::new(), sim, Config::default()).expect("a loop");
        let at = Address::Ip(([10, 0, 0, 1], 80).into());
        let outside = Address::Ip(([10, 0, 1, 1], 80).into());
        reactor.sys_mut().serve(&outside, Serving::Accept);
        let to = outside.clone();
        let first = move || Conn::Dial(Dial(to.clone()));
        reactor.listen(&at, move |_, _| Some(first())).expect("a listener");
        let client = reactor.sys_mut().connect(&at);
        let server = loop {
            reactor.turn(Some(Duration::from_millis(1))).expect("the wait");
            if let Some(server) = reactor.sys_mut().accepted(&outside) {
                break server;
            }
        };
        Pair { reactor, client, server }
    }

    fn turns(&mut self) {
        for _ in 0..200 {
            self.reactor.turn(Some(Duration::from_millis(1))).expect("the wait");
            self.reactor.check();
        }
    }

    fn send(&mut self, from: ClientId, bytes: &[u8]) {
        self.reactor.sys_mut().send(from, bytes);
        self.turns();
    }

    fn shutdown(&mut self, from: ClientId) {
        self.reactor.sys_mut().shutdown(from);
        self.turns();
    }

    /// What each got, and whether its other half has ended.
    fn seen(&mut self) -> [(Vec<u8>, bool); 2] {
        [self.client, self.server].map(|id| {
            let sim = self.reactor.sys_mut();
            (sim.take(id), sim.is_ended(id))
        })
    }
}

fn seen(client: (&[u8], bool), server: (&[u8], bool)) -> [(Vec<u8>, bool); 2] {
    [client, server].map(|(bytes, ended)| (bytes.to_vec(), ended))
}

#[test]
fn property_3_a_relay_passes_each_end_on_alone() {
    for link in [Link::perfect(), Link { window: 3..=3, ..Link::perfect() }] {
        for turned in [false, true] {
            let mut pair = Pair::new(link.clone());
            let (one, other) = match turned {
                false => (pair.client, pair.server),
                true => (pair.server, pair.client),
            };
            let ordered = |[a, b]: [(Vec<u8>, bool); 2]| if turned { [b, a] } else { [a, b] };
            pair.send(one, b"question");
            assert_eq!(ordered(pair.seen()), seen((b"", false), (b"question", false)));
            pair.shutdown(one);
            assert_eq!(ordered(pair.seen()), seen((b"", false), (b"", true)));
            assert_eq!(pair.reactor.counters().open, 2, "the other half goes on");
            pair.send(other, b"answer, in two pieces");
            pair.send(other, b"; the end");
            let answer = b"answer, in two pieces; the end";
            assert_eq!(ordered(pair.seen()), seen((answer, false), (b"", true)));
            pair.shutdown(other);
            assert_eq!(ordered(pair.seen()), seen((b"", true), (b"", true)));
            let counters = pair.reactor.counters();
            assert_eq!((counters.open, counters.ended_finished), (0, 2));
        }
    }
}

#[test]
fn property_3_a_relay_passes_a_reset_on() {
    for turned in [false, true] {
        let mut pair = Pair::new(Link::perfect());
        let (one, other) =
            if turned { (pair.server, pair.client) } else { (pair.client, pair.server) };
        pair.reactor.sys_mut().reset(one);
        pair.turns();
        assert!(pair.reactor.sys_mut().was_reset(other));
        assert_eq!(pair.reactor.counters().open, 0);
    }
}

#[test]
fn property_3_the_end_of_a_half_goes_from_open_to_ended_or_aborted() {
    let halves = Rc::new(RefCell::new(Vec::new()));
    for reset in [false, true] {
        let seen = Rc::clone(&halves);
        let mut house = House::with(Config::default(), Listen::default(), move || {
            let seen = Rc::clone(&seen);
            Actor::new(move |io, _| {
                seen.borrow_mut().push(io.rx.half());
                io.rx.consume(io.rx.len());
                Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
            })
        });
        let client = house.connect();
        house.say(client, b"hello");
        if reset {
            house.sim().reset(client)
        } else {
            house.sim().shutdown(client)
        }
        house.settle();
        let last = if reset { Half::Aborted } else { Half::Ended };
        assert_eq!(halves.take(), [Half::Open, Half::Open, last]);
        assert_eq!(house.reactor.app().gone.len(), 1);
    }
}

#[test]
fn property_3_our_close_does_not_cut_what_is_queued() {
    let answer: Vec<u8> = (0..900_000_u32).map(|at| (at % 251) as u8).collect();
    let pauses = [0, 1, 3, 10, 19].map(Duration::from_secs);
    for pause in pauses {
        let written = answer.clone();
        let mut house = House::with(Config::default(), Listen::default(), move || {
            let written = written.clone();
            Actor::new(move |io, _| {
                if io.rx.is_empty() {
                    return Ok(Step::Wait);
                }
                io.tx.write(&written);
                Ok(Step::Finish)
            })
        });
        house.sim().set_link(Link { window: 30_000..=30_000, ..Link::perfect() });
        let client = house.connect();
        house.sim().stop_reading(client);
        house.say(client, b"question");
        // A slow reader: it takes what is there, and pauses.
        for _ in 0..40 {
            house.sim().start_reading(client);
            house.settle();
            house.sim().stop_reading(client);
            house.reactor.turn(Some(Duration::ZERO)).expect("the wait");
            if house.sim().is_ended(client) {
                break;
            }
            house.wait(pause);
        }
        house.sim().start_reading(client);
        house.settle();
        let got = house.sim().take(client);
        assert!(got == answer, "{} bytes with pauses of {pause:?}", got.len());
        assert_eq!(house.reactor.app().gone.last().map(|(_, why)| *why), Some(End::Finished));
        assert_eq!(house.counters().cut_short, 0);
    }
}

#[test]
fn property_3_an_early_answer_reaches_whoever_is_still_sending() {
    const CLIENTS: usize = 200;
    const UPLOAD: usize = 2 << 20;
    let mut reactor: Reactor<Troupe> = Reactor::new(Troupe::default()).expect("a loop");
    let here = Address::Ip(([127, 0, 0, 1], 0).into());
    let refuse = |io: &mut Io<'_, Troupe>| {
        if io.rx.is_empty() {
            return Ok(Step::Wait);
        }
        io.tx.write(&vec![b'n'; 20_000]);
        Ok(Step::Finish)
    };
    let at = reactor
        .listen(&here, move |_, _| Some(Actor::new(move |io, _| refuse(io))))
        .expect("a listener");
    let at = at.ip().expect("an IP address");
    let handle = reactor.handle();
    let clients = std::thread::spawn(move || {
        let upload = vec![0; UPLOAD];
        let answered = (0..CLIENTS).filter(|_| {
            let mut stream = TcpStream::connect(at).expect("a connection");
            // A client may stop when it is told to; one that does not must get the answer as well.
            let _ = stream.write_all(&upload);
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).is_ok() && answer.len() == 20_000
        });
        let answered = answered.count();
        handle.drain();
        answered
    });
    reactor.run().expect("the loop");
    assert_eq!(clients.join().expect("the clients"), CLIENTS);
}

#[test]
fn property_3_an_echo_sends_the_last_bytes_before_its_end() {
    for length in [1, 70_000, 1_000_000] {
        let mut house = House::new(Config::default(), echo);
        house.sim().set_link(Link { window: 10_000..=10_000, ..Link::perfect() });
        let client = house.connect();
        house.sim().send(client, &vec![1; length]);
        house.sim().shutdown(client);
        house.settle();
        assert_eq!(house.sim().received(client).len(), length);
        assert!(house.sim().is_ended(client) && !house.sim().was_reset(client));
    }
}
