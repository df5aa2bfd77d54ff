//! What a head costs that comes byte by byte, beside the same head in one piece.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use readily_benches::bench::Bench;
use readily_benches::callgrind;
use readily_benches::catalogue::READILY_HTTP;
use readily_benches::drip;
use readily_benches::failure::Failure;
use readily_benches::process::{self, Process};
use readily_benches::server::{Server, Under};
use readily_benches::table::{Cell, Column, SUBJECT, Table, Target};

use crate::wording::progress;

pub(crate) const DRIPPED: &str = "http-dripped";
pub(crate) const DRIPPED_SOCKET: &str = "http-dripped-socket";

/// As large as a head may be.
const HEAD: usize = 16 * 1024;
/// A quarter of it: what is linear costs a quarter, what is quadratic a sixteenth.
const QUARTER: usize = HEAD / 4;
/// Heads of the two runs whose difference counts.
const HEADS: [u32; 2] = [2, 12];
/// Heads of one reading over a socket.
const SENT: u32 = 20;
const LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn dripped(bench: &Bench<'_>) -> Result<Table, Failure> {
    let column =
        |heading: &str, decimals, target| Column { heading: heading.to_owned(), decimals, target };
    let mut table = Table {
        figure: DRIPPED,
        title: format!("user-space instructions of a head of {HEAD} B, in memory"),
        commands: vec![format!(
            "valgrind --tool=callgrind dripped --head {HEAD} --piece {HEAD}|1 --heads {} and {} \
             (the difference counts)",
            HEADS[0], HEADS[1]
        )],
        columns: vec![
            column("in one piece", 0, Target::Open),
            column("byte by byte", 0, Target::Open),
            column("ratio", 2, Target::AtMost(3.0)),
            column("for each byte", 1, Target::Open),
            column("for each byte of a quarter of it", 1, Target::Open),
        ],
        rows: Vec::new(),
        notes: vec![format!(
            "A byte costs the same in a head of {HEAD} B as in one of {QUARTER} B where the whole \
             is linear; it would cost four times as much where it is quadratic."
        )],
    };
    for (label, level) in [(SUBJECT, "server"), ("the connection object alone", "wire")] {
        let cells = || -> Result<Vec<Cell>, Failure> {
            progress(DRIPPED, READILY_HTTP, level);
            let whole = instructions(bench, level, HEAD, HEAD)?;
            let bytes = instructions(bench, level, HEAD, 1)?;
            let quarter = instructions(bench, level, QUARTER, 1)?;
            let each = [bytes / HEAD as f64, quarter / QUARTER as f64];
            Ok([whole, bytes, bytes / whole, each[0], each[1]].map(Cell::Number).to_vec())
        };
        table.add(label, cells());
    }
    Ok(table)
}

/// Of one head.
fn instructions(bench: &Bench<'_>, level: &str, head: usize, piece: usize) -> Result<f64, Failure> {
    let program = bench.programs.binary("dripped")?;
    let run = |heads: u32| -> Result<u64, Failure> {
        let out = bench.scratch.path("callgrind");
        let mut command: Command = callgrind::command(&program, &out)?;
        let words = format!("--level {level} --head {head} --piece {piece} --heads {heads}");
        command.args(words.split_whitespace());
        Process::start("dripped", &mut command, bench.scratch)?.succeed_within(LIMIT)?;
        callgrind::instructions(&out)
    };
    let [few, many] = HEADS;
    Ok((run(many)? as f64 - run(few)? as f64) / f64::from(many - few))
}

/// The same through the loop and the kernel, for information.
pub(crate) fn over_a_socket(bench: &Bench<'_>) -> Result<Table, Failure> {
    let column =
        |heading: &str| Column { heading: heading.to_owned(), decimals: 3, target: Target::Open };
    let mut table = Table {
        figure: DRIPPED_SOCKET,
        title: format!(
            "CPU time of the server in ms for a head of {HEAD} B, {SENT} heads on one connection"
        ),
        commands: vec![READILY_HTTP.command()],
        columns: vec![column("in one write"), column("in a write for each byte")],
        rows: Vec::new(),
        notes: vec![
            "What is written is not read one by one where the server is slower than its client."
                .to_owned(),
        ],
    };
    let cells = || -> Result<Vec<Cell>, Failure> {
        progress(DRIPPED_SOCKET, READILY_HTTP, "one piece, then byte by byte");
        let mut server = bench.start(READILY_HTTP, None, &Under::Nothing)?;
        let cells = [HEAD, 1].map(|piece| send(&mut server, piece).map(Cell::Number));
        server.stop()?;
        cells.into_iter().collect()
    };
    table.add(SUBJECT, cells());
    Ok(table)
}

/// Milliseconds of the server for a head.
fn send(server: &mut Server, piece: usize) -> Result<f64, Failure> {
    let mut stream = TcpStream::connect(server.address())?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LIMIT))?;
    let (head, mut answer) = (drip::head(HEAD), [0; 4096]);
    let before = process::cpu_time(server.pid())?;
    for _ in 0..SENT {
        for part in head.chunks(piece) {
            stream.write_all(part)?;
        }
        // A small answer comes in one piece.
        let n = stream.read(&mut answer)?;
        if !answer[..n].starts_with(b"HTTP/1.1 200 ") {
            let text = String::from_utf8_lossy(&answer[..n.min(64)]).into_owned();
            return Err(Failure::failed(format!("a dripped head was answered {text:?}")));
        }
    }
    let used = process::cpu_time(server.pid())?.saturating_sub(before);
    Ok(used.as_secs_f64() * 1e3 / f64::from(SENT))
}
