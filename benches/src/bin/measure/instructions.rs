//! User-space instructions of the servers, for each round trip.

use readily_benches::contender::{Contender, ECHOES, HTTP, WEBSOCKETS};
use readily_benches::driver::Load;
use readily_benches::failure::Failure;
use readily_benches::table::{Cell, Column, Table, Target};
use readily_benches::talk::Talk;

use crate::bench::{Bench, Lengths, MESSAGE, difference, progress};

pub(crate) const ECHO: &str = "echo-instructions";
pub(crate) const HTTP_GET: &str = "http-instructions";
pub(crate) const WEBSOCKET: &str = "ws-instructions";

/// What is counted, of which servers.
struct Subject {
    figure: &'static str,
    what: &'static str,
    contenders: &'static [Contender],
    talk: Talk,
    /// Short, because valgrind is slow; counts do not need more.
    lengths: Lengths,
    /// Connections, and the most instructions.
    columns: &'static [(u64, f64)],
}

pub(crate) fn echo(bench: &Bench<'_>) -> Result<Table, Failure> {
    take(
        bench,
        &Subject {
            figure: ECHO,
            what: "round trip, echo of 1024 B",
            contenders: &ECHOES,
            talk: MESSAGE,
            lengths: Lengths { short: 2_000, long: 12_000 },
            columns: &[(64, 350.0), (1, 600.0)],
        },
    )
}

pub(crate) fn http(bench: &Bench<'_>) -> Result<Table, Failure> {
    take(
        bench,
        &Subject {
            figure: HTTP_GET,
            what: "request, a browser's GET on connections that stay",
            contenders: &HTTP,
            talk: Talk::Http,
            lengths: Lengths { short: 2_000, long: 12_000 },
            columns: &[(64, 2_200.0)],
        },
    )
}

pub(crate) fn websocket(bench: &Bench<'_>) -> Result<Table, Failure> {
    take(
        bench,
        &Subject {
            figure: WEBSOCKET,
            what: "round trip, WebSocket echo of a binary message of 1024 B",
            contenders: &WEBSOCKETS,
            talk: Talk::WebSocket { size: 1024 },
            lengths: Lengths { short: 1_000, long: 6_000 },
            columns: &[(64, 1_500.0)],
        },
    )
}

fn take(bench: &Bench<'_>, subject: &Subject) -> Result<Table, Failure> {
    let column = |(connections, limit): &(u64, f64)| Column {
        heading: format!("{connections} connection{}", if *connections == 1 { "" } else { "s" }),
        decimals: 1,
        target: Target::AtMost(*limit),
    };
    let counts: Vec<String> = subject.columns.iter().map(|(count, _)| count.to_string()).collect();
    let mut table = Table {
        figure: subject.figure,
        title: format!("user-space instructions per {}", subject.what),
        commands: vec![
            "valgrind --tool=callgrind SERVER --listen 127.0.0.1:0".to_owned(),
            difference(&counts.join(" and "), subject.talk, subject.lengths),
        ],
        columns: subject.columns.iter().map(column).collect(),
        rows: Vec::new(),
        notes: Vec::new(),
    };
    for contender in subject.contenders {
        let readings =
            subject.columns.iter().zip(&table.columns).map(|((connections, _), column)| {
                progress(subject.figure, *contender, &column.heading);
                let load = Load { connections: *connections, talk: subject.talk, requests: 0 };
                bench
                    .instructions_per_round_trip(*contender, None, load, subject.lengths)
                    .map(Cell::Number)
            });
        let readings = readings.collect();
        table.add(contender.label(), readings);
    }
    Ok(table)
}
