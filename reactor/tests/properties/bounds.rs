//! 4: what waits to be sent is bounded, for each connection and for all of them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use readily::sys::sim::Link;
use readily::{
    Address, Config, End, Io, Listen, Marks, Mio, Reactor, Sanitizer, Step, StreamOptions,
};

use crate::house::House;
use crate::troupe::{Actor, Cue, Does, Troupe, echo};

const MARKS: Marks = Marks { high: 32 * 1024, low: 8 * 1024, cap: 64 * 1024 };

fn config(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::default();
    config.send_marks = MARKS;
    change(&mut config);
    config
}

/// Writes as long as there is room.
fn produce(io: &mut Io<'_, Troupe>, _: Cue) -> Does {
    io.rx.consume(io.rx.len());
    while io.tx.room() > 0 {
        io.tx.write(&[0; 1000]);
    }
    Ok(Step::Wait)
}

/// Writes whether or not there is room.
fn flood(io: &mut Io<'_, Troupe>, _: Cue) -> Does {
    for _ in 0..1000 {
        io.tx.write(&[0; 1000]);
    }
    Ok(Step::Wait)
}

#[test]
fn property_4_a_thousand_peers_that_never_read() {
    const PEERS: usize = 1000;
    let mio = Mio::new().expect("a wait");
    let mut reactor = Reactor::with(Troupe::default(), mio, config(|_| {})).expect("a loop");
    let here = Address::Ip(([127, 0, 0, 1], 0).into());
    let stream = StreamOptions { send_buffer: Some(4096), ..StreamOptions::default() };
    let options = Listen { stream, ..Listen::default() };
    let first = || Actor::new(produce);
    let (_, producer) =
        reactor.listen_with(&here, options, move |_, _| Some(first())).expect("a listener");
    let other = reactor.listen(&here, |_, _| Some(Actor::new(echo))).expect("a listener");
    let [producer, other] = [producer, other].map(|at| at.ip().expect("an IP address"));

    let mut deaf = Vec::with_capacity(PEERS);
    let mut served = TcpStream::connect(other).expect("a connection");
    served.set_nonblocking(true).expect("a socket");
    for _ in 0..PEERS / 10 {
        let ten = (0..10).map(|_| TcpStream::connect(producer).expect("a connection"));
        deaf.extend(ten);
        served.write_all(b"ping").expect("written");
        let mut got = 0;
        for _ in 0..10_000 {
            reactor.turn(Some(Duration::from_millis(1))).expect("the wait");
            got += served.read(&mut [0; 4]).unwrap_or(0);
            if got == 4 {
                break;
            }
        }
        assert_eq!(got, 4, "others are served meanwhile");
    }
    while reactor.counters().accepted < PEERS as u64 + 1 {
        reactor.turn(Some(Duration::from_secs(5))).expect("the wait");
    }
    while reactor.turn(Some(Duration::from_millis(20))).is_ok() {
        let written = reactor.counters().bytes_out;
        reactor.turn(Some(Duration::from_millis(20))).expect("the wait");
        if reactor.counters().bytes_out == written {
            break;
        }
    }
    reactor.check();
    let each: Vec<u32> = reactor.connections().map(|open| open.buffered).collect();
    assert_eq!(each.len(), PEERS + 1);
    assert!(each.iter().all(|held| *held as usize <= MARKS.cap), "{:?}", each.iter().max());
    let waits = each.iter().filter(|held| **held > 0).count();
    assert_eq!(waits, PEERS, "something waits for each that does not read");
    let all: u64 = each.iter().map(|held| u64::from(*held)).sum();
    assert_eq!(reactor.counters().buffered, all);
}

#[test]
fn property_4_who_writes_past_the_cap_is_ended() {
    let mut house = House::new(config(|_| {}), flood);
    let client = house.connect();
    house.sim().stop_reading(client);
    house.settle();
    assert_eq!(house.reactor.app().gone.len(), 1);
    assert_eq!(house.reactor.app().gone[0].1, End::Overflow);
    assert_eq!((house.counters().ended_overflow, house.counters().buffered), (1, 0));
}

#[test]
fn property_4_falling_under_the_low_mark_wakes_who_may_fill_it() {
    for marks in [MARKS, Marks::default()] {
        for window in [5000, 1 << 24] {
            let mut house =
                House::with(config(|c| c.send_marks = marks), Listen::default(), || {
                    let mut left = 1_000_000_usize;
                    Actor::new(move |io, _| {
                        while io.tx.room() > 0 && left > 0 {
                            let n = left.min(1000);
                            io.tx.write(&[0; 1000][..n]);
                            left -= n;
                        }
                        Ok(if left == 0 { Step::Finish } else { Step::Wait })
                    })
                });
            house.sim().set_link(Link { window: window..=window, ..Link::perfect() });
            let client = house.connect();
            house.settle();
            let told = format!("{marks:?} and a window of {window}");
            assert_eq!(house.sim().received(client).len(), 1_000_000, "{told}");
            assert!(house.sim().is_ended(client), "{told}");
        }
    }
}

#[test]
fn property_4_small_blocks_are_charged_by_their_capacity() {
    // A thousand answers of one byte each wait: they are joined, and cost what they hold.
    let mut house = House::new(config(|_| {}), echo);
    house.sim().set_link(Link { window: 1..=1, ..Link::perfect() });
    let client = house.connect();
    house.sim().stop_reading(client);
    for _ in 0..1000 {
        house.say(client, b"x");
    }
    let held = house.counters().buffered;
    assert!((1..=8192).contains(&held), "{held} bytes for a thousand");
    // One byte in each of a thousand connections costs a block in each.
    let mut house = House::new(config(|_| {}), echo);
    house.sim().set_link(Link { window: 1..=1, ..Link::perfect() });
    for _ in 0..1000 {
        let client = house.connect();
        house.sim().stop_reading(client);
        house.say(client, b"x");
        house.say(client, b"x");
    }
    assert_eq!(house.counters().buffered, 1000 * 4096);
}

/// Keeps what it gets until it has a hundred bytes.
fn keep(io: &mut Io<'_, Troupe>, _: Cue) -> Does {
    if io.rx.len() >= 100 || io.rx.has_ended() {
        io.rx.consume(io.rx.len());
    }
    Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
}

#[test]
fn property_4_reads_that_starve_go_on_when_memory_is_freed() {
    // Nine blocks of ten are in use, and one more; then nobody is read from.
    type Frees = fn(&mut House, readily::sys::sim::ClientId);
    let ways: [(&str, Frees); 3] = [
        ("a reset", |house, client| house.sim().reset(client)),
        ("another connection's end", |house, client| {
            let id = house.id(client);
            house.reactor.app_mut().answer = Some(Box::new(move |_, fx| fx.close(id)));
            house.reactor.handle().mail(readily::To::App, 0).expect("room");
        }),
        ("an abort of its half", |house, client| {
            let id = house.id(client);
            house.reactor.handle().wake(id).expect("room");
            house.sim().close(client);
        }),
    ];
    for (way, free) in ways {
        let mut house = House::new(
            config(|c| {
                c.buffers_max = 10 * 4096;
                c.sanitizer = Sanitizer::Off;
            }),
            keep,
        );
        let clients: Vec<_> = (0..12).map(|_| house.connect()).collect();
        house.settle();
        let holders = clients[..10].to_vec();
        holders.iter().for_each(|client| house.say(*client, b"x"));
        assert_eq!(house.counters().buffered, 10 * 4096);
        for client in &clients[10..] {
            house.say(*client, &[b'y'; 100]);
            assert_eq!(house.sim().unread(*client), 100, "nothing is read");
        }
        assert_eq!(house.counters().starved, 2);
        if way == "an abort of its half" {
            // It is starved itself, so that its end is not read: others must free the memory.
            holders[1..4].iter().for_each(|client| house.sim().reset(*client));
        }
        free(&mut house, holders[0]);
        house.settle();
        house.wait(Duration::from_millis(10));
        let unread: Vec<_> = clients[10..].iter().map(|c| house.sim().unread(*c)).collect();
        assert_eq!(unread, [0, 0], "after {way}");
    }
}
