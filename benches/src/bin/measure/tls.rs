//! TLS: how much of it a CPU second of the server is good for.

use std::time::Duration;

use readily_benches::bench::Bench;
use readily_benches::catalogue::{READILY_TLS, SAME_TLS, TLS_ECHO, TOKIO_TLS, TOKIO_TLS_64K};
use readily_benches::contender::Contender;
use readily_benches::driver::{Length, Load};
use readily_benches::failure::Failure;
use readily_benches::server::{Server, Under};
use readily_benches::spread::Spread;
use readily_benches::table::{Cell, Column, Table, Target};
use readily_benches::talk::{Handshake, Talk};

use crate::wording::progress;

pub(crate) const HANDSHAKES: &str = "tls-handshakes";
pub(crate) const BULK: &str = "tls-bulk";

const LENGTH: Length =
    Length::Seconds { warm_up: Duration::from_millis(200), timed: Duration::from_millis(1_500) };

const MIB: f64 = (1 << 20) as f64;

/// Readily with the settings that it comes with, its own keys of tickets among them.
const OWN_SETTINGS: Contender = Contender { label: "Readily, its own settings", ..TLS_ECHO };

/// What is timed, of which servers.
struct Subject<'a> {
    figure: &'static str,
    title: &'static str,
    contenders: &'static [Contender],
    readings: &'a [Reading],
    /// Whom the first of them is not to be below.
    peers: &'static [&'static str],
}

/// What is done, and how much of a unit it is.
struct Reading {
    heading: &'static str,
    load: Load,
    units: f64,
}

pub(crate) fn handshakes(bench: &Bench<'_>) -> Result<Table, Failure> {
    let reading = |heading, handshake| {
        let talk = Talk::Connect { size: 1, handshake };
        Reading { heading, load: Load { length: LENGTH, ..Load::of(16, talk) }, units: 1.0 }
    };
    take(
        bench,
        &Subject {
            figure: HANDSHAKES,
            title: "TLS 1.3 handshakes per CPU second of the server, each with a connection and \
                    a byte each way",
            contenders: &[READILY_TLS, OWN_SETTINGS, TOKIO_TLS],
            readings: &[reading("full", Handshake::Full), reading("resumed", Handshake::Resumed)],
            peers: &[TOKIO_TLS.label],
        },
    )
}

pub(crate) fn bulk(bench: &Bench<'_>) -> Result<Table, Failure> {
    let reading = |heading, connections, size| {
        let load = Load { length: LENGTH, ..Load::of(connections, Talk::Echo { size }) };
        Reading { heading, load, units: size as f64 / MIB }
    };
    take(
        bench,
        &Subject {
            figure: BULK,
            title: "MiB per CPU second of the server, in and out again (counted once)",
            contenders: &SAME_TLS,
            readings: &[reading("64 KiB", 16, 1 << 16), reading("1 MiB", 4, 1 << 20)],
            peers: &[TOKIO_TLS.label, TOKIO_TLS_64K.label],
        },
    )
}

/// A running server, and of each reading one rate for each round.
struct Timed {
    server: Server,
    rates: Vec<Vec<f64>>,
}

fn take(bench: &Bench<'_>, subject: &Subject<'_>) -> Result<Table, Failure> {
    let start = |contender: &Contender| {
        let server = bench.start(*contender, None, &Under::Nothing);
        let rates = vec![Vec::new(); subject.readings.len()];
        (*contender, server.map(|server| Timed { server, rates }))
    };
    let mut servers: Vec<_> = subject.contenders.iter().map(start).collect();
    // Round 0 warms up.
    for round in 0..=bench.rounds {
        for (at, reading) in subject.readings.iter().enumerate() {
            let count = servers.len();
            // Nobody always comes after the same one.
            for which in (0..count).map(|which| (which + round) % count) {
                let (contender, server) = &mut servers[which];
                let Ok(timed) = server else { continue };
                let what = format!("{}, round {round} of {}", reading.heading, bench.rounds);
                progress(subject.figure, *contender, &what);
                match bench.cpu_per_round_trip(&mut timed.server, reading.load) {
                    Ok(micros) if round > 0 => timed.rates[at].push(reading.units * 1e6 / micros),
                    Ok(_) => {}
                    Err(failure) => *server = Err(failure),
                }
            }
        }
    }
    Ok(finish(bench, subject, servers))
}

fn finish(
    bench: &Bench<'_>,
    subject: &Subject<'_>,
    servers: Vec<(Contender, Result<Timed, Failure>)>,
) -> Table {
    let mut table = empty(bench, subject);
    let beside = servers.iter().find(|(contender, _)| *contender == TOKIO_TLS);
    let yardstick = match beside {
        Some((_, Ok(timed))) => timed.rates.clone(),
        _ => vec![Vec::new(); subject.readings.len()],
    };
    for (contender, server) in servers {
        let cells = server.and_then(|Timed { server, rates }| {
            server.stop()?;
            let cells = rates.iter().zip(&yardstick).flat_map(|(rates, other)| {
                let ratios: Vec<f64> = rates.iter().zip(other).map(|(own, of)| own / of).collect();
                [spread(rates), spread(&ratios)]
            });
            Ok(cells.collect())
        });
        table.add(contender.label, cells);
    }
    table
}

fn spread(readings: &[f64]) -> Cell {
    Spread::of(readings).map_or(Cell::NotMeasured, Cell::Spread)
}

fn empty(bench: &Bench<'_>, subject: &Subject<'_>) -> Table {
    let columns = subject.readings.iter().flat_map(|reading| {
        // What else runs on the machine is in every round, so rounds are compared.
        let ratio = format!("{}, of {}'s in the round", reading.heading, TOKIO_TLS.label);
        let target = Target::NeverBelow(subject.peers);
        [
            Column { heading: reading.heading.to_owned(), decimals: 0, target: Target::Open },
            Column { heading: ratio, decimals: 3, target },
        ]
    });
    let commands = subject.contenders.iter().map(|contender| contender.command());
    let loads = subject.readings.iter().map(|reading| {
        format!("load --connect ADDR --trust FILE --server-pid PID {}", reading.load)
    });
    Table {
        figure: subject.figure,
        title: format!("{}, {} rounds in turns", subject.title, bench.rounds),
        commands: commands.chain(loads).collect(),
        columns: columns.collect(),
        rows: Vec::new(),
        notes: Vec::new(),
    }
}
