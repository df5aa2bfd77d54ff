//! Outgoing connections of TLS in random worlds, cut anywhere, and with system calls that fail.

use std::io::ErrorKind;
use std::time::Duration;

use readily::sys::faults::{Call, Faulty, Plan};
use readily::sys::sim::{Chance, ClientId, Link, Rng, Sim};
use readily::{Address, Config, Connect, Counters, End, Fault, Listen, Step, Turn};
use rustix::io::Errno;

use crate::keys::{self, BOTH, Version};
use crate::place::{Place, draw_config, noise, seeds};
use crate::town::{Conn, Dial};
use crate::upstream::{Upstream, client};

/// Waits for the end.
fn waiter() -> Conn {
    Conn::act(|io| {
        io.rx.consume(io.rx.len());
        Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
    })
}

/// How the server leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Leaves {
    InOrder,
    ByReset,
}

/// A handshake in which the server sends so many bytes in all, in pieces, then leaves; says how
/// many it sent, and how the connection ended.
fn cut(version: Version, after: usize, piece: usize, leaves: Leaves) -> (usize, Vec<End>) {
    let mut place = Place::quiet(Config::default());
    let mut upstream = Upstream::new(place.sim(), keys::server(&[version]));
    place.reactor.connect(upstream.connect(&client(&BOTH)), waiter()).expect("a place");
    let (mut sent, mut left) = (0, false);
    place.settle_with(|sim| {
        upstream.listen(sim);
        let Some(one) = upstream.all.first_mut() else { return };
        if left {
            return;
        }
        let n = one.wire.len().min(piece).min(after - sent);
        one.send(sim, n);
        sent += n;
        left = sent == after;
        match leaves {
            Leaves::InOrder if left => sim.shutdown(one.id),
            Leaves::ByReset if left => sim.reset(one.id),
            _ => {}
        }
    });
    let ends = place.reactor.app().ends();
    place.reactor.abort();
    place.run_out();
    (sent, ends)
}

#[test]
fn a_handshake_that_is_cut_anywhere_ends_as_one_that_could_not_be_made() {
    for version in BOTH {
        let (whole, ends) = cut(version, usize::MAX, usize::MAX, Leaves::InOrder);
        assert!(ends.is_empty() && whole > 500, "{whole} bytes: {ends:?}");
        // Byte by byte it is the same.
        assert_eq!(cut(version, usize::MAX, 1, Leaves::InOrder), (whole, ends));
        let mut made = 0;
        for after in 0..whole {
            for leaves in [Leaves::InOrder, Leaves::ByReset] {
                let (sent, ends) = cut(version, after, usize::MAX, leaves);
                assert_eq!(sent, after);
                let kind = match leaves {
                    Leaves::InOrder => ErrorKind::UnexpectedEof,
                    Leaves::ByReset => ErrorKind::ConnectionReset,
                };
                match ends[..] {
                    [End::Unreachable(told)] => assert_eq!(told, kind, "after {after}"),
                    // Tickets come behind the handshake.
                    [End::Transport(told)] => {
                        assert_eq!(told, kind, "after {after}");
                        made += 1;
                    }
                    _ => panic!("after {after} of {whole} bytes: {ends:?}"),
                }
            }
        }
        assert!(made < whole, "{made} of {whole}");
    }
}

#[test]
fn a_plain_client_is_relayed_to_a_server_of_tls() {
    let mut place = Place::quiet(Config::default());
    let mut upstream = Upstream::new(place.sim(), keys::server(&BOTH));
    let to = upstream.connect(&client(&BOTH));
    let at =
        place.listen(80, Listen::default(), move |_, _| Some(Conn::Dial(Dial::by(to.clone()))));
    let guest = place.sim().connect(&at);
    // It speaks long before the other side has shaken hands.
    place.sim().send(guest, b"early");
    place.settle_with(|sim| upstream.listen(sim));
    assert!(upstream.all[0].heard.is_empty());
    place.settle_with(|sim| upstream.echo(sim));
    assert_eq!(place.sim().take(guest), b"early");
    place.sim().send(guest, &[b'x'; 100_000]);
    place.settle_with(|sim| upstream.echo(sim));
    assert_eq!(place.sim().take(guest).len(), 100_000);
    place.sim().shutdown(guest);
    place.settle_with(|sim| upstream.echo(sim));
    assert!(place.sim().is_ended(guest) && !place.sim().was_reset(guest));
    assert_eq!(place.end().ended_finished, 2);
}

/// What may go wrong that is not the loop's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    None,
    Resets,
    Drain,
}

struct Guest {
    id: ClientId,
    says: Vec<u8>,
    said: usize,
    closed: bool,
}

/// Plain clients, each relayed to a server of TLS that says what it hears.
fn world(seed: u64) -> (u64, Counters) {
    let mut rng = Rng::new(seed);
    let mut sim = Sim::new(rng.draw());
    let trouble = match rng.index(6) {
        0 => Trouble::Resets,
        1 => Trouble::Drain,
        _ => Trouble::None,
    };
    let mut link = if rng.index(3) == 0 { Link::perfect() } else { Link::rough() };
    link = Link { window: (*link.window.start()).max(200)..=(*link.window.end()).max(200), ..link };
    if trouble == Trouble::Resets {
        link.reset = Chance::per_million(1 + rng.below(20_000) as u32);
    }
    sim.set_link(link);
    let config = draw_config(100, &mut rng);
    let mut place = Place::new(seed, sim, config);
    let versions = [&BOTH[..], &BOTH[..1], &BOTH[1..]][rng.index(3)];
    let mut upstream = Upstream::new(place.sim(), keys::server(versions));
    let to = Connect { within: Duration::from_secs(3600), ..upstream.connect(&client(&BOTH)) };
    let at =
        place.listen(80, Listen::default(), move |_, _| Some(Conn::Dial(Dial::by(to.clone()))));
    let mut guests: Vec<Guest> = (0..1 + rng.index(6))
        .map(|_| {
            let says = noise(rng.index(30_000), &mut rng);
            Guest { id: place.sim().connect(&at), says, said: 0, closed: false }
        })
        .collect();
    let is_over = |sim: &Sim, guest: &Guest| {
        sim.is_ended(guest.id) || sim.was_reset(guest.id) || sim.was_refused(guest.id)
    };
    while !guests.iter().all(|guest| is_over(place.sim(), guest)) {
        for guest in &mut guests {
            guest.act(place.sim(), &mut rng);
        }
        if rng.index(3) > 0 {
            upstream.echo(place.sim());
        }
        if trouble == Trouble::Drain && rng.index(100) == 0 {
            place.reactor.drain();
        }
        place.turn(Some(Duration::from_millis(rng.below(20))));
    }
    for guest in &guests {
        let heard = place.sim().received(guest.id);
        assert!(guest.says.starts_with(heard), "seed {seed}: wrong bytes");
        let whole = heard.len() == guest.says.len() && !place.sim().was_reset(guest.id);
        assert!(whole || trouble != Trouble::None, "seed {seed}: not served");
    }
    let hash = place.sim().trace_hash();
    place.reactor.drain();
    while place.turn(None) == Turn::More {
        upstream.echo(place.sim());
    }
    (hash, place.run_out())
}

impl Guest {
    fn act(&mut self, sim: &mut Sim, rng: &mut Rng) {
        let end = (self.said + 1 + rng.index(5_000)).min(self.says.len());
        match rng.index(8) {
            0 => sim.stop_reading(self.id),
            1..=3 => sim.start_reading(self.id),
            _ if self.said < end => {
                sim.send(self.id, &self.says[self.said..end]);
                self.said = end;
            }
            _ if !self.closed => {
                self.closed = true;
                sim.shutdown(self.id);
            }
            _ => {}
        }
    }
}

#[test]
fn whoever_is_relayed_is_served_in_any_world() {
    let mut unsecured = 0;
    for seed in seeds(200) {
        let (_, counters) = world(seed);
        unsecured += counters.connects_unsecured;
        assert_eq!(counters.connects_securing, 0);
    }
    println!("{unsecured} ended in their handshake");
}

#[test]
fn the_same_seed_is_the_same_run() {
    let hashes = || (1..=10).map(|seed| world(seed).0).collect::<Vec<_>>();
    assert_eq!(hashes(), hashes());
}

/// Three connections to an echo, then a drain: the calls, the hits, and who was not served;
/// `None` where there was no loop.
fn scene(plan: Plan) -> Option<(Vec<Call>, usize, usize)> {
    let mut sim = Sim::new(1);
    sim.set_link(Link { window: 900..=900, ..Link::perfect() });
    let mut place = Place::with(0, Faulty::new(sim, plan), Config::default()).ok()?;
    let at: Address = "10.0.1.1:443".parse().expect("an address");
    let mut upstream = Upstream::at(place.sim(), at, keys::server(&BOTH));
    let text = [b'a'; 3_000];
    for _ in 0..3 {
        let (mut said, mut heard) = (false, 0);
        let conn = Conn::act(move |io| {
            if !std::mem::replace(&mut said, true) {
                io.tx.write(&text);
            }
            heard += io.rx.len();
            io.rx.consume(io.rx.len());
            match io.rx.has_ended() {
                true => Err(Fault::Peer("it ends too early")),
                false => Ok(if heard == text.len() { Step::Finish } else { Step::Wait }),
            }
        });
        place.reactor.connect(upstream.connect(&client(&BOTH)), conn).expect("a place");
    }
    for _ in 0..200 {
        upstream.echo(place.sim());
        place.step();
    }
    place.reactor.drain();
    while place.turn(Some(Duration::from_millis(100))) == Turn::More {
        upstream.echo(place.sim());
    }
    let counters = place.counters();
    assert_eq!((counters.open, counters.buffered, counters.connects_securing), (0, 0, 0));
    assert_eq!(place.sim().descriptors().all(), 0, "nothing leaked");
    let ends = place.reactor.app().ends();
    assert_eq!(ends.len(), 3, "each is told: {ends:?}");
    let unserved = ends.iter().filter(|end| **end != End::Finished).count();
    let (calls, hits) = (place.reactor.sys_mut().calls().to_vec(), place.reactor.sys_mut().hits());
    Some((calls, hits, unserved))
}

#[test]
fn each_system_call_may_fail_in_each_way() {
    let (calls, _, unserved) = scene(Plan::Count).expect("a loop");
    assert_eq!(unserved, 0);
    let mut failed = 0;
    for (k, call) in calls.iter().enumerate() {
        for errno in call.errnos() {
            let Some((_, hits, unserved)) = scene(Plan::Once(k, *errno)) else {
                assert_eq!(*call, Call::Waker);
                continue;
            };
            let told = format!("{call:?} number {k} fails with {errno:?}");
            let hurts = ![Errno::INTR, Errno::AGAIN].contains(errno) || *call == Call::Connect;
            assert_eq!(hits, 1, "{told}");
            assert!(unserved <= usize::from(hurts), "{told}");
            failed += 1;
        }
    }
    assert!(failed > 60, "only {failed} calls failed");
}
