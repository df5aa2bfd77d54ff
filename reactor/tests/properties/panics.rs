//! 7: a handler that panics costs its own connection, with a counter.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use readily::sys::sim::{ClientId, Sim};
use readily::{
    Address, Bind, Config, Datagram, Desk, End, Endpoint, EndpointId, HANGUP, Id, Listen, Peer,
    Reactor, Step, To, Transmit,
};

use crate::house::House;
use crate::planned::planned_panic;
use crate::troupe::{Actor, Troupe, echo, swallow};

/// What became of one run.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    /// What each client got, and whether it was reset.
    clients: Vec<(Vec<u8>, bool)>,
    /// Who panicked.
    panicked: Option<Id>,
    gone: Vec<(Id, End)>,
    mail: Vec<u32>,
    told: Vec<(Id, Id)>,
    calls: u32,
}

/// Six clients, linked in pairs, say things; the call with number `fatal` panics when it has done
/// all that it would do.
fn run(fatal: Option<u32>) -> Run {
    let calls = Rc::new(Cell::new(0));
    let panicked = Rc::new(Cell::new(None));
    let told = Rc::new(RefCell::new(Vec::new()));
    let partner = Rc::new(Cell::new(None::<Id>));
    let state = (Rc::clone(&calls), Rc::clone(&panicked), Rc::clone(&told));
    let mut house = House::with(Config::default(), Listen::default(), move || {
        let (calls, panicked, told) = state.clone();
        let partner = Rc::clone(&partner);
        let mut begun = false;
        Actor::new(move |io, _| {
            let me = io.id();
            if !std::mem::replace(&mut begun, true) {
                match partner.take() {
                    Some(other) => io.link(other),
                    None => partner.set(Some(me)),
                }
            }
            if let Peer::Gone(other, End::Panicked) = io.peer {
                told.borrow_mut().push((me, other));
            }
            let bytes = io.rx.bytes().to_vec();
            io.rx.consume(bytes.len());
            io.tx.write(&bytes);
            if let Peer::Open { tx, .. } = &mut io.peer {
                // Its peer gets it too; large pieces are pieces of their own.
                tx.write(&bytes);
                if !bytes.is_empty() {
                    tx.write_static(&[b'.'; 5000]);
                }
            }
            if !bytes.is_empty() {
                io.mail(To::App, bytes[0].into()).expect("room");
            }
            calls.set(calls.get() + 1);
            if fatal == Some(calls.get()) {
                panicked.set(Some(me));
                planned_panic();
            }
            Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
        })
    });
    let clients: Vec<ClientId> = (0..6)
        .map(|_| {
            let client = house.connect();
            house.settle();
            client
        })
        .collect();
    for round in 0..3 {
        for (at, client) in clients.iter().enumerate() {
            house.say(*client, &[b'a' + at as u8, b'0' + round]);
        }
    }
    house.wait(Duration::from_millis(5));
    assert_eq!(house.counters().panics, u64::from(fatal.is_some()));
    assert_eq!(house.counters().ended_panicked, u64::from(fatal.is_some()));
    let sim = house.sim();
    let seen = clients.iter().map(|client| (sim.take(*client), sim.was_reset(*client))).collect();
    let app = house.reactor.app();
    let mut told = told.take();
    // It stays so until it asks for another link.
    told.dedup();
    Run {
        clients: seen,
        panicked: panicked.get(),
        gone: app.gone.clone(),
        mail: app.mail.clone(),
        told,
        calls: calls.get(),
    }
}

#[test]
fn property_7_whichever_call_panics() {
    let sound = run(None);
    assert_eq!((sound.gone.len(), sound.told.len()), (0, 0));
    assert_eq!(sound.mail.len(), 18);
    for fatal in 1..=sound.calls {
        let run = run(Some(fatal));
        let dead = run.panicked.expect("it panicked");
        assert_eq!(run.gone, [(dead, End::Panicked)], "call {fatal}");
        let resets: Vec<usize> = (0..6).filter(|at| run.clients[*at].1).collect();
        let &[victim] = &resets[..] else { panic!("call {fatal}: {resets:?} were reset") };
        let peer = victim ^ 1;
        for (at, (bytes, _)) in run.clients.iter().enumerate() {
            let sound = &sound.clients[at].0;
            match at {
                _ if at == victim => assert!(sound.starts_with(bytes), "call {fatal}"),
                _ if at == peer => is_part(bytes, sound, fatal),
                _ => assert!(bytes == sound, "call {fatal}: the bytes of client {at}"),
            }
        }
        // Its peer is told, if the link was made.
        assert!(run.told.len() <= 1 && run.told.iter().all(|(_, other)| *other == dead));
        assert!(fatal <= 2 || !run.told.is_empty() || run.mail.len() < 18, "call {fatal}");
        // Nothing that the call asked for was done: the mail of each call that ended well is there.
        let answered = run.clients[victim].0.iter().filter(|byte| byte.is_ascii_alphabetic());
        let own = answered.filter(|byte| usize::from(**byte - b'a') == victim).count();
        let mailed = run.mail.iter().filter(|mail| **mail == u32::from(b'a') + victim as u32);
        assert_eq!(mailed.count(), own, "call {fatal}");
    }
}

/// What the peer of a panicked connection got: all of its own, and of the other what was written by
/// calls that ended well, which are whole.
fn is_part(bytes: &[u8], sound: &[u8], fatal: u32) {
    let rest = bytes.iter().filter(|byte| **byte == b'.').count();
    assert_eq!(rest % 5000, 0, "call {fatal}: a piece of what was taken back");
    let words = |bytes: &[u8]| {
        let said: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'.').collect();
        said.chunks(2).map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let sound = words(sound);
    assert!(words(bytes).iter().all(|word| sound.contains(word)), "call {fatal}");
}

/// A house with an echo beside the one that panics, which goes on whatever happens.
fn goes_on(house: &mut House, panics: u64) {
    let other = Address::Ip(([10, 0, 0, 1], 81).into());
    house.reactor.listen(&other, |_, _| Some(Actor::new(echo))).expect("a listener");
    let client = house.sim().connect(&other);
    house.say(client, b"still there?");
    assert_eq!(house.sim().received(client), b"still there?");
    assert_eq!(house.counters().panics, panics);
}

#[test]
fn property_7_a_panic_of_a_deadline() {
    for armed in [0, 1, 2] {
        let asked = Rc::new(Cell::new(0));
        let mut house = House::with(Config::default(), Listen::default(), move || Actor {
            due: Some(Box::new({
                let asked = Rc::clone(&asked);
                move || {
                    asked.set(asked.get() + 1);
                    if asked.get() > armed { planned_panic() } else { None }
                }
            })),
            ..Actor::new(echo)
        });
        let client = house.connect();
        (0..3).for_each(|_| house.say(client, b"x"));
        assert_eq!(house.reactor.app().gone.len(), 1);
        assert_eq!(house.reactor.app().gone[0].1, End::Panicked);
        assert!(house.sim().was_reset(client));
        goes_on(&mut house, 1);
    }
}

/// Panics when it is dropped.
struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        planned_panic();
    }
}

#[test]
fn property_7_a_panic_of_a_drop() {
    let mut house = House::with(Config::default(), Listen::default(), || {
        let fragile = Fragile;
        Actor::new(move |io, cue| {
            let _ = &fragile;
            swallow(io, cue)
        })
    });
    let [ends, resets] = [house.connect(), house.connect()];
    house.settle();
    house.sim().shutdown(ends);
    house.sim().reset(resets);
    house.settle();
    assert_eq!(house.reactor.app().gone.len(), 2);
    assert!(house.sim().is_ended(ends) && !house.sim().was_reset(ends), "its close is in order");
    goes_on(&mut house, 2);
}

#[test]
fn property_7_a_panic_of_the_accept_closure() {
    let mut turn = 0;
    let mut house = House::with(Config::default(), Listen::default(), move || {
        turn += 1;
        if turn == 2 { planned_panic() } else { Actor::new(echo) }
    });
    let clients = [house.connect(), house.connect(), house.connect()];
    clients.iter().for_each(|client| house.say(*client, b"x"));
    let got = clients.map(|client| house.sim().take(client));
    assert_eq!(got, [&b"x"[..], b"", b"x"]);
    assert!(house.sim().was_reset(clients[1]));
    goes_on(&mut house, 1);
}

#[test]
fn property_7_a_panic_of_the_application() {
    let mut house = House::new(Config::default(), echo);
    house.reactor.app_mut().answer = Some(Box::new(|mail, fx| {
        fx.mail(To::App, mail + 1).expect("room");
        if mail == 0 {
            planned_panic();
        }
        fx.list().clear();
    }));
    let handle = house.reactor.handle();
    (0..3).for_each(|_| handle.mail(To::App, 0).expect("room"));
    house.settle();
    assert_eq!(house.reactor.app().mail, [0, 0, 0], "what it asked for is forgotten");
    goes_on(&mut house, 3);
}

#[test]
fn property_7_a_panic_of_gone() {
    // What a sound handler asks for in the call that ends another is done all the same.
    let mut house = House::with(Config::default(), Listen::default(), || {
        Actor::new(|io, _| {
            if io.rx.has_ended() {
                io.mail(To::App, 7).expect("room");
                io.tx.abort();
            }
            Ok(Step::Wait)
        })
    });
    house.reactor.app_mut().mourn = Some(Box::new(|_| planned_panic()));
    let client = house.connect();
    house.settle();
    house.sim().shutdown(client);
    house.settle();
    assert_eq!((house.reactor.app().gone.len(), house.counters().open), (1, 0));
    assert_eq!(house.reactor.app().mail, [7]);
    goes_on(&mut house, 1);
}

/// Where an endpoint panics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Handle,
    PollTransmit,
    HasRoom,
    Deadline,
    Receive,
    Dropped,
}

/// Answers each datagram with itself, unless it says `!`.
struct Brittle {
    part: Part,
    fatal: Cell<bool>,
    queue: Vec<(SocketAddr, Vec<u8>)>,
}

impl Brittle {
    fn at(&self, part: Part) {
        if self.part == part && self.fatal.take() {
            planned_panic();
        }
    }
}

impl Endpoint<Troupe> for Brittle {
    fn handle(&mut self, datagram: Datagram<'_>, _: &mut Desk<'_, Troupe>) {
        self.fatal.set(datagram.bytes == b"!");
        self.at(Part::Handle);
        self.queue.push((datagram.from, datagram.bytes.to_vec()));
    }

    fn poll_transmit(
        &mut self,
        into: &mut Vec<u8>,
        _: usize,
        _: &mut Desk<'_, Troupe>,
    ) -> Option<Transmit> {
        self.at(Part::PollTransmit);
        let (to, bytes) = self.queue.pop()?;
        into.extend_from_slice(&bytes);
        Some(Transmit { to, from: None, ecn: None, len: bytes.len(), segment: None })
    }

    fn has_room(&self) -> bool {
        self.at(Part::HasRoom);
        true
    }

    fn deadline(&self) -> Option<std::time::Instant> {
        self.at(Part::Deadline);
        None
    }

    fn receive(&mut self, _: u32, _: &mut Desk<'_, Troupe>) {
        self.fatal.set(true);
        self.at(Part::Receive);
    }

    fn dropped(&self) -> u64 {
        self.at(Part::Dropped);
        0
    }
}

#[test]
fn property_7_a_panic_of_an_endpoint() {
    use Part::{Deadline, Dropped, Handle, HasRoom, PollTransmit, Receive};
    for part in [Handle, PollTransmit, HasRoom, Deadline, Receive, Dropped] {
        let mut house = House::new(Config::default(), echo);
        let at: SocketAddr = ([10, 0, 0, 1], 53).into();
        let from: SocketAddr = ([10, 0, 0, 2], 1000).into();
        let brittle = Brittle { part, fatal: Cell::new(false), queue: Vec::new() };
        house.reactor.bind(at, Bind::default(), brittle).expect("a socket");
        if part == Receive {
            house.reactor.handle().mail(To::Endpoint(EndpointId(0)), 1).expect("room");
        }
        for said in [&b"one"[..], b"!", b"two"] {
            house.sim().send_datagram(from, at, said);
            house.settle();
        }
        let got: Vec<_> = house.sim().take_datagrams(from).into_iter().map(|(_, b)| b).collect();
        assert!(got.contains(&b"one".to_vec()) && got.contains(&b"two".to_vec()), "{part:?}");
        let panics = house.counters().panics;
        assert!(panics >= 1, "{part:?}: {panics} panics");
        goes_on(&mut house, panics);
    }
}

#[test]
fn property_7_a_panic_of_what_makes_a_signals_mail() {
    let mut reactor =
        Reactor::with(Troupe::default(), Sim::new(1), Config::default()).expect("a loop");
    let mut fatal = true;
    let make = move || if std::mem::replace(&mut fatal, false) { planned_panic() } else { 5 };
    reactor.on_signal(HANGUP, make).expect("a signal");
    for _ in 0..2 {
        reactor.sys_mut().raise_signal(HANGUP);
        for _ in 0..3 {
            reactor.turn(Some(Duration::ZERO)).expect("the wait");
        }
    }
    assert_eq!((reactor.app().mail.clone(), reactor.counters().panics), (vec![5], 1));
}
