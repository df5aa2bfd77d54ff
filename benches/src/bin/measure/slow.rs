//! Good clients beside many that never end their heads.

use std::process::Command;
use std::time::Duration;

use readily::http1::Limits;
use readily_benches::bench::{Bench, MANY};
use readily_benches::catalogue::READILY_HTTP;
use readily_benches::driver::{HOLDING, Length, Load};
use readily_benches::failure::Failure;
use readily_benches::process::Process;
use readily_benches::server::{Server, Under};
use readily_benches::slow::Slow;
use readily_benches::summary::Summary;
use readily_benches::table::{Cell, Column, Table, Target};
use readily_benches::talk::{Get, Request, Talk};

use crate::wording::progress;

pub(crate) const SLOW_HEADS: &str = "http-slow-heads";

/// Far from the server's limit, so that what is seen is what the others do to it.
const GOOD: Load = Load {
    rate: Some(2_000.0),
    length: Length::Seconds { warm_up: Duration::from_secs(1), timed: ALL_GONE },
    ..Load::of(64, Talk::Http(Get::kept(Request::Browser)))
};

/// From when the last slow one is open until all are gone, and a little more.
const ALL_GONE: Duration = Limits::HEAD_TIME.saturating_add(Duration::from_secs(2));

/// From the first connection to the last, and to what the tool says at its end.
const OPENED_WITHIN: Duration = Duration::from_secs(60);

pub(crate) fn slow_heads(bench: &Bench<'_>) -> Result<Table, Failure> {
    let column =
        |heading: &str, decimals, target| Column { heading: heading.to_owned(), decimals, target };
    let mut table = Table {
        figure: SLOW_HEADS,
        title: format!(
            "{} good clients beside {MANY} that send a byte of a head each second: latency of the \
             good in us, and when the slow were ended",
            GOOD.connections
        ),
        commands: vec![
            READILY_HTTP.command(),
            format!("slow_heads --connect ADDR --connections {MANY}"),
            format!("load --connect ADDR {GOOD}"),
        ],
        columns: vec![
            column("p99 alone", 0, Target::Open),
            column("p99 beside", 0, Target::Open),
            column("longest beside", 0, Target::AtMost(1e6)),
            column("slow ones left", 0, Target::AtMost(0.0)),
            column("furthest from the limit, ms", 1, Target::AtMost(100.0)),
        ],
        rows: Vec::new(),
        notes: vec![
            "Every answer is checked, and a missing one is a failure of the row.".to_owned(),
        ],
    };
    let cells = beside(bench, &mut table.notes);
    table.add(READILY_HTTP.label, cells);
    Ok(table)
}

fn beside(bench: &Bench<'_>, notes: &mut Vec<String>) -> Result<Vec<Cell>, Failure> {
    let limit = Limits::HEAD_TIME.as_secs_f64();
    let mut server = bench.start(READILY_HTTP, None, &Under::Nothing)?;
    progress(SLOW_HEADS, READILY_HTTP, "the good ones alone");
    let alone = good(bench, &mut server)?;
    progress(SLOW_HEADS, READILY_HTTP, &format!("{MANY} slow ones"));
    let mut tool = Command::new(bench.programs.binary("slow_heads")?);
    tool.args(["--connect", &server.address().to_string(), "--json"]);
    tool.args(["--connections", &MANY.to_string()]);
    let mut tool = Process::start("slow_heads", &mut tool, bench.scratch)?;
    let said = tool.line_within(OPENED_WITHIN)?;
    if said != HOLDING {
        return Err(Failure::failed(format!("slow_heads said {said:?}")));
    }
    let beside = good(bench, &mut server)?;
    let slow = Slow::from_json(&tool.line_within(OPENED_WITHIN)?)?;
    tool.succeed_within(OPENED_WITHIN)?;
    server.stop()?;
    notes.push(format!(
        "{} slow ones, {} of them told so by a 408, ended after {:.3} s at the soonest, {:.3} s in \
         the median, {:.3} s at the latest; the limit is {limit} s",
        slow.opened, slow.told, slow.shortest, slow.median, slow.longest
    ));
    notes.push(format!(
        "{} good requests were answered alone, {} beside the slow ones",
        alone.round_trips, beside.round_trips
    ));
    let (left, furthest) = (slow.opened - slow.gone, slow.furthest(limit) * 1e3);
    let [alone, beside] = [alone, beside].map(|summary| summary.percentiles());
    let cells = [alone.p99, beside.p99, beside.max, left as f64, furthest];
    Ok(cells.map(Cell::Number).to_vec())
}

fn good(bench: &Bench<'_>, server: &mut Server) -> Result<Summary, Failure> {
    bench.driver("load")?.run(server, &GOOD.to_string())
}
