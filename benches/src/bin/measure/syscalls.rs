//! System calls of the echo servers.

use std::collections::BTreeMap;

use readily_benches::bench::{Bench, Lengths, MESSAGE};
use readily_benches::catalogue::ECHOES;
use readily_benches::driver::Load;
use readily_benches::failure::Failure;
use readily_benches::table::{Cell, Column, Table, Target};

use crate::wording::{difference, progress};

pub(crate) const ECHO: &str = "echo-syscalls";

/// Short, because strace is slow; counts do not need more.
const LENGTHS: Lengths = Lengths { short: 2_000, long: 12_000 };

pub(crate) fn echo(bench: &Bench<'_>) -> Result<Table, Failure> {
    let column = |heading: &str, decimals, limit| Column {
        heading: heading.to_owned(),
        decimals,
        target: Target::AtMost(limit),
    };
    let mut table = Table {
        figure: ECHO,
        title: format!("system calls per round trip, echo of {} B, 16 connections", MESSAGE.size()),
        commands: vec![
            "strace -c -f SERVER --listen 127.0.0.1:0".to_owned(),
            difference("16", MESSAGE, LENGTHS),
        ],
        // A single further `epoll_ctl` is one too many, so those are not divided.
        columns: vec![column("all", 3, 2.1), column("epoll_ctl, further calls in all", 0, 0.0)],
        rows: Vec::new(),
        notes: Vec::new(),
    };
    for contender in ECHOES {
        progress(ECHO, contender, "16 connections");
        let load = Load::of(16, MESSAGE);
        let calls = bench.further_calls(contender, None, load, LENGTHS);
        if let Ok(calls) = &calls {
            table.notes.push(format!("{}: {}", contender.label, frequent(calls)));
        }
        table.add(
            contender.label,
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
