//! User-space instructions of the servers, for each round trip.

use readily_benches::bench::{Bench, Lengths, MESSAGE};
use readily_benches::catalogue::{
    ECHOES, FASTWEBSOCKETS, HTTP, TUNGSTENITE_TUNED, WEBSOCKETS, WS_ECHO_DEFLATE,
};
use readily_benches::contender::Contender;
use readily_benches::driver::Load;
use readily_benches::failure::Failure;
use readily_benches::table::{Cell, Column, Table, Target};
use readily_benches::talk::{Compression, Get, Request, Talk};

use crate::wording::{difference, progress};

pub(crate) const ECHO: &str = "echo-instructions";
pub(crate) const HTTP_GET: &str = "http-instructions";
pub(crate) const WEBSOCKET: &str = "ws-instructions";
pub(crate) const DEFLATE: &str = "ws-deflate-instructions";

const BROWSER: Talk = Talk::Http(Get::kept(Request::Browser));
const SHORT: Talk = Talk::Http(Get::kept(Request::Short));

const WEBSOCKET_LENGTHS: Lengths = Lengths { short: 1_000, long: 6_000 };

/// What is counted, of which servers.
struct Subject<'a> {
    figure: &'static str,
    title: &'static str,
    contenders: &'static [Contender],
    /// Short, because valgrind is slow; counts do not need more.
    lengths: Lengths,
    readings: &'a [Reading],
}

/// One column.
struct Reading {
    heading: &'static str,
    connections: u64,
    talk: Talk,
    target: Target,
}

pub(crate) fn echo(bench: &Bench<'_>) -> Result<Table, Failure> {
    let subject = Subject {
        figure: ECHO,
        title: "user-space instructions per round trip, echo of 1024 B",
        contenders: &ECHOES,
        lengths: Lengths { short: 2_000, long: 12_000 },
        readings: &[
            Reading {
                heading: "64 connections",
                connections: 64,
                talk: MESSAGE,
                target: Target::AtMost(350.0),
            },
            Reading {
                heading: "1 connection",
                connections: 1,
                talk: MESSAGE,
                target: Target::AtMost(600.0),
            },
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
                target: Target::AtMost(2_200.0),
            },
            Reading {
                heading: "the first 3 of them",
                connections: 64,
                talk: SHORT,
                target: Target::AtMost(2_200.0),
            },
        ],
    };
    take(bench, &subject)
}

pub(crate) fn websocket(bench: &Bench<'_>) -> Result<Table, Failure> {
    let reading = |heading, size, most| Reading {
        heading,
        connections: 64,
        talk: Talk::websocket(size),
        target: half_of_the_others(most),
    };
    let subject = Subject {
        figure: WEBSOCKET,
        title: "user-space instructions per round trip, WebSocket echo of a binary message, 64 \
                connections",
        contenders: &WEBSOCKETS,
        lengths: WEBSOCKET_LENGTHS,
        readings: &[reading("1024 B", 1024, 1_200.0), reading("16 B", 16, 600.0)],
    };
    take(bench, &subject)
}

/// tokio-tungstenite as it comes clears 128 KiB for each read: it is no yardstick.
const fn half_of_the_others(most: f64) -> Target {
    const OF: &[&str] = &[FASTWEBSOCKETS.label, TUNGSTENITE_TUNED.label];
    Target::Within { most, share: 0.5, of: OF }
}

/// Of nobody else: the crates at hand have no compression.
pub(crate) fn deflate(bench: &Bench<'_>) -> Result<Table, Failure> {
    let subject = Subject {
        figure: DEFLATE,
        title: "user-space instructions per round trip, WebSocket echo of words that come and go \
                compressed without context, 64 connections",
        contenders: &[WS_ECHO_DEFLATE],
        lengths: WEBSOCKET_LENGTHS,
        readings: &[Reading {
            heading: "1024 B",
            connections: 64,
            talk: Talk::WebSocket { size: 1024, compression: Compression::On },
            target: Target::Open,
        }],
    };
    take(bench, &subject)
}

fn take(bench: &Bench<'_>, subject: &Subject<'_>) -> Result<Table, Failure> {
    let column = |reading: &Reading| Column {
        heading: reading.heading.to_owned(),
        decimals: 1,
        target: reading.target,
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
