//! A random world for one loop with TLS.

use std::sync::Arc;
use std::time::Duration;

use readily::echo::Echo;
use readily::sys::sim::{Buggify, Chance, ClientId, Link, Rng, Serving, Sim};
use readily::{Address, Counters};
use rustls::ClientConfig;
use rustls::version::{TLS12, TLS13};

use crate::keys;
use crate::place::{Place, draw_config, seeds};
use crate::tls_talk::{Last, Talk};
use crate::town::{Conn, Dial};

/// What may go wrong that is not the loop's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    /// Nothing: whoever is patient is served.
    None,
    /// The loop may have little memory.
    Memory,
    /// The network resets connections.
    Resets,
    /// The loop is told to drain.
    Drain,
}

struct World {
    place: Place,
    rng: Rng,
    trouble: Trouble,
    size: usize,
    echo: Address,
    relay: Address,
    outside: Address,
    clients: [Arc<ClientConfig>; 2],
    talks: Vec<Talk>,
    backends: Vec<(ClientId, usize)>,
}

impl World {
    fn new(seed: u64) -> World {
        let mut rng = Rng::new(seed);
        let mut sim = Sim::new(rng.draw());
        let trouble = match rng.index(10) {
            0 => Trouble::Memory,
            1 => Trouble::Resets,
            2 => Trouble::Drain,
            _ => Trouble::None,
        };
        let size = [200, 3_000, 50_000][rng.index(3)];
        prepare(&mut sim, trouble, size, &mut rng);
        let mut config = draw_config(100, &mut rng);
        if trouble == Trouble::Memory {
            config.buffers_max = 4096 + rng.index(300_000);
        }
        let mut place = Place::new(seed, sim, config);
        let outside: Address = "10.0.1.1:80".parse().expect("an address");
        place.sim().serve(&outside, Serving::Accept);
        let echo = place.secure(443, |_, _| Some(Conn::Echo(Echo)));
        let to = outside.clone();
        let relay = place.secure(444, move |_, _| Some(Conn::Dial(Dial::to(&to))));
        let clients = [keys::client(&[&TLS12]), keys::client(&[&TLS13])];
        let (talks, backends) = (Vec::new(), Vec::new());
        World { place, rng, trouble, size, echo, relay, outside, clients, talks, backends }
    }

    /// Lives through all of it; gives the hash of the run and what was counted.
    fn run(mut self) -> (u64, Counters) {
        let crowd = 1 + self.rng.index(10);
        while self.talks.len() < crowd || !self.are_over() {
            if self.talks.len() < crowd && self.rng.index(4) == 0 {
                self.arrive();
            }
            self.step();
            if self.trouble == Trouble::Drain && self.rng.index(200) == 0 {
                self.place.reactor.drain();
            }
        }
        self.judge();
        let hash = self.place.sim().trace_hash();
        self.place.reactor.drain();
        while self.place.turn(None) == readily::Turn::More {
            serve(self.place.sim(), &self.outside, &mut self.backends, &mut self.rng);
        }
        (hash, self.place.run_out())
    }

    fn arrive(&mut self) {
        let at = if self.rng.index(3) == 0 { &self.relay } else { &self.echo };
        let config = &self.clients[self.rng.index(2)];
        let talk = Talk::draw(self.place.sim(), at, config, (self.size, &mut self.rng));
        self.talks.push(talk);
    }

    /// Some act, and the loop turns.
    fn step(&mut self) {
        let pace = 1 + self.rng.index(4);
        for talk in &mut self.talks {
            talk.listen(self.place.sim());
            if self.rng.index(pace) == 0 {
                talk.act(self.place.sim(), &mut self.rng);
            }
        }
        serve(self.place.sim(), &self.outside, &mut self.backends, &mut self.rng);
        self.place.turn(Some(Duration::from_millis(self.rng.below(20))));
    }

    fn are_over(&mut self) -> bool {
        let sim = self.place.sim();
        self.talks.iter_mut().for_each(|talk| talk.listen(sim));
        self.talks.iter().all(|talk| talk.is_over(sim))
    }

    fn judge(&mut self) {
        let sim = self.place.sim();
        let failed: Vec<_> =
            self.talks.iter().filter(|talk| talk.is_patient() && !talk.is_served(sim)).collect();
        let told = format!("not served: {failed:?}");
        assert!(failed.is_empty() || self.trouble != Trouble::None, "{told}");
        let counters = self.place.counters();
        let rude = self.talks.iter().filter(|talk| !talk.is_patient()).count() as u64;
        let cut = self.talks.iter().filter(|talk| talk.last == Last::Cut).count() as u64;
        let seen = counters.truncated + counters.handshakes_failed;
        if self.trouble == Trouble::None {
            assert!((cut..=rude).contains(&seen), "{cut} of {rude} were cut: {counters:?}");
            assert_eq!(counters.ended_shed + counters.ended_timed_out, 0);
        }
    }
}

/// The outside echo: it answers in pieces, and ends when its client does.
fn serve(sim: &mut Sim, at: &Address, backends: &mut Vec<(ClientId, usize)>, rng: &mut Rng) {
    while let Some(id) = sim.accepted(at) {
        backends.push((id, 0));
    }
    for (id, answered) in backends {
        let all = sim.received(*id).len();
        if *answered < all {
            let n = 1 + rng.index(all - *answered);
            let piece = sim.received(*id)[*answered..*answered + n].to_vec();
            sim.send(*id, &piece);
            *answered += n;
        } else if sim.is_ended(*id) {
            sim.shutdown(*id);
        }
    }
}

fn prepare(sim: &mut Sim, trouble: Trouble, size: usize, rng: &mut Rng) {
    // A small window is for small talk: each byte takes a turn.
    let least = (size as u32 / 50).min(1 + rng.below(300) as u32).max(20);
    let mut link = match rng.index(4) {
        0 => Link::perfect(),
        1 => Link { window: least..=least + 64, ..Link::rough() },
        _ => Link { window: least..=16 * 1024, ..Link::rough() },
    };
    if trouble == Trouble::Resets {
        link.reset = Chance::per_million(1 + rng.below(20_000) as u32);
    }
    sim.set_link(link);
    if rng.index(4) > 0 {
        sim.set_buggify(Buggify::ROUGH);
    }
    sim.set_batch(1 + rng.index(64));
}

#[test]
fn whoever_is_patient_is_served_in_any_world() {
    let mut sum = Counters::default();
    for seed in seeds(120) {
        let (_, counters) = World::new(seed).run();
        sum.truncated += counters.truncated;
        sum.ended_finished += counters.ended_finished;
        sum.handshakes_failed += counters.handshakes_failed;
        sum.ended_peer_fault += counters.ended_peer_fault;
    }
    println!("{sum:?}");
}

#[test]
fn the_same_seed_is_the_same_run() {
    let hashes = || (1..=10).map(|seed| World::new(seed).run().0).collect::<Vec<_>>();
    assert_eq!(hashes(), hashes());
}
