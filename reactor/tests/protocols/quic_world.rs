//! A random world for one loop with QUIC: datagrams are lost, doubled and overtaken.

use std::net::SocketAddr;
use std::time::Duration;

use readily::echo::Echo;
use readily::quic::Limits;
use readily::sys::sim::{Buggify, Chance, DatagramLink, Rng, Sim};
use readily::{Counters, Release, Turn};

use crate::peer::Peer;
use crate::place::{Place, draw_config, noise, seeds};
use crate::town::Conn;

/// How a stream ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Last {
    /// It ends its half, and reads to the end.
    Finish,
    /// It is given up in the middle: both directions are cut.
    Reset,
    /// It is given up in the middle: the server is asked to send no more.
    Leave,
}

/// What one stream says, and when it ends if it does not finish.
struct Talk {
    says: Vec<u8>,
    last: Last,
    over: bool,
}

struct World {
    place: Place,
    rng: Rng,
    at: SocketAddr,
    peers: Vec<Peer>,
    /// By peer, and then by call.
    talks: Vec<Vec<Talk>>,
    drains: bool,
    size: usize,
}

impl World {
    fn new(seed: u64) -> World {
        let mut rng = Rng::new(seed);
        let mut sim = Sim::new(rng.draw());
        sim.set_datagram_link(weather(&mut rng));
        if rng.index(3) > 0 {
            sim.set_buggify(Buggify::ROUGH);
        }
        let drains = rng.index(6) == 0;
        let mut place = Place::new(seed, sim, draw_config(100, &mut rng));
        let at = place.quic(draw_limits(&mut rng), |_, _| Some(Conn::Echo(Echo)));
        let size = [200, 5_000, 100_000][rng.index(3)];
        World { place, rng, at, peers: Vec::new(), talks: Vec::new(), drains, size }
    }

    /// Lives through all of it; gives the hash of the run and what was counted.
    fn run(mut self) -> (u64, Counters) {
        for number in 0..1 + self.rng.index(3) {
            let mut limits = draw_limits(&mut self.rng);
            if self.drains {
                // What the server says last may be lost, and is said once.
                limits.idle = Duration::from_secs(60);
            }
            self.peers.push(Peer::new(number as u16, self.place.sim(), self.at, limits));
            self.talks.push(Vec::new());
        }
        let mut calls = 1 + self.rng.index(12);
        while calls > 0 || !self.are_over() {
            if calls > 0 && self.rng.index(4) == 0 {
                calls -= 1;
                self.call();
            }
            self.act();
            self.check();
            self.place.drive(&mut self.peers);
            if self.drains && self.rng.index(300) == 0 {
                self.place.reactor.drain_within(Duration::from_secs(600));
            }
        }
        self.judge();
        let hash = self.place.sim().trace_hash();
        self.place.reactor.drain();
        while self.place.drive(&mut self.peers) == Turn::More {}
        (hash, self.place.run_out())
    }

    fn call(&mut self) {
        let at = self.rng.index(self.peers.len());
        let says = noise(self.rng.index(self.size + 1), &mut self.rng);
        let last = match self.rng.index(8) {
            0 => Last::Reset,
            1 => Last::Leave,
            _ => Last::Finish,
        };
        let first = self.rng.index(says.len() + 1);
        self.peers[at].call(self.place.sim(), &says[..first]);
        self.talks[at].push(Talk { says, last, over: false });
    }

    /// Some calls go on, or give up.
    fn act(&mut self) {
        for (peer, talks) in self.peers.iter_mut().zip(&mut self.talks) {
            for (at, talk) in talks.iter_mut().enumerate().filter(|(_, talk)| !talk.over) {
                let call = &mut peer.calls[at];
                call.listens = match self.rng.index(10) {
                    0 => false,
                    1 | 2 => true,
                    _ => call.listens,
                };
                if self.rng.index(4) > 0 {
                    continue;
                }
                let (given, all) = (call.given(), talk.says.len());
                if given < all {
                    let end = (given + 1 + self.rng.index(20_000)).min(all);
                    call.say(&talk.says[given..end]);
                } else if talk.last == Last::Finish {
                    (talk.over, call.listens) = (true, true);
                    call.finish();
                }
                if talk.last != Last::Finish && self.rng.index(20) == 0 {
                    talk.over = true;
                    let how =
                        if talk.last == Last::Reset { Release::Reset } else { Release::InOrder };
                    peer.release(at, how);
                }
            }
        }
    }

    /// What has come is what was said.
    fn check(&self) {
        for (peer, talks) in self.peers.iter().zip(&self.talks) {
            for (call, talk) in peer.calls.iter().zip(talks) {
                assert!(talk.says[..call.said].starts_with(&call.heard), "wrong bytes: {call:?}");
            }
        }
    }

    fn are_over(&self) -> bool {
        let calls = self.peers.iter().zip(&self.talks).flat_map(|(p, t)| p.calls.iter().zip(t));
        let mut over = calls.map(|(call, talk)| {
            call.ended.is_some()
                || call.refused.is_some()
                || (talk.over && talk.last != Last::Finish)
        });
        over.all(|over| over)
    }

    fn judge(&self) {
        for (peer, talks) in self.peers.iter().zip(&self.talks) {
            for (call, talk) in peer.calls.iter().zip(talks) {
                let served = call.has_heard(&talk.says) || talk.last != Last::Finish;
                assert!(served || self.drains, "not served: {call:?} of {}", talk.says.len());
            }
        }
        let counters = self.place.counters();
        assert!(self.drains || counters.streams_refused == 0);
        assert_eq!((counters.ended_timed_out, counters.ended_shed), (0, 0));
    }
}

/// Up to 30 % of all datagrams are lost.
fn weather(rng: &mut Rng) -> DatagramLink {
    let percent = |rng: &mut Rng, most: usize| Chance::percent(rng.index(most + 1) as u32);
    match rng.index(4) {
        0 => DatagramLink::perfect(),
        1 => DatagramLink::rough(),
        _ => DatagramLink {
            delay: Duration::ZERO..=Duration::from_millis(rng.below(80)),
            loss: percent(rng, 30),
            duplicate: percent(rng, 30),
            refuse: percent(rng, 50),
            segments: 1 + rng.index(10),
            ..DatagramLink::rough()
        },
    }
}

fn draw_limits(rng: &mut Rng) -> Limits {
    let idle = Duration::from_secs(3600);
    let mut limits = Limits { idle, handshake: idle, ..Limits::DEFAULT };
    if rng.index(2) == 0 {
        limits.streams = 1 + rng.below(5) as u32;
        limits.stream_window = 1_000 + rng.below(20_000) as u32;
        limits.window = limits.stream_window * (1 + rng.below(4) as u32);
        limits.send_window = 2_000 + rng.below(50_000) as u32;
    }
    limits
}

#[test]
fn every_stream_that_is_finished_is_echoed_in_any_weather() {
    for seed in seeds(60) {
        World::new(seed).run();
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let hashes = || (1..=6).map(|seed| World::new(seed).run().0).collect::<Vec<_>>();
    assert_eq!(hashes(), hashes());
}
