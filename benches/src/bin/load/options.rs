//! The arguments.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use readily_benches::cli::{Arguments, BadArgument};
use readily_benches::driver::Length;
use readily_benches::talk::{Compression, Get, Handshake, Lifetime, Request, Talk};
use readily_benches::trial;

use crate::client::Plan;
use crate::exchange::Verify;
use crate::offer::Rate;
use crate::schedule::Arrivals;

pub(crate) const USAGE: &str = "load --connect ADDR --connections N \
                                (--requests TOTAL | --seconds S [--warm-up S]) \
                                [--size BYTES] [--protocol echo|http|websocket] \
                                [--request browser|short|plaintext|json|upload|file|stream] \
                                [--pipeline N] [--fresh [--resume]] [--deflate] \
                                [--rate PER_SECOND \
                                [--arrivals even|poisson] [--seed N]] [--server-pid PID] \
                                [--trust FILE] [--idle N] [--verify on|off] [--hold] \
                                [--json] [--stall SECONDS]";

const MAX_SIZE: usize = 1 << 20;
const MAX_PIPELINE: u32 = 1024;
/// A gap of 100 ns: less than a write takes.
const MAX_RATE: f64 = 1e7;

/// How long nothing at all may happen before the run is given up.
const STALL_SECONDS: u64 = 30;

pub(crate) struct Options {
    pub(crate) plan: Plan,
    pub(crate) form: Form,
    pub(crate) after: After,
}

/// How the result is said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
}

/// What becomes of the connections after the last unit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Close,
    Hold,
}

pub(crate) fn parse(arguments: &mut Arguments) -> Result<Options, BadArgument> {
    let connections = arguments.required("--connections")?;
    let plan = Plan {
        connect: arguments.required::<SocketAddr>("--connect")?,
        trust: arguments.option::<PathBuf>("--trust")?,
        talk: talk(arguments)?,
        connections,
        idle: arguments.option("--idle")?.unwrap_or(0),
        trial: trial(arguments, connections)?,
        rate: rate(arguments)?,
        verify: arguments.option::<Verify>("--verify")?.unwrap_or(Verify::On),
        stall: Duration::from_secs(arguments.option("--stall")?.unwrap_or(STALL_SECONDS)),
    };
    let form = if arguments.flag("--json") { Form::Json } else { Form::Text };
    let after = if arguments.flag("--hold") { After::Hold } else { After::Close };
    let options = Options { plan, form, after };
    refuse(&options)?;
    Ok(with_opening(options))
}

/// What one option excludes in another one.
fn refuse(Options { plan, after, .. }: &Options) -> Result<(), BadArgument> {
    let fresh = plan.talk.lifetime() == Lifetime::OneRequest;
    let resumes = plan.talk.handshake() == Handshake::Resumed;
    let counted = matches!(plan.trial, Some(trial::Options { length: Length::Requests(_), .. }));
    let rules = [
        (plan.connections + plan.idle == 0, "--connections and --idle are both 0"),
        (fresh && plan.talk.pipeline() > 1, "--fresh excludes --pipeline"),
        (fresh && plan.idle > 0, "--fresh excludes --idle"),
        (fresh && *after == After::Hold, "--fresh excludes --hold"),
        (resumes && plan.trust.is_none(), "--resume needs --trust"),
        (plan.rate.is_some() && plan.talk.pipeline() > 1, "--rate excludes --pipeline"),
        (plan.rate.is_some() && counted, "--rate excludes --requests"),
        (plan.rate.is_some() && plan.connections == 0, "--rate needs --connections"),
    ];
    match rules.into_iter().find(|(broken, _)| *broken) {
        Some((_, rule)) => Err(BadArgument(rule.to_owned())),
        None => Ok(()),
    }
}

/// How long the busy connections go on; `None` where there are none.
fn trial(
    arguments: &mut Arguments,
    connections: usize,
) -> Result<Option<trial::Options>, BadArgument> {
    let rule = "--requests is at least one for each of --connections, and 0 where those are 0";
    if connections == 0 {
        let _ = trial::server(arguments)?;
        return match arguments.option("--requests")?.unwrap_or(0_u64) {
            0 => Ok(None),
            _ => Err(BadArgument(rule.to_owned())),
        };
    }
    let options = trial::Options::among(arguments)?;
    match options.length {
        Length::Requests(requests) if requests < connections as u64 => {
            Err(BadArgument(rule.to_owned()))
        }
        _ => Ok(Some(options)),
    }
}

/// Units that open the connections are among those that were asked for.
fn with_opening(mut options: Options) -> Options {
    if let Some(trial::Options { length: Length::Requests(requests), .. }) = &mut options.plan.trial
        && options.plan.talk.lifetime() == Lifetime::Kept
    {
        *requests -= options.plan.connections as u64;
    }
    options
}

fn rate(arguments: &mut Arguments) -> Result<Option<Rate>, BadArgument> {
    let Some(per_second) = arguments.option::<f64>("--rate")? else { return Ok(None) };
    if !(per_second > 0.0 && per_second <= MAX_RATE) {
        return Err(BadArgument(format!("--rate is more than 0 and at most {MAX_RATE}")));
    }
    let arrivals = arguments.option("--arrivals")?.unwrap_or(Arrivals::Poisson);
    let seed = arguments.option("--seed")?.unwrap_or(1);
    Ok(Some(Rate { per_second, arrivals, seed }))
}

/// What to say; the requests of HTTP are fixed and have no size.
fn talk(arguments: &mut Arguments) -> Result<Talk, BadArgument> {
    let protocol = arguments.option::<Protocol>("--protocol")?.unwrap_or(Protocol::Echo);
    if protocol == Protocol::Http {
        return Ok(Talk::Http(get(arguments)?));
    }
    let size = arguments.required("--size")?;
    if !(1..=MAX_SIZE).contains(&size) {
        return Err(BadArgument(format!("--size is 1 to {MAX_SIZE}")));
    }
    match protocol {
        Protocol::WebSocket => Ok(Talk::WebSocket { size, compression: compression(arguments) }),
        _ if arguments.flag("--fresh") => {
            Ok(Talk::Connect { size, handshake: handshake(arguments) })
        }
        _ => Ok(Talk::Echo { size }),
    }
}

fn compression(arguments: &mut Arguments) -> Compression {
    if arguments.flag("--deflate") { Compression::On } else { Compression::Off }
}

fn handshake(arguments: &mut Arguments) -> Handshake {
    if arguments.flag("--resume") { Handshake::Resumed } else { Handshake::Full }
}

fn get(arguments: &mut Arguments) -> Result<Get, BadArgument> {
    let request = arguments.option::<Asked>("--request")?;
    let pipeline = arguments.option("--pipeline")?.unwrap_or(1);
    if !(1..=MAX_PIPELINE).contains(&pipeline) {
        return Err(BadArgument(format!("--pipeline is 1 to {MAX_PIPELINE}")));
    }
    Ok(Get {
        request: request.map_or(Request::Browser, |asked| asked.0),
        pipeline,
        connection: match arguments.flag("--fresh") {
            true => Lifetime::OneRequest,
            false => Lifetime::Kept,
        },
    })
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

/// The name of a request.
struct Asked(Request);

impl FromStr for Asked {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "browser" => Ok(Self(Request::Browser)),
            "short" => Ok(Self(Request::Short)),
            "plaintext" => Ok(Self(Request::Plaintext)),
            "json" => Ok(Self(Request::Json)),
            "upload" => Ok(Self(Request::Upload)),
            "file" => Ok(Self(Request::File)),
            "stream" => Ok(Self(Request::Stream)),
            _ => Err("browser, short, plaintext, json, upload, file or stream is expected"),
        }
    }
}
