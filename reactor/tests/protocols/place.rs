//! One loop in a world of memory, and what must be true of it after every turn.

use std::net::SocketAddr;
use std::time::Duration;

use readily::quic::{Limits, Quic, Secrets};
use readily::sys::faults::{Faulty, Plan};
use readily::sys::sim::{Rng, Sim};
use readily::{Accepted, Address, Bind, Config, Counters, Listen, Marks, Reactor, Turn, tls};
use rustls::version::TLS13;

use crate::keys::{self, BOTH};
use crate::peer::Peer;
use crate::town::{Conn, Town};

/// More turns than any test needs.
const TURNS_MAX: usize = 400_000;

/// How long a loop is let wait at once.
const PACE: Duration = Duration::from_millis(50);

pub(crate) struct Place {
    pub(crate) reactor: Reactor<Town, Faulty<Sim>>,
    turns: usize,
    seed: u64,
}

impl Place {
    /// A loop in this world.
    pub(crate) fn new(seed: u64, sim: Sim, config: Config) -> Place {
        Place::with(seed, Faulty::new(sim, Plan::Count), config).expect("a loop")
    }

    /// The same, where calls may fail.
    pub(crate) fn with(seed: u64, sys: Faulty<Sim>, config: Config) -> std::io::Result<Place> {
        let mut reactor = Reactor::with(Town::default(), sys, config)?;
        if std::env::var_os("READILY_TRACE").is_some() {
            reactor.trace(|event| println!("{event}"));
        }
        Ok(Place { reactor, turns: 0, seed })
    }

    /// A loop with defaults on perfect links.
    pub(crate) fn quiet(config: Config) -> Place {
        Place::new(0, Sim::new(1), config)
    }

    pub(crate) fn sim(&mut self) -> &mut Sim {
        self.reactor.sys_mut().inner_mut()
    }

    pub(crate) fn counters(&self) -> Counters {
        *self.reactor.counters()
    }

    /// How often the loop counted that.
    pub(crate) fn tally(&self, name: &str) -> u64 {
        self.reactor.tally().of(name)
    }

    /// Listens with TLS 1.2 and 1.3.
    pub(crate) fn secure(
        &mut self,
        port: u16,
        first: impl FnMut(&mut Town, &Accepted<'_>) -> Option<Conn> + 'static,
    ) -> Address {
        let tls = Some(tls::Server::new(keys::server(&BOTH)).into());
        self.listen(port, Listen { tls, ..Listen::default() }, first)
    }

    pub(crate) fn listen(
        &mut self,
        port: u16,
        options: Listen,
        first: impl FnMut(&mut Town, &Accepted<'_>) -> Option<Conn> + 'static,
    ) -> Address {
        let at = Address::Ip(([10, 0, 0, 1], port).into());
        self.reactor.listen_with(&at, options, first).expect("a listener").1
    }

    /// Serves QUIC; says where.
    pub(crate) fn quic(
        &mut self,
        limits: Limits,
        first: impl FnMut(&mut Town, &Accepted<'_>) -> Option<Conn> + 'static,
    ) -> SocketAddr {
        let secrets = Secrets::fixed([1; 32]);
        let quic = Quic::server(keys::server(&[&TLS13]), secrets, limits).expect("an endpoint");
        let at = ([10, 0, 0, 1], 443).into();
        self.reactor.bind_streams(at, Bind::default(), quic, first).expect("a socket").1
    }

    /// One turn of these, and then one of the loop.
    pub(crate) fn drive(&mut self, peers: &mut [Peer]) -> Turn {
        peers.iter_mut().for_each(|peer| peer.turn(self.sim()));
        let soonest = peers.iter().filter_map(Peer::patience).min();
        self.turn(Some(soonest.map_or(PACE, |soonest| soonest.min(PACE * 20))))
    }

    /// The same until it is so.
    pub(crate) fn drive_until(
        &mut self,
        peers: &mut [Peer],
        mut so: impl FnMut(&mut Place, &[Peer]) -> bool,
    ) {
        while !so(self, peers) {
            self.drive(peers);
        }
    }

    /// The same for that long.
    pub(crate) fn drive_for(&mut self, peers: &mut [Peer], time: Duration) {
        let until = self.sim().elapsed() + time;
        self.drive_until(peers, |place, _| place.sim().elapsed() >= until);
    }

    /// One turn, and the look at everything after it.
    pub(crate) fn turn(&mut self, timeout: Option<Duration>) -> Turn {
        self.turns += 1;
        assert!(self.turns < TURNS_MAX, "it does not get on: {:?}", self.held());
        let turn = self.reactor.turn(timeout).expect("the wait");
        if turn == Turn::Over {
            // It waits for nothing any more, but what it has sent is still on its way.
            self.sim().advance(Duration::from_millis(10));
        }
        self.check();
        turn
    }

    /// One turn that waits for a while at most.
    pub(crate) fn step(&mut self) {
        self.turn(Some(PACE));
    }

    /// Turns until there is nothing to do now; `each` is the world outside.
    pub(crate) fn settle_with(&mut self, mut each: impl FnMut(&mut Sim)) {
        loop {
            let before = self.counters();
            self.turn(Some(Duration::ZERO));
            each(self.sim());
            let after = Counters { turns: before.turns, ..self.counters() };
            if after == before && self.sim().is_quiescent() {
                return;
            }
        }
    }

    pub(crate) fn settle(&mut self) {
        self.settle_with(|_| {});
    }

    /// Lets that much time pass.
    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.sim().elapsed() + time;
        while self.sim().elapsed() < until {
            let left = until - self.sim().elapsed();
            if self.turn(Some(left)) == Turn::Over {
                self.sim().advance(left);
            }
        }
        self.settle();
    }

    fn check(&mut self) {
        self.reactor.check();
        let (counters, app) = (self.counters(), self.reactor.app());
        let stuck = (counters.ended_stuck, counters.panics);
        assert_eq!(stuck, (0, app.panicked), "{:?}", app.gone);
        assert_eq!(counters.frozen_endpoints, 0, "an endpoint moves its deadline");
        assert_eq!(app.gone.len() as u64, counters.ended, "each end is told");
        assert!(app.gone.values().all(|ends| ends.len() == 1), "and told once: {:?}", app.gone);
        // Streams of QUIC have none.
        let streams = (counters.streams + counters.connects) as usize;
        let (live, open) = (self.reactor.connections().count(), self.sim().descriptors().streams);
        assert!(open <= live && live <= open + streams, "each connection has one descriptor");
    }

    /// What is still there.
    pub(crate) fn held(&self) -> Vec<String> {
        self.reactor.connections().map(|held| format!("{held:?}")).collect()
    }

    /// Drains; nothing is left then.
    pub(crate) fn end(mut self) -> Counters {
        self.reactor.drain();
        self.run_out()
    }

    /// Waits for the end of a drain; nothing is left then.
    pub(crate) fn run_out(mut self) -> Counters {
        while self.turn(Some(Duration::from_secs(1))) == Turn::More {}
        let counters = self.counters();
        let left = (counters.open, counters.buffered, counters.handshaking);
        assert_eq!(left, (0, 0, 0), "nothing is left");
        assert_eq!(self.sim().descriptors().all(), 0, "nothing leaked");
        counters
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() && self.seed > 0 {
            eprintln!("replay with READILY_SEED={}", self.seed);
        }
    }
}

/// The seeds to run, from 1 on: so many, or as many as `READILY_SEEDS` says, or the one that
/// `READILY_SEED` names.
pub(crate) fn seeds(n: u64) -> std::ops::RangeInclusive<u64> {
    let number = |name: &str| {
        std::env::var(name).ok().map(|text| text.parse().expect("a number in the environment"))
    };
    match (number("READILY_SEED"), number("READILY_SEEDS")) {
        (Some(seed), _) => seed..=seed,
        (_, Some(n)) => 1..=n,
        _ => 1..=n,
    }
}

/// Bytes without a pattern.
pub(crate) fn noise(len: usize, rng: &mut Rng) -> Vec<u8> {
    (0..len).map(|_| rng.draw() as u8).collect()
}

/// Limits that nobody is ended by, some of them narrow; at least so many bytes may be unread.
pub(crate) fn draw_config(least: usize, rng: &mut Rng) -> Config {
    let mut config = Config::default();
    // A small window is slow.
    config.send_stall = Duration::from_secs(3600);
    config.handshake_within = Duration::from_secs(3600);
    if rng.index(2) == 0 {
        config.turn_bytes = 1 + rng.index(5_000);
        config.turn_reads = 1 + rng.index(4);
        config.receive_max = least + rng.index(10_000);
        config.turn_handshakes = 1 + rng.index(3);
        config.handshakes_max = 1 + rng.index(3);
    }
    let between = [0, 500, 50_000][rng.index(3)];
    if between > 0 {
        let low = 1 + rng.index(10_000);
        config.send_marks = Marks { high: low + rng.index(between), low, cap: 1 << 20 };
    }
    config
}
