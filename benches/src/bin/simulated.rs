//! One loop with as many connections as memory holds, on a network that exists only in memory: what
//! an event costs must not depend on how many connections are quiet.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use readily::echo::Echo;
use readily::sys::sim::{ClientId, Rng, Sim};
use readily::{Address, Alone, Config, Machine, Reactor};
use readily_benches::cli;
use readily_benches::failure::Failure;
use readily_benches::process;

const USAGE: &str = "simulated --connections N --events M";

const HELP: &str = "\
usage: simulated --connections N --events M

Holds N echo connections in one loop on simulated links without delay, and makes M round trips of
64 bytes on connections drawn at random. Prints what one round trip and one connection cost, the
simulator included.

User-space instructions of one round trip, by difference of two lengths, so that nothing but round
trips is counted; they should be the same for 1,000 and for 1,000,000 connections:

  for M in 10000 110000; do
    valgrind --tool=callgrind --callgrind-out-file=/dev/null \\
      target/release/simulated --connections 1000 --events $M 2>&1 | grep Collected
  done

and then (second - first) / 100000.";

/// The size of a message.
const MESSAGE: usize = 64;

/// How many connections begin at once: within the backlog of the listener.
const WAVE: usize = 1024;

/// How many messages are on their way at once.
const BATCH: usize = 32;

#[derive(Machine)]
enum Echoing {
    Echo(Echo),
}

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--help") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    cli::run(
        USAGE,
        |arguments| {
            let connections: usize = arguments.required("--connections")?;
            let events: usize = arguments.required("--events")?;
            if connections == 0 {
                return Err(cli::BadArgument("--connections 0: there is nobody to talk to".into()));
            }
            Ok((connections, events))
        },
        |(connections, events)| measure(connections, events),
    )
}

fn measure(connections: usize, events: usize) -> Result<(), Failure> {
    let pid = rustix::process::getpid();
    let empty = process::resident_bytes(pid)?;
    let mut world = World::new()?;
    let clients = world.connect(connections)?;
    let before = process::resident_bytes(pid)?;
    let began = Instant::now();
    world.talk(&clients, events)?;
    let took = began.elapsed();
    let after = process::resident_bytes(pid)?;

    println!("{connections} connections, {events} round trips of {MESSAGE} bytes");
    if events > 0 {
        println!("{:.0} ns for each round trip", took.as_nanos() as f64 / events as f64);
    }
    for (bytes, when) in [(before, "when accepted"), (after, "after the round trips")] {
        let each = bytes.saturating_sub(empty) as f64 / connections as f64;
        println!("{each:.0} bytes for each connection {when}, simulator included");
    }
    println!("{} bytes for each slot of the loop", Reactor::<Alone<Echoing>, Sim>::slot_size());
    Ok(())
}

struct World {
    reactor: Reactor<Alone<Echoing>, Sim>,
    at: Address,
}

impl World {
    fn new() -> Result<Self, Failure> {
        let mut reactor = Reactor::with(Alone::new(), Sim::new(1), Config::default())?;
        let at = Address::Ip(([10, 0, 0, 1], 7).into());
        reactor.listen(&at, |_, _| Some(Echoing::Echo(Echo)))?;
        Ok(World { reactor, at })
    }

    fn connect(&mut self, connections: usize) -> Result<Vec<ClientId>, Failure> {
        let mut clients = Vec::with_capacity(connections);
        while clients.len() < connections {
            let wave = WAVE.min(connections - clients.len());
            clients.extend((0..wave).map(|_| self.reactor.sys_mut().connect(&self.at)));
            self.turn_until(|reactor| reactor.counters().accepted as usize == clients.len())?;
        }
        Ok(clients)
    }

    /// Sends to a few at a time, and takes what comes back.
    fn talk(&mut self, clients: &[ClientId], events: usize) -> Result<(), Failure> {
        let mut rng = Rng::new(2);
        let mut left = events;
        while left > 0 {
            let n = left.min(BATCH);
            let chosen: Vec<ClientId> = (0..n).map(|_| clients[rng.index(clients.len())]).collect();
            for client in &chosen {
                self.reactor.sys_mut().send(*client, &[b'x'; MESSAGE]);
            }
            self.turn_until(|reactor| reactor.sys_mut().is_quiescent())?;
            let came: usize =
                chosen.iter().map(|client| self.reactor.sys_mut().take(*client).len()).sum();
            if came != n * MESSAGE {
                return Err(Failure::failed(format!("{came} bytes came back of {}", n * MESSAGE)));
            }
            left -= n;
        }
        Ok(())
    }

    fn turn_until(
        &mut self,
        mut done: impl FnMut(&mut Reactor<Alone<Echoing>, Sim>) -> bool,
    ) -> Result<(), Failure> {
        /// Far more than accepting a wave takes.
        const TURNS: usize = 10_000;
        for _ in 0..TURNS {
            if done(&mut self.reactor) {
                return Ok(());
            }
            self.reactor.turn(Some(Duration::ZERO))?;
        }
        Err(Failure::failed("the loop does not get on"))
    }
}
