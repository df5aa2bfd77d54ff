//! User-space instructions of the servers, for each round trip.

use readily_benches::bench::{Bench, Lengths, MESSAGE};
use readily_benches::catalogue::{ECHOES, HTTP, WEBSOCKETS};
use readily_benches::contender::Contender;
use readily_benches::driver::Load;
use readily_benches::failure::Failure;
use readily_benches::table::{Cell, Column, Table, Target};
use readily_benches::talk::{Get, Request, Talk};

use crate::wording::{difference, progress};

pub(crate) const ECHO: &str = "echo-instructions";
pub(crate) const HTTP_GET: &str = "http-instructions";
pub(crate) const WEBSOCKET: &str = "ws-instructions";

const BROWSER: Talk = Talk::Http(Get::kept(Request::Browser));
const SHORT: Talk = Talk::Http(Get::kept(Request::Short));

/// What is counted, of which servers.
struct Subject {
    figure: &'static str,
    title: &'static str,
    contenders: &'static [Contender],
    /// Short, because valgrind is slow; counts do not need more.
    lengths: Lengths,
    readings: &'static [Reading],
}

/// One column.
struct Reading {
    heading: &'static str,
    connections: u64,
    talk: Talk,
    /// The most instructions.
    limit: f64,
}

pub(crate) fn echo(bench: &Bench<'_>) -> Result<Table, Failure> {
    let subject = Subject {
        figure: ECHO,
        title: "user-space instructions per round trip, echo of 1024 B",
        contenders: &ECHOES,
        lengths: Lengths { short: 2_000, long: 12_000 },
        readings: &[
            Reading { heading: "64 connections", connections: 64, talk: MESSAGE, limit: 350.0 },
            Reading { heading: "1 connection", connections: 1, talk: MESSAGE, limit: 600.0 },
        ],
    };
    take(bench, &subject)
}

pub(crate) fn http(bench: &Bench<'_>) -> Result<Table, Failure> {
    let subject = Subject {
        figure: HTTP_GET,
        title: "user-space instructions per request, GET on 64 connections that stay",
        contenders: &HTTP,
        lengths: Lengths { short: 2_000, long: 12_000 },
        readings: &[
            Reading {
                heading: "a browser's 9 headers",
                connections: 64,
                talk: BROWSER,
                limit: 2_200.0,
            },
            Reading {
                heading: "the first 3 of them",
                connections: 64,
                talk: SHORT,
                limit: 2_200.0,
            },
        ],
    };
    take(bench, &subject)
}

pub(crate) fn websocket(bench: &Bench<'_>) -> Result<Table, Failure> {
    let subject = Subject {
        figure: WEBSOCKET,
        title: "user-space instructions per round trip, WebSocket echo of a binary message of \
                1024 B",
        contenders: &WEBSOCKETS,
        lengths: Lengths { short: 1_000, long: 6_000 },
        readings: &[Reading {
            heading: "64 connections",
            connections: 64,
            talk: Talk::WebSocket { size: 1024 },
            limit: 1_500.0,
        }],
    };
    take(bench, &subject)
}

fn take(bench: &Bench<'_>, subject: &Subject) -> Result<Table, Failure> {
    let column = |reading: &Reading| Column {
        heading: reading.heading.to_owned(),
        decimals: 1,
        target: Target::AtMost(reading.limit),
    };
    let mut table = Table {
        figure: subject.figure,
        title: subject.title.to_owned(),
        commands: vec!["valgrind --tool=callgrind SERVER --listen 127.0.0.1:0".to_owned()],
        columns: subject.readings.iter().map(column).collect(),
        rows: Vec::new(),
        notes: Vec::new(),
    };
    table.commands.extend(subject.readings.iter().map(|reading| {
        difference(&reading.connections.to_string(), reading.talk, subject.lengths)
    }));
    for contender in subject.contenders {
        let cells = subject.readings.iter().map(|reading| {
            progress(subject.figure, *contender, reading.heading);
            let &Reading { connections, talk, .. } = reading;
            let load = Load::of(connections, talk);
            bench
                .instructions_per_round_trip(*contender, None, load, subject.lengths)
                .map(Cell::Number)
        });
        table.add(contender.label, cells.collect());
    }
    Ok(table)
}
