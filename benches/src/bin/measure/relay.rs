//! The relay's figures, with small messages and with large ones.

use std::net::SocketAddr;

use readily_benches::bench::{Bench, Lengths};
use readily_benches::catalogue::{RAW_ECHO, RELAYS};
use readily_benches::driver::{Length, Load};
use readily_benches::failure::Failure;
use readily_benches::server::{Server, Under};
use readily_benches::spread::Spread;
use readily_benches::table::{Cell, Column, Table, Target};
use readily_benches::talk::Talk;

use crate::wording::progress;

pub(crate) const INSTRUCTIONS: &str = "relay-instructions";
pub(crate) const CPU: &str = "relay-cpu";

const CONNECTIONS: u64 = 64;

/// One size of message, and how many of them.
struct Size {
    name: &'static str,
    message: Talk,
    /// Under valgrind.
    lengths: Lengths,
    /// In a round that is timed.
    requests: u64,
}

const SIZES: [Size; 2] = [
    Size {
        name: "1 KiB",
        message: Talk::Echo { size: 1 << 10 },
        lengths: Lengths { short: 2_000, long: 12_000 },
        requests: 50_000,
    },
    Size {
        name: "1 MiB",
        message: Talk::Echo { size: 1 << 20 },
        lengths: Lengths { short: 128, long: 384 },
        requests: 1_000,
    },
];

const COMMANDS: [&str; 2] = [
    "peer_raw echo --listen 127.0.0.1:0",
    "RELAY --listen 127.0.0.1:0 --to ADDR (haproxy -db -f FILE: mode tcp, nbthread 1)",
];

pub(crate) fn instructions(bench: &Bench<'_>) -> Result<Table, Failure> {
    let mut table = Table {
        figure: INSTRUCTIONS,
        title: format!("user-space instructions per round trip, relay, {CONNECTIONS} connections"),
        commands: vec![
            COMMANDS[0].to_owned(),
            format!("valgrind --tool=callgrind {}", COMMANDS[1]),
        ],
        columns: columns(0),
        rows: Vec::new(),
        notes: Vec::new(),
    };
    table.commands.extend(SIZES.map(|size| {
        let requests = format!("{} and {}", size.lengths.short, size.lengths.long);
        format!("{} (the difference counts)", load_command(&size, &requests))
    }));
    let echo = bench.start(RAW_ECHO, None, &Under::Nothing);
    for contender in RELAYS {
        let readings = SIZES.iter().map(|size| {
            let to = address(&echo)?;
            progress(INSTRUCTIONS, contender, size.name);
            let load = Load::of(CONNECTIONS, size.message);
            let lengths = size.lengths;
            bench.instructions_per_round_trip(contender, Some(to), load, lengths).map(Cell::Number)
        });
        table.add(contender.label, readings.collect());
    }
    if let Ok(echo) = echo {
        echo.stop()?;
    }
    Ok(table)
}

pub(crate) fn cpu(bench: &Bench<'_>) -> Result<Table, Failure> {
    let mut table = Table {
        figure: CPU,
        title: format!(
            "CPU time of the relay per round trip in us, {} rounds in turns, {CONNECTIONS} \
             connections",
            bench.rounds
        ),
        commands: COMMANDS.map(str::to_owned).to_vec(),
        columns: columns(2),
        rows: Vec::new(),
        notes: Vec::new(),
    };
    table.commands.extend(SIZES.map(|size| load_command(&size, &size.requests.to_string())));
    let echo = bench.start(RAW_ECHO, None, &Under::Nothing);
    let mut relays = RELAYS.map(|contender| {
        let server = address(&echo)
            .and_then(|to| bench.start(contender, Some(to), &Under::Nothing))
            .map(|server| Timed { server, cpu: [Vec::new(), Vec::new()] });
        (contender, server)
    });
    // Round 0 warms up.
    for round in 0..=bench.rounds {
        for (at, size) in SIZES.iter().enumerate() {
            for (contender, relay) in &mut relays {
                let Ok(timed) = relay else { continue };
                let what = format!("{}, round {round} of {}", size.name, bench.rounds);
                progress(CPU, *contender, &what);
                let load = Load {
                    length: Length::Requests(size.requests),
                    ..Load::of(CONNECTIONS, size.message)
                };
                match bench.cpu_per_round_trip(&mut timed.server, load) {
                    Ok(micros) if round > 0 => timed.cpu[at].push(micros),
                    Ok(_) => {}
                    Err(failure) => *relay = Err(failure),
                }
            }
        }
    }
    for (contender, relay) in relays {
        table.add(contender.label, relay.and_then(Timed::finish));
    }
    if let Ok(echo) = echo {
        echo.stop()?;
    }
    Ok(table)
}

/// A running relay and its readings, for each size.
struct Timed {
    server: Server,
    cpu: [Vec<f64>; SIZES.len()],
}

impl Timed {
    fn finish(self) -> Result<Vec<Cell>, Failure> {
        self.server.stop()?;
        let spreads = self.cpu.iter().map(|readings| Spread::of(readings).map(Cell::Spread));
        spreads.collect::<Option<_>>().ok_or_else(|| Failure::failed("there were no rounds"))
    }
}

fn address(echo: &Result<Server, Failure>) -> Result<SocketAddr, Failure> {
    echo.as_ref().map(Server::address).map_err(Failure::clone)
}

fn columns(decimals: usize) -> Vec<Column> {
    let column = |size: &Size| Column {
        heading: size.name.to_owned(),
        decimals,
        target: Target::NeverBehind(&["tokio", "HAProxy"]),
    };
    SIZES.iter().map(column).collect()
}

fn load_command(size: &Size, requests: &str) -> String {
    format!(
        "load --connect ADDR --connections {CONNECTIONS} {} --requests {requests}",
        size.message
    )
}
