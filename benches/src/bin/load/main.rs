//! The load generator: a closed loop of round trips over many connections, on one thread.
//!
//! Connections are opened in waves, each with one round trip before the next wave, so that no
//! backlog overflows; those first round trips count, but are not timed.

mod client;
mod connection;
mod exchange;
mod http;
mod websocket;
mod wire;

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use readily_benches::cli::{self, Arguments, BadArgument};
use readily_benches::driver::HOLDING;
use readily_benches::failure::Failure;
use readily_benches::talk::{Request, Talk};
use signal_hook::consts::SIGTERM;

use crate::client::{Client, Plan};
use crate::exchange::Verify;

const USAGE: &str = "load --connect ADDR --connections N --size BYTES --requests TOTAL \
                     [--protocol echo|http|websocket] [--request browser|short] [--trust FILE] \
                     [--idle N] [--verify on|off] [--hold] [--json] [--stall SECONDS]";

const MAX_SIZE: usize = 1 << 20;

/// How long nothing at all may happen before the run is given up.
const STALL_SECONDS: u64 = 30;

struct Options {
    plan: Plan,
    json: bool,
    hold: bool,
}

fn main() -> ExitCode {
    cli::run(USAGE, parse, work)
}

fn parse(arguments: &mut Arguments) -> Result<Options, BadArgument> {
    let plan = Plan {
        connect: arguments.required::<SocketAddr>("--connect")?,
        trust: arguments.option::<PathBuf>("--trust")?,
        talk: talk(arguments)?,
        connections: arguments.required("--connections")?,
        idle: arguments.option("--idle")?.unwrap_or(0),
        requests: arguments.required("--requests")?,
        verify: arguments.option::<Verify>("--verify")?.unwrap_or(Verify::On),
        stall: Duration::from_secs(arguments.option("--stall")?.unwrap_or(STALL_SECONDS)),
    };
    if plan.connections + plan.idle == 0 {
        return Err(BadArgument("--connections and --idle are both 0".to_owned()));
    }
    if plan.requests < plan.connections as u64 || (plan.connections == 0 && plan.requests > 0) {
        let rule = "--requests is at least one for each of --connections, and 0 where those are 0";
        return Err(BadArgument(rule.to_owned()));
    }
    Ok(Options { plan, json: arguments.flag("--json"), hold: arguments.flag("--hold") })
}

/// What to say; the request of HTTP is fixed and has no size.
fn talk(arguments: &mut Arguments) -> Result<Talk, BadArgument> {
    let protocol = arguments.option::<Protocol>("--protocol")?.unwrap_or(Protocol::Echo);
    if protocol == Protocol::Http {
        let request = arguments.option::<Headers>("--request")?;
        return Ok(Talk::Http(request.map_or(Request::Browser, |headers| headers.0)));
    }
    let size = arguments.required("--size")?;
    if !(1..=MAX_SIZE).contains(&size) {
        return Err(BadArgument(format!("--size is 1 to {MAX_SIZE}")));
    }
    Ok(if protocol == Protocol::WebSocket { Talk::WebSocket { size } } else { Talk::Echo { size } })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Echo,
    Http,
    WebSocket,
}

impl FromStr for Protocol {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "echo" => Ok(Self::Echo),
            "http" => Ok(Self::Http),
            "websocket" => Ok(Self::WebSocket),
            _ => Err("echo, http or websocket is expected"),
        }
    }
}

/// Which headers a request has.
struct Headers(Request);

impl FromStr for Headers {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "browser" => Ok(Self(Request::Browser)),
            "short" => Ok(Self(Request::Short)),
            _ => Err("browser or short is expected"),
        }
    }
}

fn work(options: Options) -> Result<(), Failure> {
    let mut client = Client::open(options.plan)?;
    let summary = client.run()?;
    if options.json {
        println!("{}", summary.to_json());
    } else {
        println!("{summary}");
    }
    if options.hold {
        let (terminate, on_signal) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(SIGTERM, on_signal)?;
        println!("{HOLDING}");
        std::io::stdout().flush()?;
        client.hold(&terminate)?;
    }
    Ok(())
}
