//! How streams of QUIC end, who is refused, and what is left of them.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use readily::echo::Echo;
use readily::quic::{Limits, limits};
use readily::sys::sim::{Chance, DatagramLink, Rng, Sim};
use readily::{Config, End, Fault, Release, Step};

use crate::peer::Peer;
use crate::place::{Place, noise};
use crate::planned::planned_panic;
use crate::town::{Conn, Town};

const SOON: Duration = Duration::from_secs(1);

fn peer(place: &mut Place, number: u16, to: SocketAddr) -> Peer {
    Peer::new(number, place.sim(), to, Limits::DEFAULT)
}

/// A loop with an echo on QUIC, and one client.
fn echo_place() -> (Place, [Peer; 1]) {
    let mut place = Place::quiet(Config::default());
    let at = place.quic(Limits::DEFAULT, |_, _| Some(Conn::Echo(Echo)));
    let one = peer(&mut place, 1, at);
    (place, [one])
}

#[test]
fn many_streams_are_echoed_at_once() {
    let (mut place, mut peers) = echo_place();
    let mut rng = Rng::new(1);
    let texts: Vec<Vec<u8>> = (0..150).map(|_| noise(rng.index(30_000), &mut rng)).collect();
    for text in &texts {
        peers[0].call(place.sim(), text).finish();
    }
    place
        .drive_until(&mut peers, |_, peers| peers[0].calls.iter().all(|call| call.ended.is_some()));
    for (call, text) in peers[0].calls.iter().zip(&texts) {
        assert!(call.has_heard(text), "{call:?}");
    }
    let counters = place.counters();
    assert_eq!((counters.streams, counters.ended_finished, counters.buffered), (150, 150, 0));
    assert_eq!((place.tally(limits::ACCEPTED), counters.frozen_endpoints), (1, 0));
    assert!(counters.datagrams_lost == 0 && counters.datagrams_dropped == 0);
    peers[0].close(place.sim());
    place.end();
}

#[test]
fn what_one_side_does_to_a_stream_the_other_is_told() {
    type Does = fn(&mut Peer);
    let cases: [(&str, Does, End); 3] = [
        (
            "a reset",
            |peer| peer.release(0, Release::Reset),
            End::Transport(ErrorKind::ConnectionReset),
        ),
        (
            "nobody listens, and somebody answers",
            |peer| peer.release(0, Release::InOrder),
            End::Transport(ErrorKind::BrokenPipe),
        ),
        ("the end of its half", |peer| peer.calls[0].finish(), End::Finished),
    ];
    for (name, act, end) in cases {
        // It answers when the other half has ended.
        let mut place = Place::quiet(Config::default());
        let at = place.quic(Limits::DEFAULT, |_, _| {
            Some(Conn::act(|io| {
                io.rx.consume(io.rx.len());
                if !io.rx.has_ended() {
                    return Ok(Step::Wait);
                }
                if io.tx.may_send() && io.rx.half() == readily::Half::Ended {
                    io.tx.write(&[b'x'; 200_000]);
                    io.tx.finish();
                }
                Ok(Step::Wait)
            }))
        });
        let mut peers = [peer(&mut place, 1, at)];
        peers[0].call(place.sim(), b"hello");
        place.drive_for(&mut peers, SOON);
        assert_eq!(place.counters().open, 1, "{name}");
        act(&mut peers[0]);
        place.drive_for(&mut peers, SOON);
        assert_eq!(place.reactor.app().ends(), [end], "{name}");
        assert_eq!((place.counters().open, place.counters().buffered), (0, 0), "{name}");
        place.end();
    }
}

#[test]
fn what_a_machine_makes_of_a_stream_its_client_is_told() {
    let reset = Some(Err(ErrorKind::ConnectionReset));
    let faulty = Err(Fault::Peer("the third word"));
    for (name, wanted, heard, ended) in [
        ("finishes", Ok(()), &b"last words"[..], Some(Ok(()))),
        ("breaks the rules", faulty, b"last words", Some(Ok(()))),
        ("a fault of ours", Err(Fault::Local("ours")), b"", reset),
        ("panics", Err(Fault::Local("panic")), b"", reset),
    ] {
        let mut place = Place::quiet(Config::default());
        let at = place.quic(Limits::DEFAULT, move |_, _| {
            Some(Conn::act(move |io| {
                if io.rx.is_empty() {
                    return Ok(Step::Wait);
                }
                io.tx.write(b"last words");
                if wanted == Err(Fault::Local("panic")) {
                    io.app.panicked += 1;
                    planned_panic();
                }
                wanted.map(|()| Step::Finish)
            }))
        });
        let mut peers = [peer(&mut place, 1, at)];
        peers[0].call(place.sim(), b"a word");
        place.drive_for(&mut peers, SOON);
        let call = &peers[0].calls[0];
        assert_eq!((&call.heard[..], call.ended), (heard, ended), "{name}");
        // It is told that nobody listens any more, too.
        peers[0].calls[0].say(b"more");
        place.drive_for(&mut peers, SOON);
        assert_eq!(peers[0].calls[0].refused, Some(ErrorKind::BrokenPipe), "{name}");
        assert_eq!((place.counters().open, place.counters().buffered), (0, 0), "{name}");
        place.end();
    }
}

#[test]
fn streams_are_refused_one_by_one_for_each_reason() {
    let mut config = Config::default();
    config.connections_max = Some(3);
    let mut place = Place::quiet(config);
    let mut nth = 0;
    let at = place.quic(Limits::DEFAULT, move |app: &mut Town, accepted| {
        let secured = accepted.secured.expect("it is secured");
        assert_eq!(secured.alpn.as_deref(), Some(crate::keys::ALPN));
        nth += 1;
        match nth {
            1 => None,
            2 => {
                app.panicked += 1;
                planned_panic()
            }
            _ => Some(Conn::Echo(Echo)),
        }
    });
    let mut peers = [peer(&mut place, 1, at)];
    // The first is refused, the second panics, three are served, and then the place is full.
    for nth in 0..7 {
        peers[0].call(place.sim(), b"hello");
        place.drive_for(&mut peers, SOON);
        let call = &peers[0].calls[nth];
        let served = (2..5).contains(&nth);
        let wanted = if served { None } else { Some(Err(ErrorKind::ConnectionReset)) };
        assert_eq!((call.ended, call.heard.len()), (wanted, if served { 5 } else { 0 }), "{nth}");
    }
    assert_eq!((place.counters().streams, place.counters().streams_refused), (3, 4));
    // One who leaves makes room.
    peers[0].calls[2].finish();
    place.drive_for(&mut peers, SOON);
    peers[0].call(place.sim(), b"hello").finish();
    place.drive_for(&mut peers, SOON);
    assert!(peers[0].calls[7].has_heard(b"hello"));
    peers[0].close(place.sim());
    place.drive_for(&mut peers, SOON);
    place.end();
}

#[test]
fn a_client_that_is_gone_is_noticed_in_time() {
    let (mut place, mut peers) = echo_place();
    for _ in 0..3 {
        peers[0].call(place.sim(), b"hello");
    }
    place.drive_for(&mut peers, SOON);
    assert_eq!(place.counters().open, 3);
    peers[0].vanished = true;
    place.drive_for(&mut peers, Limits::DEFAULT.idle - SOON * 2);
    assert_eq!(place.counters().open, 3);
    place.drive_for(&mut peers, SOON * 4);
    assert_eq!(place.reactor.app().ends(), [End::Transport(ErrorKind::TimedOut); 3]);
    assert_eq!((place.tally(limits::IDLE), place.counters().open), (1, 0));
    place.end();
}

#[test]
fn a_handshake_that_stops_costs_nothing_after_its_time() {
    let mut place = Place::quiet(Config::default());
    let at = place.quic(Limits::DEFAULT, |_, _| Some(Conn::Echo(Echo)));
    let mut peers: Vec<Peer> = (0..20).map(|number| peer(&mut place, number, at)).collect();
    for peer in &mut peers {
        peer.call(place.sim(), b"hello");
        // Its first packet is sent, and then it is gone.
        peer.turn(place.sim());
        peer.vanished = true;
    }
    place.drive_for(&mut peers, Limits::DEFAULT.handshake - SOON);
    assert_eq!((place.tally(limits::ACCEPTED), place.tally(limits::HANDSHAKE_TIMEOUT)), (20, 0));
    place.drive_for(&mut peers, SOON * 2);
    assert_eq!((place.tally(limits::HANDSHAKE_TIMEOUT), place.counters().streams), (20, 0));
    let mut late = [peer(&mut place, 99, at)];
    late[0].call(place.sim(), b"hello").finish();
    place.drive_for(&mut late, SOON);
    assert!(late[0].calls[0].has_heard(b"hello"));
    place.end();
}

#[test]
fn a_drain_delivers_what_was_written_and_says_that_it_is_over() {
    let mut told = 0;
    for seed in 1..=10 {
        let mut sim = Sim::new(seed);
        let loss = Chance::percent(10);
        let delay = Duration::ZERO..=Duration::from_millis(20);
        sim.set_datagram_link(DatagramLink { loss, delay, ..DatagramLink::perfect() });
        let mut place = Place::new(seed, sim, Config::default());
        let text = noise(100_000, &mut Rng::new(seed));
        let says = text.clone();
        let at = place.quic(Limits::DEFAULT, move |_, _| {
            let says = says.clone();
            Some(Conn::act(move |io| {
                io.rx.consume(io.rx.len());
                if io.draining() {
                    io.tx.write(&says);
                    return Ok(Step::Finish);
                }
                Ok(Step::Wait)
            }))
        });
        let mut peers: Vec<Peer> = (1..=3).map(|number| peer(&mut place, number, at)).collect();
        for peer in &mut peers {
            peer.call(place.sim(), b"hello");
        }
        place.drive_until(&mut peers, |place, _| place.counters().streams == 3);
        place.reactor.drain();
        // One who calls now is refused.
        place.drive_for(&mut peers, Duration::from_millis(1));
        peers[0].call(place.sim(), b"too late");
        while place.drive(&mut peers) == readily::Turn::More {}
        place.drive_for(&mut peers, SOON);
        for peer in &peers {
            assert!(peer.calls[0].has_heard(&text), "seed {seed}: {:?}", peer.calls[0]);
        }
        assert!(peers[0].calls[1].heard.is_empty(), "seed {seed}");
        told += peers.iter().map(|peer| peer.tally(limits::CLOSED_BY_PEER)).sum::<u64>();
        let counters = place.run_out();
        assert_eq!((counters.ended_finished, counters.streams), (3, 3), "seed {seed}");
    }
    // It is said once, and may be lost.
    assert!(told >= 20, "{told} of 30 were told");
}

#[test]
fn more_peers_than_a_budget_are_told_that_it_is_over() {
    let (mut place, _) = echo_place();
    let at = ([10, 0, 0, 1], 443).into();
    let mut peers: Vec<Peer> = (1..=100).map(|number| peer(&mut place, number, at)).collect();
    for peer in &mut peers {
        peer.call(place.sim(), b"hello").finish();
    }
    place
        .drive_until(&mut peers, |_, peers| peers.iter().all(|peer| peer.calls[0].ended.is_some()));
    place.reactor.drain();
    while place.drive(&mut peers) == readily::Turn::More {}
    place.drive_for(&mut peers, SOON);
    let told = peers.iter().filter(|peer| peer.tally(limits::CLOSED_BY_PEER) == 1).count();
    assert_eq!(told, 100);
    place.run_out();
}

#[test]
fn garbage_disturbs_nobody() {
    let (mut place, mut peers) = echo_place();
    let (mut rng, to) = (Rng::new(5), peers[0].to);
    peers[0].call(place.sim(), b"hello");
    for nth in 0..400u64 {
        let from = SocketAddr::from(([10, 66, 0, nth as u8], 1000));
        let mut bytes = noise(rng.index(1_400), &mut rng);
        if let [first, rest @ ..] = &mut bytes[..] {
            // Every kind of header, of version 1 and of others.
            *first = (nth as u8).wrapping_mul(37);
            let version = if nth % 3 == 0 { [0, 0, 0, 1] } else { [0x1a, 2, 3, nth as u8] };
            let n = rest.len().min(4);
            rest[..n].copy_from_slice(&version[..n]);
        }
        let spoofed = if nth % 5 == 0 { peers[0].at } else { from };
        place.sim().send_datagram(spoofed, to, &bytes);
        place.drive(&mut peers);
    }
    peers[0].calls[0].say(b" again");
    peers[0].calls[0].finish();
    place.drive_for(&mut peers, SOON);
    assert!(peers[0].calls[0].has_heard(b"hello again"), "{:?}", peers[0].calls[0]);
    let counters = place.counters();
    assert!(counters.datagrams_dropped > 100, "{counters:?}");
    assert_eq!((counters.panics, counters.streams), (0, 1));
    place.end();
}
