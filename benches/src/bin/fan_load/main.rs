//! The load generator of a broadcast: one client publishes, and every one has to get it, the
//! publisher included; a closed loop on one thread.
//!
//! A unit is one delivery: a message that one subscriber has. Its latency begins when the message
//! is published, so the last of many deliveries has the reading of all others in it.

mod client;
mod opening;
mod published;
mod subscriber;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use readily_benches::cli::{self, Arguments, BadArgument};
use readily_benches::failure::Failure;
use readily_benches::trial;

use crate::client::{Client, Plan};

const USAGE: &str = "fan_load --connect ADDR --subscribers N --size BYTES (--requests TOTAL | \
                     --seconds S [--warm-up S]) [--in-flight N] [--server-pid PID] [--json] \
                     [--stall SECONDS]";

/// A frame of the largest has to fit what servers allow.
const MAX_SIZE: usize = 1 << 20;

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
        subscribers: arguments.required("--subscribers")?,
        size: arguments.required("--size")?,
        in_flight: arguments.option("--in-flight")?.unwrap_or(1),
        stall: Duration::from_secs(arguments.option("--stall")?.unwrap_or(STALL_SECONDS)),
    };
    if !(1..=MAX_SIZE).contains(&plan.size) {
        return Err(BadArgument(format!("--size is 1 to {MAX_SIZE}")));
    }
    if plan.subscribers == 0 || plan.in_flight == 0 || plan.stall.is_zero() {
        let rule = "--subscribers, --in-flight and --stall are at least 1";
        return Err(BadArgument(rule.to_owned()));
    }
    let trial = trial::Options::among(arguments)?;
    Ok(Options { plan, trial, json: arguments.flag("--json") })
}

fn work(options: Options) -> Result<(), Failure> {
    let summary = Client::open(options.plan)?.run(options.trial)?;
    if options.json {
        println!("{}", serde_json::to_string(&summary).map_err(Failure::failed)?);
    } else {
        println!("{summary}");
    }
    Ok(())
}
