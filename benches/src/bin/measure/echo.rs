//! The echo server's figures that are counted: instructions, memory, system calls.

use std::collections::BTreeMap;

use readily_benches::contender::{Contender, ECHOES};
use readily_benches::driver::Load;
use readily_benches::failure::Failure;
use readily_benches::process;
use readily_benches::server::Under;
use readily_benches::table::{Cell, Column, Table, Target};

use crate::bench::{Bench, Lengths, progress};

pub(crate) const INSTRUCTIONS: &str = "echo-instructions";
pub(crate) const MEMORY: &str = "echo-memory";
pub(crate) const SYSCALLS: &str = "echo-syscalls";

pub(crate) const MESSAGE: u64 = 1024;
/// As many as fit beside a client within 20,000 descriptors.
pub(crate) const MANY: u64 = 15_000;

/// Short, because valgrind is slow; counts do not need more.
const LENGTHS: Lengths = Lengths { short: 2_000, long: 12_000 };

const CALLGRIND: &str = "valgrind --tool=callgrind SERVER --listen 127.0.0.1:0";

pub(crate) fn instructions(bench: &Bench<'_>) -> Result<Table, Failure> {
    let columns = [(64, "64 connections", 350.0), (1, "1 connection", 600.0)];
    let mut table = Table {
        figure: INSTRUCTIONS,
        title: format!("user-space instructions per round trip, echo of {MESSAGE} B"),
        commands: vec![CALLGRIND.to_owned(), load_command("64 and 1")],
        columns: columns
            .map(|(_, heading, limit)| Column {
                heading: heading.to_owned(),
                decimals: 1,
                target: Target::AtMost(limit),
            })
            .into(),
        rows: Vec::new(),
        notes: Vec::new(),
    };
    for contender in ECHOES {
        let readings = columns.iter().map(|(connections, heading, _)| {
            progress(INSTRUCTIONS, contender, heading);
            let load = Load { connections: *connections, size: MESSAGE, requests: 0 };
            bench.instructions_per_round_trip(contender, None, load, LENGTHS).map(Cell::Number)
        });
        table.add(contender.label(), readings.collect());
    }
    Ok(table)
}

pub(crate) fn memory(bench: &Bench<'_>) -> Result<Table, Failure> {
    let mut table = Table {
        figure: MEMORY,
        title: format!(
            "bytes per connection: RSS with {MANY} connections, after one round trip of \
             {MESSAGE} B each, less RSS before"
        ),
        commands: vec![
            "SERVER --listen 127.0.0.1:0".to_owned(),
            format!(
                "load --connect ADDR --connections 0 --idle {MANY} --size {MESSAGE} --requests 0 \
                 --hold"
            ),
        ],
        columns: vec![Column {
            heading: "bytes".to_owned(),
            decimals: 0,
            target: Target::AtMost(160.0),
        }],
        rows: Vec::new(),
        notes: Vec::new(),
    };
    for contender in ECHOES {
        progress(MEMORY, contender, &format!("{MANY} connections"));
        let bytes = bytes_per_connection(bench, contender);
        table.add(contender.label(), bytes.map(|bytes| vec![Cell::Number(bytes)]));
    }
    Ok(table)
}

fn bytes_per_connection(bench: &Bench<'_>, contender: Contender) -> Result<f64, Failure> {
    let mut server = bench.start(contender, None, &Under::Nothing)?;
    let before = process::resident_bytes(server.pid())?;
    let held = bench.driver.hold(&mut server, MANY, MESSAGE)?;
    let after = process::resident_bytes(server.pid())?;
    held.release(&mut server)?;
    server.stop()?;
    Ok((after as f64 - before as f64) / MANY as f64)
}

pub(crate) fn syscalls(bench: &Bench<'_>) -> Result<Table, Failure> {
    let column = |heading: &str, decimals, limit| Column {
        heading: heading.to_owned(),
        decimals,
        target: Target::AtMost(limit),
    };
    let mut table = Table {
        figure: SYSCALLS,
        title: format!("system calls per round trip, echo of {MESSAGE} B, 16 connections"),
        commands: vec!["strace -c -f SERVER --listen 127.0.0.1:0".to_owned(), load_command("16")],
        // A single further `epoll_ctl` is one too many, so those are not divided.
        columns: vec![column("all", 3, 2.1), column("epoll_ctl, further calls in all", 0, 0.0)],
        rows: Vec::new(),
        notes: Vec::new(),
    };
    for contender in ECHOES {
        progress(SYSCALLS, contender, "16 connections");
        let load = Load { connections: 16, size: MESSAGE, requests: 0 };
        let calls = bench.further_calls(contender, load, LENGTHS);
        if let Ok(calls) = &calls {
            table.notes.push(format!("{}: {}", contender.label(), frequent(calls)));
        }
        table.add(
            contender.label(),
            calls.map(|calls| {
                let control = calls.get("epoll_ctl").copied().unwrap_or_default();
                let all = calls.values().sum::<f64>() / LENGTHS.further();
                vec![Cell::Number(all), Cell::Number(control)]
            }),
        );
    }
    Ok(table)
}

/// The calls that round trips are made of; the others differ by one or two from run to run.
fn frequent(calls: &BTreeMap<String, f64>) -> String {
    let each = calls.iter().map(|(name, calls)| (name, calls / LENGTHS.further()));
    let frequent = each.filter(|(_, calls)| *calls >= 0.01);
    let texts: Vec<String> = frequent.map(|(name, calls)| format!("{name} {calls:.3}")).collect();
    texts.join(", ")
}

fn load_command(connections: &str) -> String {
    format!(
        "load --connect ADDR --connections {connections} --size {MESSAGE} --requests {} and {} \
         (the difference counts)",
        LENGTHS.short, LENGTHS.long
    )
}
