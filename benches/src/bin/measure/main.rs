//! Takes the figures: starts each server, drives it with `load`, prints a table for each figure.
//!
//! It builds nothing. Whatever has to be built or installed first is named, and shown as
//! `not measured`.

mod allocations;
mod bodies;
mod dripped;
mod idle;
mod instructions;
mod memory;
mod quic;
mod relay;
mod slow;
mod syscalls;
mod tls;
mod wording;

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use readily_benches::bench::Bench;
use readily_benches::cli::{self, Arguments, BadArgument};
use readily_benches::contender::Programs;
use readily_benches::failure::Failure;
use readily_benches::machine;
use readily_benches::scratch::Scratch;
use readily_benches::table::{Table, list, quote};

const USAGE: &str = "measure [--only FIGURE,...] [--rounds N] [--json FILE] [--servers DIR]";

const ROUNDS: usize = 5;

type Take = fn(&Bench<'_>) -> Result<Table, Failure>;

const FIGURES: [(&str, Take); 24] = [
    (instructions::ECHO, instructions::echo),
    (memory::ECHO, memory::echo),
    (syscalls::ECHO, syscalls::echo),
    (idle::IDLE_BESIDE_BUSY, idle::idle_beside_busy),
    (relay::INSTRUCTIONS, relay::instructions),
    (relay::CPU, relay::cpu),
    (instructions::HTTP_GET, instructions::http),
    (allocations::HTTP_GET, allocations::http),
    (memory::HTTP_IDLE, memory::http),
    (bodies::STATIC, bodies::files),
    (bodies::STREAMED, bodies::streams),
    (dripped::DRIPPED, dripped::dripped),
    (dripped::DRIPPED_SOCKET, dripped::over_a_socket),
    (slow::SLOW_HEADS, slow::slow_heads),
    (instructions::WEBSOCKET, instructions::websocket),
    (instructions::DEFLATE, instructions::deflate),
    (syscalls::WEBSOCKET, syscalls::websocket),
    (memory::WEBSOCKET, memory::websocket),
    (memory::DEFLATE, memory::deflate),
    (memory::TLS_ECHO, memory::tls),
    (tls::HANDSHAKES, tls::handshakes),
    (tls::BULK, tls::bulk),
    (quic::BULK, quic::bulk),
    (quic::MEMORY, quic::memory),
];

struct Options {
    only: Only,
    rounds: usize,
    json: Option<PathBuf>,
    servers: Option<PathBuf>,
}

fn main() -> ExitCode {
    cli::run(USAGE, parse, work)
}

fn parse(arguments: &mut Arguments) -> Result<Options, BadArgument> {
    let options = Options {
        only: arguments.option("--only")?.unwrap_or(Only(FIGURES.to_vec())),
        rounds: arguments.option("--rounds")?.unwrap_or(ROUNDS),
        json: arguments.option("--json")?,
        servers: arguments.option("--servers")?,
    };
    if options.rounds == 0 {
        return Err(BadArgument("--rounds is at least 1".to_owned()));
    }
    Ok(options)
}

fn work(options: Options) -> Result<(), Failure> {
    let programs = match options.servers {
        Some(directory) => Programs::new(directory),
        None => Programs::beside_this()?,
    };
    // Without it, no figure can be taken.
    programs.binary("load")?;
    let scratch = Scratch::new()?;
    let bench = Bench::new(programs, options.rounds, &scratch)?;
    let machine = machine();
    println!("machine: {machine}\n");
    let mut tables = Vec::new();
    for (_, take) in options.only.0 {
        let table = take(&bench)?;
        println!("{table}");
        tables.push(table);
    }
    if let Some(file) = options.json {
        let figures = list(tables.iter().map(Table::to_json));
        let json = format!("{{\"machine\":{},\"figures\":{figures}}}\n", quote(&machine));
        std::fs::write(&file, json)
            .map_err(|error| Failure::failed(format!("{}: {error}", file.display())))?;
    }
    match tables.iter().filter(|table| table.has_failed()).count() {
        0 => Ok(()),
        failed => Err(Failure::failed(format!("figures with rows that failed: {failed}"))),
    }
}

/// The figures to take, in the order of the list.
struct Only(Vec<(&'static str, Take)>);

impl FromStr for Only {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.split(',').map(|name| {
            FIGURES.into_iter().find(|(figure, _)| *figure == name).ok_or_else(|| {
                let names = FIGURES.map(|(figure, _)| figure).join(", ");
                format!("there is no figure {name:?}, there are {names}")
            })
        });
        Ok(Self(wanted.collect::<Result<_, _>>()?))
    }
}

/// What the figures depend on beside the code, in one line.
fn machine() -> String {
    let facts = machine::describe().facts;
    let said = |name: &str| facts.iter().find(|fact| fact.0 == name).map(|fact| fact.1.as_str());
    ["processor", "cores", "system", "tools"].map(|name| said(name).unwrap_or_default()).join(", ")
}
