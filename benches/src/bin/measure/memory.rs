//! Memory of the servers, for each connection that has had one round trip and is idle.

use std::process::Command;
use std::time::Duration;

use readily_benches::bench::{Bench, MANY, MESSAGE, hold};
use readily_benches::catalogue::{ECHOES, HTTP, TLS, WEBSOCKETS, WS_ECHO_DEFLATE};
use readily_benches::contender::{Contender, Security};
use readily_benches::failure::Failure;
use readily_benches::process::{self, Process};
use readily_benches::server::Under;
use readily_benches::table::{Cell, Column, Table, Target};
use readily_benches::talk::{Compression, Get, Request, Talk};

use crate::wording::progress;

pub(crate) const ECHO: &str = "echo-memory";
pub(crate) const HTTP_IDLE: &str = "http-memory";
pub(crate) const WEBSOCKET: &str = "ws-memory";
pub(crate) const DEFLATE: &str = "ws-deflate-memory";
pub(crate) const TLS_ECHO: &str = "tls-memory";

/// The rows of what rustls keeps by itself, and the settings that `tls_floor` is told.
const FLOORS: [(&str, &str); 2] =
    [("rustls alone, its defaults", "rustls"), ("rustls alone, as Readily has it", "readily")];
const FLOOR_LIMIT: Duration = Duration::from_secs(120);

/// What is held open, at which servers.
struct Subject {
    figure: &'static str,
    what: &'static str,
    contenders: &'static [Contender],
    talk: Talk,
    /// The most bytes of a connection.
    limit: f64,
}

pub(crate) fn echo(bench: &Bench<'_>) -> Result<Table, Failure> {
    let what = "round trip of 1024 B";
    take(bench, &Subject { figure: ECHO, what, contenders: &ECHOES, talk: MESSAGE, limit: 160.0 })
}

pub(crate) fn http(bench: &Bench<'_>) -> Result<Table, Failure> {
    take(
        bench,
        &Subject {
            figure: HTTP_IDLE,
            what: "request of a browser",
            contenders: &HTTP,
            talk: Talk::Http(Get::kept(Request::Browser)),
            limit: 256.0,
        },
    )
}

pub(crate) fn websocket(bench: &Bench<'_>) -> Result<Table, Failure> {
    take(
        bench,
        &Subject {
            figure: WEBSOCKET,
            what: "WebSocket message of 1024 B, echoed,",
            contenders: &WEBSOCKETS,
            talk: Talk::websocket(1024),
            limit: 512.0,
        },
    )
}

/// Of nobody else: the crates at hand have no compression.
pub(crate) fn deflate(bench: &Bench<'_>) -> Result<Table, Failure> {
    take(
        bench,
        &Subject {
            figure: DEFLATE,
            what: "WebSocket message of 1024 B, compressed without context and echoed so,",
            contenders: &[WS_ECHO_DEFLATE],
            talk: Talk::WebSocket { size: 1024, compression: Compression::On },
            limit: 512.0,
        },
    )
}

pub(crate) fn tls(bench: &Bench<'_>) -> Result<Table, Failure> {
    let mut table = take(
        bench,
        &Subject {
            figure: TLS_ECHO,
            what: "TLS 1.3 handshake and one round trip of 1024 B",
            contenders: &TLS,
            talk: MESSAGE,
            limit: 24.0 * 1024.0,
        },
    )?;
    for (label, settings) in FLOORS {
        eprintln!("{TLS_ECHO}: {label}: {MANY} connections");
        let words = format!("--connections {MANY} --size {} --settings {settings}", MESSAGE.size());
        table.commands.push(format!("tls_floor {words}"));
        table.add(label, floor(bench, &words).map(|bytes| vec![Cell::Number(bytes)]));
    }
    Ok(table)
}

/// What rustls itself keeps for the same.
fn floor(bench: &Bench<'_>, words: &str) -> Result<f64, Failure> {
    let mut command = Command::new(bench.programs.binary("tls_floor")?);
    command.args(words.split_whitespace());
    let mut process = Process::start("tls_floor", &mut command, bench.scratch)?;
    let line = process.line_within(FLOOR_LIMIT)?;
    process.succeed_within(FLOOR_LIMIT)?;
    line.parse().map_err(|_| Failure::failed(format!("tls_floor said {line:?}")))
}

fn take(bench: &Bench<'_>, subject: &Subject) -> Result<Table, Failure> {
    let secured = subject.contenders.iter().any(|one| one.security == Security::Certificate);
    let (saves, trusts) = if secured { (" --cert-out FILE", " --trust FILE") } else { ("", "") };
    let mut table = Table {
        figure: subject.figure,
        title: format!(
            "bytes per connection: RSS with {MANY} connections, after one {} each, less RSS before",
            subject.what
        ),
        commands: vec![
            format!("SERVER --listen 127.0.0.1:0{saves}"),
            format!(
                "load --connect ADDR{trusts} --connections 0 --idle {MANY} {} --requests 0 --hold",
                subject.talk
            ),
        ],
        columns: vec![Column {
            heading: "bytes".to_owned(),
            decimals: 0,
            target: Target::AtMost(subject.limit),
        }],
        rows: Vec::new(),
        notes: Vec::new(),
    };
    for contender in subject.contenders {
        progress(subject.figure, *contender, &format!("{MANY} connections"));
        let bytes = bytes_per_connection(bench, *contender, subject.talk);
        table.add(contender.label, bytes.map(|bytes| vec![Cell::Number(bytes)]));
    }
    Ok(table)
}

fn bytes_per_connection(
    bench: &Bench<'_>,
    contender: Contender,
    talk: Talk,
) -> Result<f64, Failure> {
    let mut server = bench.start(contender, None, &Under::Nothing)?;
    let before = process::resident_bytes(server.pid())?;
    let held = bench.driver("load")?.hold(&mut server, &hold(MANY, talk))?;
    let after = process::resident_bytes(server.pid())?;
    held.release(&mut server)?;
    server.stop()?;
    Ok((after as f64 - before as f64) / MANY as f64)
}
