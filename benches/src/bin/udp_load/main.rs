//! The load generator of UDP: a closed loop of datagrams over many connected sockets, on one
//! thread.
//!
//! A datagram begins with its number, so that each echo is known, in whatever order it comes. One
//! that has no echo for 200 ms counts as lost and is sent again: its latency has all of that in it.

mod client;
mod window;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use readily_benches::cli::{self, Arguments, BadArgument};
use readily_benches::failure::Failure;
use readily_benches::summary::Summary;
use readily_benches::trial;

use crate::client::{Client, Plan};

const USAGE: &str = "udp_load --connect ADDR --sockets N --size BYTES (--requests TOTAL | \
                     --seconds S [--warm-up S]) [--window N] [--server-pid PID] [--json] \
                     [--stall SECONDS]";

/// A number, and the most that a datagram of IPv4 can hold.
const SIZES: std::ops::RangeInclusive<usize> = 8..=65_507;

/// How long nothing at all may happen before the run is given up.
const STALL_SECONDS: u64 = 30;

struct Options {
    plan: Plan,
    trial: trial::Options,
    json: bool,
}

fn main() -> ExitCode {
    cli::run(USAGE, parse, work)
}

fn parse(arguments: &mut Arguments) -> Result<Options, BadArgument> {
    let plan = Plan {
        connect: arguments.required::<SocketAddr>("--connect")?,
        sockets: arguments.required("--sockets")?,
        size: arguments.required("--size")?,
        window: arguments.option("--window")?.unwrap_or(1),
        stall: Duration::from_secs(arguments.option("--stall")?.unwrap_or(STALL_SECONDS)),
    };
    if !SIZES.contains(&plan.size) {
        let (least, most) = (SIZES.start(), SIZES.end());
        return Err(BadArgument(format!("--size is {least} to {most}")));
    }
    if plan.sockets == 0 || plan.window == 0 {
        return Err(BadArgument("--sockets and --window are at least 1".to_owned()));
    }
    let trial = trial::Options::among(arguments)?;
    Ok(Options { plan, trial, json: arguments.flag("--json") })
}

fn work(options: Options) -> Result<(), Failure> {
    let (summary, lost) = Client::open(options.plan)?.run(options.trial)?;
    if options.json {
        println!("{}", Summary { lost, ..summary }.to_json()?);
    } else {
        println!("{summary}, lost {lost}");
    }
    Ok(())
}
