//! A random world for one loop, and what must be true of it after every turn.

use std::time::Duration;

use readily::echo::Echo;
use readily::sys::faults::Call;
use readily::sys::sim::{Buggify, Chance, ClientId, DatagramLink, Link, Rng, Serving, Sim};
use readily::udp_echo::UdpEcho;
use readily::{Address, Bind, Config, Listen, Marks, Reactor, Turn};
use rustix::io::Errno;

use crate::client::{Client, Kind};
use crate::town::{Conn, Dial, Lines, Town};

/// How long a script may take, in turns; a world that needs more does not get on.
const TURNS_MAX: usize = 200_000;

/// What may go wrong in a world that is not the loop's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    /// Nothing: whoever is patient is served.
    None,
    /// Descriptors run out for a while, and accepting fails.
    Descriptors,
    /// The loop may have few connections.
    Crowded,
    /// The loop may have little memory.
    Memory,
    /// The network resets connections.
    Resets,
    /// The loop is told to drain.
    Drain,
}

/// Where the loop listens, and what is there.
struct Places {
    echo: Address,
    relays: [(Kind, Address); 4],
    lines: Address,
    outside: Address,
}

pub(crate) struct World {
    seed: u64,
    rng: Rng,
    reactor: Reactor<Town, Sim>,
    places: Places,
    trouble: Trouble,
    /// About how many bytes a client sends.
    size: usize,
    clients: Vec<Client>,
    /// Connections that the outside echo has taken, and how far it has answered.
    backends: Vec<(ClientId, usize)>,
    loses: bool,
    turns: usize,
    /// Descriptors that are open however many connections are.
    fixed: usize,
}

impl World {
    /// Everything is drawn from the seed.
    pub(crate) fn new(seed: u64) -> World {
        let mut rng = Rng::new(seed);
        let mut sim = Sim::new(rng.draw());
        let trouble = match rng.index(14) {
            0 | 1 => Trouble::Descriptors,
            2 => Trouble::Crowded,
            3 => Trouble::Memory,
            4 => Trouble::Resets,
            5 => Trouble::Drain,
            _ => Trouble::None,
        };
        let size = [200, 3_000, 30_000][rng.index(3)];
        prepare(&mut sim, trouble, size, &mut rng);
        let config = draw_config(trouble, &mut rng);
        let mut reactor = Reactor::with(Town::default(), sim, config).expect("a loop");
        if std::env::var_os("READILY_TRACE").is_some() {
            reactor.trace(|event| println!("{event}"));
        }
        let places = settle(&mut reactor, &mut rng);
        let fixed = reactor.sys_mut().descriptors().all();
        let (clients, backends) = (Vec::new(), Vec::new());
        let (loses, turns) = (false, 0);
        World { seed, rng, reactor, places, trouble, size, clients, backends, loses, turns, fixed }
    }

    /// The same world, whose outside echo loses bytes: to see that this is seen.
    pub(crate) fn losing_bytes(mut self) -> World {
        self.loses = true;
        self
    }

    /// Lives through all of it; gives the hash of the run.
    pub(crate) fn run(mut self) -> u64 {
        let crowd = 1 + self.rng.index(24);
        while self.clients.len() < crowd || !self.clients.iter().all(Client::has_acted) {
            if self.clients.len() < crowd {
                self.arrive(crowd);
            }
            self.step();
            if self.trouble == Trouble::Drain && self.rng.index(200) == 0 {
                self.reactor.drain();
            }
        }
        self.reactor.sys_mut().set_descriptors_max(usize::MAX);
        self.reactor.sys_mut().fail_accepts(&[]);
        while !self.clients.iter().all(|client| client.is_over(self.reactor.sys_mut())) {
            self.answer_datagrams();
            self.turn(None);
        }
        self.judge();
        self.rest();
        if self.trouble != Trouble::Drain {
            self.welcome();
            self.rest();
        }
        self.end();
        self.reactor.sys_mut().trace_hash()
    }

    /// Some clients connect, now and then many at once, and now and then many that do not stay.
    fn arrive(&mut self, crowd: usize) {
        if self.rng.index(40) == 0 {
            for _ in 0..self.rng.index(50) {
                let fleeting = self.reactor.sys_mut().connect(&self.places.echo);
                self.reactor.sys_mut().reset(fleeting);
            }
        }
        let at_once = if self.rng.index(10) == 0 { crowd } else { self.rng.index(3) };
        for _ in 0..at_once.min(crowd - self.clients.len()) {
            let (kind, at) = match self.rng.index(8) {
                0..=2 => (Kind::Echo, &self.places.echo),
                3 | 4 if self.rng.index(6) == 0 => (Kind::Panic, &self.places.lines),
                3 | 4 => (Kind::Lines, &self.places.lines),
                _ => {
                    let (kind, at) = &self.places.relays[self.rng.index(4)];
                    (*kind, at)
                }
            };
            let id = self.reactor.sys_mut().connect(at);
            self.clients.push(Client::draw(id, kind, self.size, &mut self.rng));
        }
    }

    /// Some act, and the loop turns.
    fn step(&mut self) {
        let pace = 1 + self.rng.index(8);
        for client in &mut self.clients {
            if self.rng.index(pace) == 0 {
                client.act(self.reactor.sys_mut());
            }
        }
        if self.trouble == Trouble::Descriptors && self.rng.index(20) == 0 {
            let max = self.fixed + self.rng.index(self.clients.len() + 1);
            self.reactor.sys_mut().set_descriptors_max(max);
            let errno = Call::Accept.errnos()[self.rng.index(Call::Accept.errnos().len())];
            if errno != Errno::AGAIN {
                self.reactor.sys_mut().fail_accepts(&[errno]);
            }
        }
        self.send_datagram();
        let patience = Duration::from_millis(self.rng.below(20));
        self.turn(Some(patience));
    }

    fn turn(&mut self, timeout: Option<Duration>) {
        self.turns += 1;
        assert!(self.turns < TURNS_MAX, "it does not get on: {:?}", self.stuck());
        if self.reactor.turn(timeout).expect("the wait") == Turn::Over {
            // It waits for nothing any more, but what it has sent is still on its way.
            self.reactor.sys_mut().advance(Duration::from_millis(10));
        }
        self.serve_outside();
        self.check();
    }

    /// The outside echo: it answers in pieces, and ends when its client does.
    fn serve_outside(&mut self) {
        let sim = self.reactor.sys_mut();
        while let Some(id) = sim.accepted(&self.places.outside) {
            self.backends.push((id, 0));
        }
        for (id, answered) in &mut self.backends {
            let all = sim.received(*id).len();
            if *answered < all {
                let n = 1 + self.rng.index(all - *answered);
                let mut piece = sim.received(*id)[*answered..*answered + n].to_vec();
                if self.loses && n > 1 {
                    piece.remove(0);
                }
                sim.send(*id, &piece);
                *answered += n;
            } else if sim.is_ended(*id) {
                sim.shutdown(*id);
            }
        }
    }

    /// What must be true after every turn.
    fn check(&mut self) {
        self.reactor.check();
        let live = self.reactor.connections().count();
        let descriptors = self.reactor.sys_mut().descriptors();
        assert_eq!(descriptors.streams, live, "each connection has one descriptor");
        for client in &mut self.clients {
            client.check(self.reactor.sys_mut());
        }
        let counters = self.reactor.counters();
        let Town { gone, panicked } = self.reactor.app();
        assert_eq!((counters.ended_stuck, counters.panics), (0, *panicked), "{gone:?}");
        assert_eq!(gone.len() as u64, counters.ended, "each end is told");
        assert!(gone.values().all(|ends| ends.len() == 1), "and told once: {gone:?}");
    }

    /// Whoever was patient was served, unless there was trouble.
    fn judge(&mut self) {
        // A backlog that stays full turns clients away before the loop hears of them.
        let served = |client: &Client, sim: &Sim| {
            !client.patient || client.is_served(sim) || sim.was_refused(client.id)
        };
        let sim = self.reactor.sys_mut();
        let failed = self.clients.iter().filter(|client| !served(client, sim));
        let how = |client: &Client| (sim.is_ended(client.id), sim.was_reset(client.id));
        let failed: Vec<_> = failed.map(|client| (client, how(client))).collect();
        let timed_out = self.reactor.counters().ended_timed_out;
        let fine = failed.is_empty() && timed_out == 0;
        let told = format!("not served (ended, reset): {failed:?}; {timed_out} timed out");
        assert!(fine || self.trouble != Trouble::None, "{told}");
    }

    /// Whatever the trouble was: when it is over, whoever comes is served at every place.
    fn welcome(&mut self) {
        self.reactor.sys_mut().set_link(Link::perfect());
        let mut places = vec![self.places.echo.clone()];
        if self.trouble != Trouble::Crowded {
            places.push(self.places.relays[0].1.clone());
        }
        for at in places {
            let client = self.reactor.sys_mut().connect(&at);
            self.reactor.sys_mut().send(client, b"still there?");
            self.reactor.sys_mut().shutdown(client);
            while !self.reactor.sys_mut().is_ended(client) {
                assert!(!self.reactor.sys_mut().was_reset(client), "a newcomer is turned away");
                self.turn(None);
            }
            assert_eq!(self.reactor.sys_mut().received(client), b"still there?");
        }
    }

    /// Without anything happening outside the loop ends what it began, and then does nothing.
    fn rest(&mut self) {
        let mut idle = 0;
        while idle < 3 {
            let calls = self.reactor.counters().calls;
            self.turn(None);
            let rests = self.reactor.connections().count() == 0
                && self.reactor.sys_mut().is_quiescent()
                && self.reactor.counters().calls == calls;
            idle = if rests { idle + 1 } else { 0 };
        }
        if self.trouble != Trouble::Drain {
            assert_eq!(self.reactor.sys_mut().descriptors().all(), self.fixed, "none leaked");
        }
    }

    /// A drain ends, and leaves nothing.
    fn end(&mut self) {
        self.reactor.drain();
        while self.reactor.turn(None).expect("the wait") == Turn::More {
            self.turns += 1;
            assert!(self.turns < TURNS_MAX, "the drain does not end");
        }
        assert_eq!(self.reactor.sys_mut().descriptors().all(), 0, "nothing leaked");
        assert_eq!(self.reactor.counters().open, 0);
    }

    fn send_datagram(&mut self) {
        if self.rng.index(4) == 0 {
            let n = self.rng.below(1000).to_string();
            let (from, to) = (outside_socket(), udp());
            self.reactor.sys_mut().send_datagram(from, to, n.as_bytes());
        }
        self.answer_datagrams();
    }

    /// Each answer is one that was asked for; some are lost.
    fn answer_datagrams(&mut self) {
        for (from, bytes) in self.reactor.sys_mut().take_datagrams(outside_socket()) {
            let number: u64 = String::from_utf8_lossy(&bytes).parse().expect("a number");
            assert!(from == udp() && number < 1000);
        }
    }

    fn stuck(&mut self) -> Vec<String> {
        let sim = self.reactor.sys_mut();
        let waits = self.clients.iter().filter(|client| !client.is_over(sim));
        let waits: Vec<String> = waits.map(|client| format!("{client:?}")).collect();
        let held = self.reactor.connections().map(|held| format!("{held:?}"));
        waits.into_iter().chain(held).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("replay with READILY_SEED={}", self.seed);
        }
    }
}

fn udp() -> std::net::SocketAddr {
    ([10, 0, 0, 1], 7007).into()
}

fn outside_socket() -> std::net::SocketAddr {
    ([10, 9, 9, 9], 1024).into()
}

fn prepare(sim: &mut Sim, trouble: Trouble, size: usize, rng: &mut Rng) {
    // A small window is for small talk: each byte takes a turn.
    let least = (size as u32 / 100).min(1 + rng.below(300) as u32).max(1);
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
    sim.set_datagram_link(DatagramLink::rough());
    sim.set_batch(1 + rng.index(64));
    sim.set_jobs(Duration::ZERO..=Duration::from_millis(50), 1000);
}

fn draw_config(trouble: Trouble, rng: &mut Rng) -> Config {
    let mut config = Config::default();
    match trouble {
        Trouble::Crowded => config.connections_max = Some(1 + rng.index(12)),
        Trouble::Memory => config.buffers_max = 4096 + rng.index(300_000),
        _ => {}
    }
    // A window of one byte is slow, and whoever waits behind it in a relay waits for all of it.
    config.send_stall = Duration::from_secs(3600);
    if rng.index(2) == 0 {
        config.turn_bytes = 1 + rng.index(5_000);
        config.turn_reads = 1 + rng.index(4);
        config.receive_max = 100 + rng.index(10_000);
    }
    let between = [0, 500, 50_000][rng.index(3)];
    if between > 0 {
        let low = 1 + rng.index(10_000);
        config.send_marks = Marks { high: low + rng.index(between), low, cap: 1 << 20 };
    }
    config
}

/// Opens everything that the loop serves.
fn settle(reactor: &mut Reactor<Town, Sim>, rng: &mut Rng) -> Places {
    let backlog = 1 + rng.below(40) as u32;
    let options = Listen { backlog, accept_budget: 1 + rng.index(16), ..Listen::default() };
    let mut listen = |port: u16, first: Box<dyn Fn() -> Conn>| {
        let at = Address::Ip(([10, 0, 0, 1], port).into());
        let listening = reactor.listen_with(&at, options.clone(), move |_, _| Some(first()));
        listening.expect("a listener").1
    };
    let echo = listen(7, Box::new(|| Conn::Echo(Echo)));
    let lines = listen(23, Box::new(|| Conn::Lines(Lines)));
    let [outside, refusing, silent] =
        [1, 2, 3].map(|host| Address::Ip(([10, 0, 1, host], 80).into()));
    let backends = [
        (Kind::RelayInside, echo.clone()),
        (Kind::RelayOutside, outside.clone()),
        (Kind::RelayRefused, refusing.clone()),
        (Kind::RelayBlackhole, silent.clone()),
    ];
    let mut port = 8000;
    let relays = backends.map(|(kind, to)| {
        port += 1;
        (kind, listen(port, Box::new(move || Conn::Dial(Dial(to.clone())))))
    });
    let late = Serving::AcceptAfter(Duration::from_millis(rng.below(2000)));
    let sim = reactor.sys_mut();
    sim.serve(&outside, if rng.index(2) == 0 { late } else { Serving::Accept });
    sim.serve(&refusing, Serving::Refuse);
    sim.serve(&silent, Serving::Blackhole);
    reactor.bind(udp(), Bind::default(), UdpEcho::default()).expect("a socket");
    Places { echo, relays, lines, outside }
}
