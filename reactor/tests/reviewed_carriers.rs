//! Cases that a review of the carriers found by reading: each was a defect once.
#![cfg(feature = "quic")]

#[path = "common/house.rs"]
mod house;
#[path = "common/toy.rs"]
mod toy;
#[path = "reviewed_carriers/toys.rs"]
mod toys;
#[path = "common/troupe.rs"]
mod troupe;

#[path = "common/planned.rs"]
mod planned;

use std::io::ErrorKind;
use std::time::Duration;

use house::House;
use planned::planned_panic;
use readily::sys::sim::{Rng, Serving, Sim};
use readily::*;
use toy::Toys;
use toys::{Net, nudge, served};
use troupe::{Actor, Cue, Does, Troupe};

fn secured(config: Config, act: fn(&mut Io<'_, Troupe>, Cue) -> Does) -> House {
    let options = Listen { tls: Some(Toys.into()), ..Listen::default() };
    House::with(config, options, move || Actor::new(act))
}

/// Ends its half when the peer has ended its own, and waits.
fn polite(io: &mut Io<'_, Troupe>, _: Cue) -> Does {
    io.tx.adopt(io.rx, usize::MAX);
    if io.rx.is_drained() {
        io.tx.finish();
    }
    Ok(Step::Wait)
}

/// Ends its half at once, and finishes when the peer has said something.
fn hasty(io: &mut Io<'_, Troupe>, _: Cue) -> Does {
    io.tx.finish();
    let heard = io.rx.len();
    io.rx.consume(heard);
    Ok(if heard > 0 { Step::Finish } else { Step::Wait })
}

#[test]
fn our_end_is_said_at_once_on_tls() {
    let mut house = secured(Config::default(), polite);
    let client = house.connect();
    house.say(client, b"!hello.");
    assert_eq!(house.sim().take(client), b"!hello.");
    assert!(house.sim().is_ended(client), "the socket's end is not said");
}

#[test]
fn our_end_is_said_at_once_on_a_stream() {
    let (mut house, net) = served(polite);
    let key = net.opened(b"hello", true);
    nudge(&mut house);
    let stream = net.stream(key);
    assert_eq!(stream.heard, b"hello");
    assert!(stream.finished || stream.released == Some(Release::InOrder), "{stream:?}");
    assert_eq!(house.counters().open, 0);
}

#[test]
fn a_stream_whose_half_ended_before_is_left_at_once() {
    let (mut house, net) = served(hasty);
    let key = net.opened(b"", false);
    nudge(&mut house);
    assert!(net.stream(key).finished);
    net.says(key, b"x", false);
    nudge(&mut house);
    assert_eq!(house.counters().ended_finished, 1);
    assert_eq!(net.stream(key).released, Some(Release::InOrder));
    assert_eq!(house.counters().open, 0);
}

#[test]
fn one_that_is_cut_has_not_finished() {
    for early in [false, true] {
        let act: fn(&mut Io<'_, Troupe>, Cue) -> Does = if early {
            |io, _| {
                io.rx.consume(io.rx.len());
                io.tx.finish();
                Ok(Step::Wait)
            }
        } else {
            polite
        };
        let mut house = secured(Config::default(), act);
        let client = house.connect();
        house.say(client, b"!x");
        house.sim().shutdown(client);
        house.settle();
        let why = house.reactor.app().gone[0].1;
        assert_eq!(why, End::Transport(ErrorKind::UnexpectedEof), "early: {early}");
        assert_eq!(house.counters().truncated, 1);
    }
}

#[test]
fn an_end_in_the_flight_of_the_handshake_needs_no_linger() {
    let mut house = secured(Config::default(), troupe::swallow);
    let client = house.connect();
    house.settle();
    house.sim().send(client, b"!.");
    house.sim().shutdown(client);
    house.settle();
    assert_eq!(house.counters().ended_finished, 1);
    assert_eq!(house.counters().open, 0, "both have ended, and it is kept");
}

#[test]
fn handshakes_of_one_turn_are_bounded_whenever_they_were_begun() {
    let mut config = Config::default();
    config.turn_handshakes = 5;
    let mut house = secured(config, troupe::swallow);
    let clients: Vec<_> = (0..20).map(|_| house.connect()).collect();
    house.settle();
    assert_eq!(house.counters().handshaking, 20);
    clients.iter().for_each(|client| house.sim().send(*client, b"!"));
    let mut most = 0;
    while house.counters().handshaking > 0 {
        let before = house.counters().handshaking;
        house.turn();
        most = most.max(before - house.counters().handshaking);
    }
    assert!(most <= 5, "{most} handshakes in one turn");
}

#[test]
fn who_waits_for_a_handshake_is_not_overtaken_for_ever() {
    let mut config = Config::default();
    config.turn_handshakes = 5;
    let mut house = secured(config, troupe::swallow);
    let drips: Vec<_> = (0..20).map(|_| house.connect()).collect();
    let client = house.connect();
    house.settle();
    for turn in 0.. {
        drips.iter().for_each(|drip| house.sim().send(*drip, b"-"));
        if turn == 0 {
            house.sim().send(client, b"!");
        }
        house.turn();
        if house.counters().handshaking == 20 {
            break;
        }
        assert!(turn < 100, "it is always behind those who drip");
    }
}

#[test]
fn a_machine_that_panics_takes_nothing_of_its_endpoint_along() {
    let (mut house, net) = served(|_, _| planned_panic());
    net.opened(b"x", true);
    net.mails(7);
    nudge(&mut house);
    assert_eq!(house.counters().ended_panicked, 1);
    assert_eq!(house.reactor.app().mail, [7], "the endpoint's mail is lost");
}

#[test]
fn what_a_transmit_brings_about_is_told() {
    let (mut house, net) = served(polite);
    net.opens_in_transmit(b"late");
    nudge(&mut house);
    assert_eq!(house.counters().streams, 1, "the event waits for the next datagram");
}

#[test]
fn a_machine_on_a_stream_of_its_own_knows_what_was_agreed() {
    let (mut house, net) = served(polite);
    let to = Connect::to(std::net::SocketAddr::from(([10, 0, 0, 9], 9)));
    let machine = Actor::new(|io, _| {
        let (id, agreed) = (io.id(), io.secured().is_some());
        io.app.heard.push((id, u32::from(agreed)));
        Ok(Step::Wait)
    });
    house.reactor.connect(to.over(net.endpoint(), "there"), machine).expect("a place");
    net.connects();
    nudge(&mut house);
    assert_eq!(house.reactor.app().heard[0].1, 1, "nothing is known of ALPN");
}

#[test]
fn ciphertext_past_its_cap_ends_the_connection() {
    // The session answers each `?` with 1 KiB of its own.
    let mut house = secured(Config::default(), troupe::swallow);
    let client = house.connect();
    house.say(client, b"!");
    house.sim().stop_reading(client);
    for _ in 0..3000 {
        house.say(client, b"?");
    }
    let counters = *house.counters();
    assert!(counters.buffered < 256 * 1024 || counters.ended == 1, "{} bytes", counters.buffered);
    // Either it is not read from, or it has ended: a hole is worse.
    house.sim().start_reading(client);
    house.settle();
    let got = house.sim().take(client);
    let whole = got.len() == 1 + 3000 * 1024;
    assert!(whole || house.counters().ended == 1, "{} bytes arrived: a hole", got.len());
}

#[test]
fn ciphertext_that_waits_starves_nobody_for_ever() {
    let mut config = Config::default();
    (config.receive_max, config.buffers_max) = (2048, 280 * 1024);
    let options = Listen { tls: Some(Toys.into()), ..Listen::default() };
    // It reads nothing before it is told to.
    let mut house = House::with(config, options, || {
        let (mut reads, mut got) = (false, 0);
        Actor::new(move |io, cue| {
            reads |= cue == Cue::Mail(1);
            if reads {
                got += io.rx.len() as u32;
                io.rx.consume(io.rx.len());
                let id = io.id();
                io.app.heard.push((id, got));
            }
            Ok(Step::Wait)
        })
    });
    let mut link = readily::sys::sim::Link::perfect();
    link.window = 1 << 20..=1 << 20;
    house.sim().set_link(link);
    let clients: Vec<_> = (0..4).map(|_| house.connect()).collect();
    for client in &clients {
        house.say(*client, b"!");
        house.say(*client, &[b'x'; 1000]);
        house.say(*client, &[b'x'; 60_000]);
    }
    assert_eq!(house.counters().ended, 0, "none is shed");
    let handle = house.reactor.handle();
    for client in &clients {
        let id = house.id(*client);
        handle.mail(To::Conn(id), 1).expect("room");
    }
    house.settle();
    let heard = &house.reactor.app().heard;
    let whole = heard.iter().filter(|(_, got)| *got == 61_000).count();
    assert_eq!(whole, 4, "{} bytes are held, all wait", house.counters().buffered);
}

#[test]
fn streams_of_one_turn_are_bounded() {
    let (mut house, net) = served(polite);
    for _ in 0..10_000 {
        net.opened(b"", false);
    }
    let at = net.at();
    house.sim().send_datagram(toys::client(), at, b"x");
    let mut most = 0;
    while house.counters().streams < 10_000 {
        let before = house.counters().streams;
        house.turn();
        most = most.max(house.counters().streams - before);
    }
    assert!(most < 10_000, "{most} streams in one turn");
}

#[test]
fn a_stream_is_read_no_more_often_than_it_must() {
    // Once for the bytes and once for nothing: what `attach` tells was known.
    let (mut house, net) = served(troupe::swallow);
    let key = net.opened(b"x", false);
    nudge(&mut house);
    assert_eq!(net.stream(key).reads, 2);
}

#[test]
fn durations_without_end_are_limits_too() {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let limits = quic::Limits { handshake: Duration::MAX, ..quic::Limits::DEFAULT };
    let quic = quic::Quic::client(tls.into(), quic::Secrets::fixed([1; 32]), limits);
    let Ok(quic) = quic else { return };
    let mut house = House::new(Config::default(), troupe::echo);
    let at = ([10, 0, 0, 1], 443).into();
    let bound = house.reactor.bind_streams(at, Bind::default(), quic, |_, _| None);
    let (endpoint, _) = bound.expect("a port");
    let to = Connect::to(std::net::SocketAddr::from(([10, 0, 0, 9], 9)));
    let made = house.reactor.connect(to.over(endpoint, "there"), Actor::new(troupe::echo));
    made.expect("a place");
    house.turn();
    assert_eq!((house.counters().panics, house.counters().connects_failed), (0, 0));
}

#[test]
fn nothing_is_left_behind_whatever_happens() {
    for seed in 0..100 {
        storm(seed);
    }
}

/// Does anything that a machine may do.
fn wild(mut rng: Rng, net: Net) -> Actor {
    Actor::new(move |io, _| {
        let n = rng.index(io.rx.len() + 1);
        if rng.index(2) == 0 {
            io.tx.adopt(io.rx, n);
        } else {
            io.rx.consume(n.min(io.rx.len()));
        }
        match rng.index(40) {
            0 => planned_panic(),
            1 | 2 => return Ok(Step::Finish),
            3 => return Err(Fault::Peer("toy: wild")),
            4 => io.tx.abort(),
            5 | 6 => io.tx.finish(),
            7 => {
                let to = Connect::to(std::net::SocketAddr::from(([10, 0, 0, 9], 9)));
                let to = if rng.index(2) == 0 { to.over(net.endpoint(), "there") } else { to };
                if let Ok(id) = io.connect(to, wild(rng.fork(), net.clone())) {
                    io.link(id);
                }
            }
            8 => io.tx.write(&vec![b'y'; rng.index(300_000)]),
            9 => return Ok(Step::Yield),
            10 => {
                let id = io.id();
                io.close(id);
            }
            11 => return Err(Fault::Local("toy: wild")),
            _ => {}
        }
        io.rx.consume(io.rx.len() / 2);
        Ok(if io.rx.has_ended() && io.rx.len() < 2 { Step::Finish } else { Step::Wait })
    })
}

fn storm(seed: u64) {
    let mut rng = Rng::new(seed);
    let mut config = Config::default();
    config.handshakes_max = 1 + rng.index(5);
    config.turn_handshakes = 1 + rng.index(5);
    config.sanitizer = Sanitizer::Off;
    if rng.index(3) == 0 {
        config.buffers_max = 100_000 + rng.index(1_000_000);
    }
    let net = Net::default();
    let options = Listen { tls: Some(Toys.into()), ..Listen::default() };
    let (mut forks, hands) = (rng.fork(), net.clone());
    let mut house = House::with(config, options, move || wild(forks.fork(), hands.clone()));
    let (mut forks, hands) = (rng.fork(), net.clone());
    let bound = house.reactor.bind_streams(net.at(), Bind::default(), net.clone(), move |_, _| {
        (forks.index(5) > 0).then(|| wild(forks.fork(), hands.clone()))
    });
    bound.expect("a port");
    let server: Address = "10.0.0.9:9".parse().expect("an address");
    let serving = [Serving::Accept, Serving::Refuse, Serving::Blackhole][rng.index(3)];
    house.sim().serve(&server, serving);
    if rng.index(2) == 0 {
        net.takes(1 + rng.index(100_000));
    }
    let mut clients = Vec::new();
    for _ in 0..150 {
        let any = (!clients.is_empty()).then(|| clients[rng.index(clients.len().max(1))]);
        match (rng.index(14), any) {
            (0 | 1, _) => clients.push(house.connect()),
            (2..=4, Some(client)) => house.sim().send(client, b"!"),
            (5, Some(client)) => house.sim().send(client, &vec![b'x'; rng.index(200_000)]),
            (6, Some(client)) => house.sim().send(client, b"."),
            (7, Some(client)) => match rng.index(4) {
                0 => house.sim().shutdown(client),
                1 => house.sim().reset(client),
                2 => house.sim().stop_reading(client),
                _ => house.sim().start_reading(client),
            },
            (8, _) => {
                net.opened(&vec![b'x'; rng.index(100_000)], rng.index(2) == 0);
            }
            (9, _) if net.lines() > 0 => {
                let key = rng.index(net.lines()) as u32;
                net.says(key, &vec![b'x'; rng.index(50_000)], rng.index(3) == 0);
            }
            (10, _) => net.connects(),
            (11, _) => net.takes_more(),
            (12, _) => house.wait(Duration::from_millis(rng.below(3000))),
            _ => {}
        }
        let at = net.at();
        house.sim().send_datagram(toys::client(), at, b"x");
        house.turn();
        let securing = house.reactor.connections().filter(|one| one.state == "securing").count();
        assert_eq!(house.counters().handshaking, securing as u64, "seed {seed}");
    }
    house.reactor.drain_within(Duration::from_secs(5));
    let mut turns = 0;
    while house.reactor.turn(Some(Duration::from_secs(1))).expect("the wait") == Turn::More {
        house.reactor.check();
        turns += 1;
        assert!(turns < 20_000, "seed {seed}: {:?}", house.counters());
    }
    let counters = *house.counters();
    let left = (counters.open, counters.buffered, counters.handshaking);
    assert_eq!(left, (0, 0, 0), "seed {seed}");
    for key in 0..net.lines() as u32 {
        assert!(net.stream(key).released.is_some(), "seed {seed}: stream {key} was not released");
    }
}

mod reconnects {
    use super::*;

    /// Connects again whenever a connection is gone.
    #[derive(Default)]
    struct Stubborn {
        again: Option<(Address, Over)>,
        tries: usize,
    }

    impl App for Stubborn {
        type Mail = Never;
        type Conn = Idle;

        fn gone(&mut self, _: Id, _: End, fx: &mut Effects<Self>) {
            self.tries += 1;
            assert!(self.tries < 1000, "it would never end");
            if let Some((to, over)) = self.again.clone() {
                let to = Connect { over, ..Connect::to(to) };
                let _ = fx.connect(to, Idle);
            }
        }
    }

    #[derive(Machine)]
    #[machine(app = Stubborn)]
    struct Idle;

    impl State<Idle> for Idle {
        fn advance(&mut self, io: &mut Io<'_, Stubborn>) -> Result<Step<Self, Idle>, Fault> {
            io.rx.consume(io.rx.len());
            Ok(Step::Wait)
        }
    }

    fn reactor(to: &Address, over: Over) -> Reactor<Stubborn, Sim> {
        let app = Stubborn { again: Some((to.clone(), over)), tries: 0 };
        Reactor::with(app, Sim::new(1), Config::default()).expect("a loop")
    }

    #[test]
    fn one_who_connects_again_at_once_does_not_stop_the_loop() {
        let to: Address = "10.0.0.9:9".parse().expect("an address");
        // There is no such endpoint: it fails at once.
        let over = Over::Stream(EndpointId(7), "nowhere".into());
        let mut reactor = reactor(&to, over.clone());
        let connect = Connect { over, ..Connect::to(to) };
        reactor.connect(connect, Idle).expect("a place");
        reactor.turn(Some(Duration::ZERO)).expect("the wait");
        let tries = reactor.app().tries;
        assert!(tries < 20, "{tries} tries in one turn");
    }

    #[test]
    fn one_who_connects_again_does_not_outlive_an_abort() {
        let to: Address = "10.0.0.9:9".parse().expect("an address");
        let mut reactor = reactor(&to, Over::Socket);
        reactor.sys_mut().serve(&to, Serving::Accept);
        for _ in 0..3 {
            reactor.connect(Connect::to(to.clone()), Idle).expect("a place");
        }
        for _ in 0..10 {
            reactor.turn(Some(Duration::from_millis(10))).expect("the wait");
        }
        assert_eq!(reactor.counters().open, 3);
        reactor.abort();
        let mut turns = 0;
        while reactor.turn(Some(Duration::from_secs(1))).expect("the wait") == Turn::More {
            turns += 1;
            assert!(turns < 100, "it goes on: {:?}", reactor.counters().open);
        }
    }
}
