//! One loop with as many connections as memory holds, on a network that exists only in memory: what
//! an event costs must not depend on how many connections are quiet.

use std::process::ExitCode;
use std::time::Instant;

use readily::Machine;
use readily::echo::Echo;
use readily_benches::cli;
use readily_benches::failure::Failure;
use readily_benches::process;
use readily_benches::simulated::{MESSAGE, World};

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
    let mut world = World::new(|| Echoing::Echo(Echo))?;
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
    println!("{} bytes for each slot of the loop", World::<Echoing>::slot_size());
    Ok(())
}
