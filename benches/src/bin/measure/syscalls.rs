//! System calls of the echo servers.

use std::collections::BTreeMap;

use readily_benches::bench::{Bench, Lengths, MESSAGE};
use readily_benches::catalogue::{ECHOES, WEBSOCKETS};
use readily_benches::contender::Contender;
use readily_benches::driver::Load;
use readily_benches::failure::Failure;
use readily_benches::table::{Cell, Column, Table, Target};
use readily_benches::talk::Talk;

use crate::wording::{difference, progress};

pub(crate) const ECHO: &str = "echo-syscalls";
pub(crate) const WEBSOCKET: &str = "ws-syscalls";

/// Short, because strace is slow; counts do not need more.
const LENGTHS: Lengths = Lengths { short: 2_000, long: 12_000 };

/// The most calls of a round trip: a read and a write, and part of a wait.
const LIMIT: f64 = 2.1;

pub(crate) fn echo(bench: &Bench<'_>) -> Result<Table, Failure> {
    let mut table = table(
        ECHO,
        format!("system calls per round trip, echo of {} B, 16 connections", MESSAGE.size()),
        // A single further `epoll_ctl` is one too many, so those are not divided.
        vec![column("all", 3, LIMIT), column("epoll_ctl, further calls in all", 0, 0.0)],
    );
    table.commands.push(difference("16", MESSAGE, LENGTHS));
    for contender in ECHOES {
        let calls = further(bench, &mut table, contender, Load::of(16, MESSAGE));
        table.add(
            contender.label,
            calls.map(|calls| {
                let control = calls.get("epoll_ctl").copied().unwrap_or_default();
                vec![Cell::Number(each(&calls)), Cell::Number(control)]
            }),
        );
    }
    Ok(table)
}

pub(crate) fn websocket(bench: &Bench<'_>) -> Result<Table, Failure> {
    let sizes = [1024, 16];
    let mut table = table(
        WEBSOCKET,
        "system calls per round trip, WebSocket echo of a binary message, 64 connections".into(),
        sizes.iter().map(|size| column(&format!("{size} B"), 3, LIMIT)).collect(),
    );
    let talks = sizes.map(Talk::websocket);
    table.commands.extend(talks.map(|talk| difference("64", talk, LENGTHS)));
    for contender in WEBSOCKETS {
        let cells = talks.iter().map(|talk| {
            let calls = further(bench, &mut table, contender, Load::of(64, *talk))?;
            Ok(Cell::Number(each(&calls)))
        });
        let cells = cells.collect();
        table.add(contender.label, cells);
    }
    Ok(table)
}

fn table(figure: &'static str, title: String, columns: Vec<Column>) -> Table {
    let commands = vec!["strace -c -f SERVER --listen 127.0.0.1:0".to_owned()];
    Table { figure, title, commands, columns, rows: Vec::new(), notes: Vec::new() }
}

fn column(heading: &str, decimals: usize, limit: f64) -> Column {
    Column { heading: heading.to_owned(), decimals, target: Target::AtMost(limit) }
}

/// What the longer run called more often, which is also noted.
fn further(
    bench: &Bench<'_>,
    table: &mut Table,
    contender: Contender,
    load: Load,
) -> Result<BTreeMap<String, f64>, Failure> {
    let what = format!("{} connections, {} B", load.connections, load.talk.size());
    progress(table.figure, contender, &what);
    let calls = bench.further_calls(contender, None, load, LENGTHS)?;
    table.notes.push(format!("{}, {} B: {}", contender.label, load.talk.size(), frequent(&calls)));
    Ok(calls)
}

/// All calls of a round trip.
fn each(calls: &BTreeMap<String, f64>) -> f64 {
    calls.values().sum::<f64>() / LENGTHS.further()
}

/// The calls that round trips are made of; the others differ by one or two from run to run.
fn frequent(calls: &BTreeMap<String, f64>) -> String {
    let each = calls.iter().map(|(name, calls)| (name, calls / LENGTHS.further()));
    let frequent = each.filter(|(_, calls)| *calls >= 0.01);
    let texts: Vec<String> = frequent.map(|(name, calls)| format!("{name} {calls:.3}")).collect();
    texts.join(", ")
}
