//! What idle connections cost the busy ones beside them.

use readily_benches::bench::{Bench, MANY, MESSAGE, hold};
use readily_benches::catalogue::ECHOES;
use readily_benches::contender::Contender;
use readily_benches::driver::{Length, Load};
use readily_benches::failure::Failure;
use readily_benches::server::Under;
use readily_benches::spread::Spread;
use readily_benches::table::{Cell, Column, Table, Target};

use crate::wording::progress;

pub(crate) const IDLE_BESIDE_BUSY: &str = "idle-beside-busy";

const BUSY: Load = Load { length: Length::Requests(100_000), ..Load::of(64, MESSAGE) };

pub(crate) fn idle_beside_busy(bench: &Bench<'_>) -> Result<Table, Failure> {
    let column =
        |heading: &str, decimals, target| Column { heading: heading.to_owned(), decimals, target };
    let mut table = Table {
        figure: IDLE_BESIDE_BUSY,
        title: format!(
            "CPU time of the server per round trip in us, {} rounds in turns, echo of {} B on \
             {} connections, alone and with {MANY} idle ones",
            bench.rounds,
            MESSAGE.size(),
            BUSY.connections
        ),
        commands: vec![
            "SERVER --listen 127.0.0.1:0 (one for each column)".to_owned(),
            format!("load --connect ADDR {}", hold(MANY, MESSAGE)),
            format!("load --connect ADDR {BUSY}"),
        ],
        columns: vec![
            column("alone", 2, Target::Open),
            column("beside idle", 2, Target::Open),
            column("ratio", 3, Target::AtMost(1.3)),
        ],
        rows: Vec::new(),
        notes: Vec::new(),
    };
    for contender in ECHOES {
        table.add(contender.label, rounds(bench, contender));
    }
    Ok(table)
}

fn rounds(bench: &Bench<'_>, contender: Contender) -> Result<Vec<Cell>, Failure> {
    let mut alone = bench.start(contender, None, &Under::Nothing)?;
    let mut beside = bench.start(contender, None, &Under::Nothing)?;
    progress(IDLE_BESIDE_BUSY, contender, &format!("{MANY} idle connections"));
    let held = bench.driver("load")?.hold(&mut beside, &hold(MANY, MESSAGE))?;
    let mut readings = [Vec::new(), Vec::new(), Vec::new()];
    // Round 0 warms up.
    for round in 0..=bench.rounds {
        progress(IDLE_BESIDE_BUSY, contender, &format!("round {round} of {}", bench.rounds));
        let without = bench.cpu_per_round_trip(&mut alone, BUSY)?;
        let with = bench.cpu_per_round_trip(&mut beside, BUSY)?;
        if round > 0 {
            for (readings, value) in readings.iter_mut().zip([without, with, with / without]) {
                readings.push(value);
            }
        }
    }
    held.release(&mut beside)?;
    alone.stop()?;
    beside.stop()?;
    let spreads = readings.iter().map(|readings| Spread::of(readings).map(Cell::Spread));
    spreads.collect::<Option<_>>().ok_or_else(|| Failure::failed("there were no rounds"))
}
