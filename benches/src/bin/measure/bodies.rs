//! Long bodies over HTTP: a large file, and a stream both ways.

use readily_benches::bench::Bench;
use readily_benches::catalogue::{FILES, NGINX_FILES, STREAMS};
use readily_benches::contender::Contender;
use readily_benches::content;
use readily_benches::driver::{Length, Load};
use readily_benches::failure::Failure;
use readily_benches::server::{Server, Under};
use readily_benches::spread::Spread;
use readily_benches::table::{Cell, Column, Table, Target};
use readily_benches::talk::{Get, Request, Talk};

use crate::wording::progress;

pub(crate) const STATIC: &str = "http-static";
pub(crate) const STREAMED: &str = "http-streamed";

const CONNECTIONS: u64 = 16;
const GIB: f64 = (1_u64 << 30) as f64;

/// What is sent, by which servers.
struct Subject {
    figure: &'static str,
    what: &'static str,
    contenders: &'static [Contender],
    talk: Talk,
    /// Bytes of a body.
    bytes: u64,
    /// Bodies of a round, beside those that open the connections.
    timed: u64,
    /// Whose time the others are divided by.
    beside: &'static str,
    /// The most that is left then.
    limit: f64,
}

pub(crate) fn files(bench: &Bench<'_>) -> Result<Table, Failure> {
    take(
        bench,
        &Subject {
            figure: STATIC,
            what: "a file of 100 MiB",
            contenders: &FILES,
            talk: Talk::Http(Get::kept(Request::File)),
            bytes: content::LENGTH,
            timed: 3 * CONNECTIONS,
            beside: NGINX_FILES.label,
            limit: 1.1,
        },
    )
}

pub(crate) fn streams(bench: &Bench<'_>) -> Result<Table, Failure> {
    take(
        bench,
        &Subject {
            figure: STREAMED,
            what: "1 MiB in chunks, sent back in chunks as it comes (counted once)",
            contenders: &STREAMS,
            talk: Talk::Http(Get::kept(Request::Stream)),
            bytes: 1 << 20,
            timed: 2_000,
            beside: "hyper",
            limit: 1.0,
        },
    )
}

/// A running server and its readings, in milliseconds for a GiB.
struct Timed {
    server: Server,
    readings: Vec<f64>,
}

fn take(bench: &Bench<'_>, subject: &Subject) -> Result<Table, Failure> {
    let requests = subject.timed + CONNECTIONS;
    let load = Load { length: Length::Requests(requests), ..Load::of(CONNECTIONS, subject.talk) };
    let mut servers: Vec<(Contender, Result<Timed, Failure>)> = subject
        .contenders
        .iter()
        .map(|contender| {
            let server = bench.start(*contender, None, &Under::Nothing);
            (*contender, server.map(|server| Timed { server, readings: Vec::new() }))
        })
        .collect();
    // Round 0 warms up.
    for round in 0..=bench.rounds {
        let count = servers.len();
        // Nobody always comes after the same one.
        for at in (0..count).map(|at| (at + round) % count) {
            let (contender, server) = &mut servers[at];
            let Ok(timed) = server else { continue };
            progress(subject.figure, *contender, &format!("round {round} of {}", bench.rounds));
            match bench.cpu_per_round_trip(&mut timed.server, load) {
                Ok(_) if round == 0 => {}
                Ok(micros) => timed.readings.push(micros / 1e3 * GIB / subject.bytes as f64),
                Err(failure) => *server = Err(failure),
            }
        }
    }
    Ok(finish(subject, bench.rounds, load, servers))
}

fn finish(
    subject: &Subject,
    rounds: usize,
    load: Load,
    servers: Vec<(Contender, Result<Timed, Failure>)>,
) -> Table {
    let column = |heading: String, decimals, target| Column { heading, decimals, target };
    let mut table = Table {
        figure: subject.figure,
        title: format!(
            "CPU time of the server in ms for a GiB, {}, {rounds} rounds in turns",
            subject.what
        ),
        commands: vec![
            format!("SERVER --listen 127.0.0.1:0 ({})", commands(subject.contenders)),
            format!("load --connect ADDR {load}"),
        ],
        columns: vec![
            column("ms for a GiB".to_owned(), 0, Target::Open),
            column(format!("beside {}", subject.beside), 2, Target::AtMost(subject.limit)),
        ],
        rows: Vec::new(),
        notes: Vec::new(),
    };
    let beside = servers.iter().find(|(contender, _)| contender.label == subject.beside);
    let beside = match beside {
        Some((_, Ok(timed))) => timed.readings.clone(),
        _ => Vec::new(),
    };
    for (contender, server) in servers {
        let cells = server.and_then(|Timed { server, readings }| {
            server.stop()?;
            let ratios: Vec<f64> =
                readings.iter().zip(&beside).map(|(own, other)| own / other).collect();
            let own = Spread::of(&readings).map(Cell::Spread);
            let own = own.ok_or_else(|| Failure::failed("there were no rounds"))?;
            Ok(vec![own, Spread::of(&ratios).map_or(Cell::NotMeasured, Cell::Spread)])
        });
        table.add(contender.label, cells);
    }
    table
}

fn commands(contenders: &[Contender]) -> String {
    contenders.iter().map(|contender| contender.command()).collect::<Vec<_>>().join("; ")
}
