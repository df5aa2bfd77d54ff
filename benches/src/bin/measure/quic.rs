//! QUIC: what a bulk costs, and what an idle connection costs.

use readily_benches::bench::Bench;
use readily_benches::catalogue::{QUIC, QUIC_ECHO, QUINN};
use readily_benches::contender::Contender;
use readily_benches::driver::Driver;
use readily_benches::failure::Failure;
use readily_benches::process;
use readily_benches::server::{Server, Under};
use readily_benches::spread::Spread;
use readily_benches::table::{Cell, Column, Table, Target};

use crate::wording::progress;

pub(crate) const BULK: &str = "quic-bulk";
pub(crate) const MEMORY: &str = "quic-memory";

const GENERATOR: &str = "quic_load";

const MIB: u64 = 1 << 20;
const BULK_BYTES: u64 = 256 * MIB;

const IDLE: u64 = 2_000;
const IDLE_BYTES: u64 = 1024;

const SERVER: &str = "SERVER --listen 127.0.0.1:0 --cert-out FILE";

pub(crate) fn bulk(bench: &Bench<'_>) -> Result<Table, Failure> {
    let column =
        |heading: &str, decimals, target| Column { heading: heading.to_owned(), decimals, target };
    let mut table = Table {
        figure: BULK,
        title: format!(
            "{} MiB over one QUIC stream and back: MiB per CPU second of the server, {} rounds in \
             turns",
            BULK_BYTES / MIB,
            bench.rounds
        ),
        commands: vec![
            SERVER.to_owned(),
            format!("{GENERATOR} --connect ADDR --trust FILE --bytes {BULK_BYTES}"),
        ],
        columns: vec![
            column("MiB per CPU second", 1, Target::Open),
            // What else runs on the machine is in every round, so rounds are compared.
            column(
                "of quinn's in the round",
                3,
                Target::NeverBelow(&["quinn", "quinn, same windows"]),
            ),
            column("MiB per second", 1, Target::Open),
        ],
        rows: Vec::new(),
        notes: Vec::new(),
    };
    let driver = bench.driver(GENERATOR);
    let mut servers = QUIC.map(|contender| {
        let server = bench.start(contender, None, &Under::Nothing);
        (contender, server.map(|server| Timed { server, rates: Vec::new(), wall: Vec::new() }))
    });
    // Round 0 warms up.
    for round in 0..=bench.rounds {
        for (contender, timed) in &mut servers {
            let (Ok(running), Ok(driver)) = (&mut *timed, &driver) else { continue };
            progress(BULK, *contender, &format!("round {round} of {}", bench.rounds));
            if let Err(failure) = running.round(driver, round > 0) {
                *timed = Err(failure);
            }
        }
    }
    let quinn = servers.iter().find(|(contender, _)| *contender == QUINN);
    let yardstick = match quinn {
        Some((_, Ok(timed))) => timed.rates.clone(),
        _ => Vec::new(),
    };
    for (contender, timed) in servers {
        let cells = driver.as_ref().map_err(Failure::clone).and(timed);
        table.add(contender.label, cells.and_then(|timed| timed.finish(&yardstick)));
    }
    Ok(table)
}

/// A running server and its readings, one for each round.
struct Timed {
    server: Server,
    /// MiB per second on a CPU.
    rates: Vec<f64>,
    /// MiB per second on the clock.
    wall: Vec<f64>,
}

impl Timed {
    fn round(&mut self, driver: &Driver<'_>, counts: bool) -> Result<(), Failure> {
        let run = driver.run(&mut self.server, &format!("--bytes {BULK_BYTES}"))?;
        let cpu_us = run.cpu_us().ok_or_else(|| Failure::failed("no CPU time of the server"))?;
        if counts {
            self.rates.push(1e6 / cpu_us);
            self.wall.push(run.per_second);
        }
        Ok(())
    }

    fn finish(self, yardstick: &[f64]) -> Result<Vec<Cell>, Failure> {
        self.server.stop()?;
        let ratios: Vec<f64> =
            self.rates.iter().zip(yardstick).map(|(rate, quinn)| rate / quinn).collect();
        let spread = |readings: &[f64]| Spread::of(readings).map(Cell::Spread);
        let rates = spread(&self.rates).zip(spread(&self.wall));
        let (rates, wall) = rates.ok_or_else(|| Failure::failed("there were no rounds"))?;
        Ok(vec![rates, spread(&ratios).unwrap_or(Cell::NotMeasured), wall])
    }
}

pub(crate) fn memory(bench: &Bench<'_>) -> Result<Table, Failure> {
    let mut table = Table {
        figure: MEMORY,
        title: format!(
            "bytes per connection: RSS with {IDLE} QUIC connections, after one echo of \
             {IDLE_BYTES} B each, less RSS before"
        ),
        commands: vec![
            SERVER.to_owned(),
            format!("{GENERATOR} --connect ADDR --trust FILE {}", hold()),
        ],
        columns: vec![Column { heading: "bytes".to_owned(), decimals: 0, target: Target::Open }],
        rows: Vec::new(),
        notes: Vec::new(),
    };
    for contender in [QUIC_ECHO, QUINN] {
        progress(MEMORY, contender, &format!("{IDLE} connections"));
        let bytes = bytes_per_connection(bench, contender);
        table.add(contender.label, bytes.map(|bytes| vec![Cell::Number(bytes)]));
    }
    Ok(table)
}

fn bytes_per_connection(bench: &Bench<'_>, contender: Contender) -> Result<f64, Failure> {
    let driver = bench.driver(GENERATOR)?;
    let mut server = bench.start(contender, None, &Under::Nothing)?;
    let before = process::resident_bytes(server.pid())?;
    let held = driver.hold(&mut server, &hold())?;
    let after = process::resident_bytes(server.pid())?;
    held.release(&mut server)?;
    server.stop()?;
    Ok((after as f64 - before as f64) / IDLE as f64)
}

/// The generator's arguments for connections that stay.
fn hold() -> String {
    format!("--bytes {IDLE_BYTES} --connections {IDLE} --hold")
}
