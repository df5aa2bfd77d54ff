//! Clients that send a head byte by byte, and never its end: whether and when a server ends them.

mod crowd;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use readily_benches::cli::{self, Arguments, BadArgument};
use readily_benches::failure::Failure;

use crate::crowd::{Crowd, Plan};

const USAGE: &str = "slow_heads --connect ADDR --connections N [--every SECONDS] \
                     [--opening PER_SECOND] [--patience SECONDS] [--json]";

/// Opened in a second unless told: a server that accepts must not be behind by that alone.
const OPENING: f64 = 5_000.0;

/// Gives up this long after the last one was opened, unless told.
const PATIENCE_SECONDS: f64 = 30.0;

struct Options {
    plan: Plan,
    json: bool,
}

fn main() -> ExitCode {
    cli::run(USAGE, parse, work)
}

fn parse(arguments: &mut Arguments) -> Result<Options, BadArgument> {
    let connections = arguments.required("--connections")?;
    let per_second = positive(arguments, "--opening", OPENING)?;
    let plan = Plan {
        connect: arguments.required::<SocketAddr>("--connect")?,
        connections,
        every: duration(arguments, "--every", 1.0)?,
        gap: Duration::from_secs_f64(1.0 / per_second.min(1e6)),
        patience: duration(arguments, "--patience", PATIENCE_SECONDS)?,
    };
    if connections == 0 {
        return Err(BadArgument("--connections is at least 1".to_owned()));
    }
    Ok(Options { plan, json: arguments.flag("--json") })
}

fn work(Options { plan, json }: Options) -> Result<(), Failure> {
    let slow = Crowd::new(plan)?.run()?;
    if json {
        println!("{}", slow.to_json()?);
    } else {
        println!(
            "{} of {} ended by the server, {} with a 408, after {:.3} s at the soonest, {:.3} s \
             in the median, {:.3} s at the latest",
            slow.gone, slow.opened, slow.told, slow.shortest, slow.median, slow.longest
        );
    }
    Ok(())
}

fn duration(arguments: &mut Arguments, name: &str, usual: f64) -> Result<Duration, BadArgument> {
    let seconds = positive(arguments, name, usual)?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|error| BadArgument(format!("{name} {seconds}: {error}")))
}

fn positive(arguments: &mut Arguments, name: &str, usual: f64) -> Result<f64, BadArgument> {
    let value = arguments.option(name)?.unwrap_or(usual);
    if value > 0.0 { Ok(value) } else { Err(BadArgument(format!("{name} is more than 0"))) }
}
