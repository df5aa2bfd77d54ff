//! The QUIC load generator, on quinn: bytes over one stream of each connection and back, small
//! round trips, or handshakes.
//!
//! Every byte that comes back is checked. The windows are quinn's defaults. Nothing is resumed.

mod bulk;
mod client;
mod echo;
mod handshakes;
mod stall;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use readily_benches::cli::{self, Arguments, BadArgument};
use readily_benches::failure::Failure;
use readily_benches::summary::Summary;
use readily_benches::trial;
use rustix::process::Pid;
use serde::Serialize;

use crate::client::Client;

const USAGE: &str = "quic_load --connect ADDR --trust FILE [--connections N] (--bytes BYTES \
                     [--hold] | (--echo SIZE | --handshakes) (--requests TOTAL | --seconds S \
                     [--warm-up S])) [--server-pid PID] [--json] [--stall SECONDS]";

/// How long nothing at all may happen before the run is given up.
const STALL_SECONDS: u64 = 30;

const MAX_ECHO: usize = 1 << 20;

struct Options {
    to: To,
    task: Task,
    json: bool,
}

/// Whom to talk to, and how often at once.
struct To {
    connect: SocketAddr,
    trust: PathBuf,
    connections: usize,
    stall: Duration,
}

enum Task {
    /// So many bytes over one stream of each connection, and back.
    Bulk { bytes: u64, after: After, server: Option<Pid> },
    /// Messages of that size on one stream of each connection.
    Echo(usize, trial::Options),
    /// A connection for each byte.
    Handshakes(trial::Options),
}

/// What becomes of the connections of a bulk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Close,
    /// They stay until SIGTERM.
    Hold,
}

/// What was found, and of a bulk how many bytes went and came back.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    bytes: u64,
}

fn main() -> ExitCode {
    cli::run(USAGE, parse, work)
}

fn parse(arguments: &mut Arguments) -> Result<Options, BadArgument> {
    let to = To {
        connect: arguments.required("--connect")?,
        trust: arguments.required("--trust")?,
        connections: arguments.option("--connections")?.unwrap_or(1),
        stall: Duration::from_secs(arguments.option("--stall")?.unwrap_or(STALL_SECONDS)),
    };
    let task = task(arguments)?;
    if to.connections == 0 {
        return Err(BadArgument("--connections is at least 1".to_owned()));
    }
    Ok(Options { to, task, json: arguments.flag("--json") })
}

fn task(arguments: &mut Arguments) -> Result<Task, BadArgument> {
    let bytes = arguments.option("--bytes")?;
    let echo = arguments.option("--echo")?;
    match (bytes, echo, arguments.flag("--handshakes")) {
        (Some(0), None, false) => Err(BadArgument("--bytes is at least 1".to_owned())),
        (Some(bytes), None, false) => {
            let after = if arguments.flag("--hold") { After::Hold } else { After::Close };
            Ok(Task::Bulk { bytes, after, server: trial::server(arguments)? })
        }
        (None, Some(size), false) if (1..=MAX_ECHO).contains(&size) => {
            Ok(Task::Echo(size, trial::Options::among(arguments)?))
        }
        (None, Some(_), false) => Err(BadArgument(format!("--echo is 1 to {MAX_ECHO}"))),
        (None, None, true) => Ok(Task::Handshakes(trial::Options::among(arguments)?)),
        _ => Err(BadArgument("one of --bytes, --echo and --handshakes is expected".to_owned())),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn work(options: Options) -> Result<(), Failure> {
    let Options { to, task, json } = options;
    let mut client = Client::new(to)?;
    match task {
        Task::Bulk { bytes, after, server } => {
            let summary = bulk::run(&mut client, bytes, server).await?;
            let bytes = bytes * client.to.connections as u64;
            let in_words = || bulk::in_words(bytes, &summary);
            tell(json, &Told { summary: &summary, bytes }, in_words)?;
            if after == After::Hold {
                client.hold().await?;
            }
        }
        Task::Echo(size, trial) => {
            let summary = echo::run(&mut client, size, trial).await?;
            tell(json, &summary, || summary.to_string())?;
        }
        Task::Handshakes(trial) => {
            let summary = handshakes::run(&client, trial).await?;
            tell(json, &summary, || summary.to_string())?;
        }
    }
    client.close().await;
    Ok(())
}

fn tell(
    json: bool,
    found: &impl Serialize,
    in_words: impl FnOnce() -> String,
) -> Result<(), Failure> {
    match json {
        true => println!("{}", serde_json::to_string(found).map_err(Failure::failed)?),
        false => println!("{}", in_words()),
    }
    Ok(())
}
