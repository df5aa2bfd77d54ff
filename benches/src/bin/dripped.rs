//! What a head costs that comes in pieces, in memory: nothing but the server's own work is counted.

use std::process::ExitCode;
use std::str::FromStr;
use std::time::Instant;

use readily::Machine;
use readily::http1::wire::{Event, ServerSide};
use readily::http1::{Limits, Server, Starts};
use readily_benches::cli::{self, Arguments, BadArgument};
use readily_benches::drip;
use readily_benches::failure::Failure;
use readily_benches::line::Line;
use readily_benches::site::Site;

const USAGE: &str = "dripped --head BYTES --piece BYTES --heads N [--level wire|server]";

struct Options {
    /// The size of the head.
    head: usize,
    /// The size of each piece of it.
    piece: usize,
    /// How often it comes.
    heads: u32,
    level: Level,
}

/// What is shown the head.
#[derive(Clone, Copy)]
enum Level {
    /// The connection object alone, which answers nothing.
    Wire,
    /// A machine as a loop drives it, which answers by its router.
    Server,
}

#[derive(Machine)]
enum Conn {
    Http(Server<Site>),
}

fn main() -> ExitCode {
    cli::run(USAGE, parse, work)
}

fn parse(arguments: &mut Arguments) -> Result<Options, BadArgument> {
    let options = Options {
        head: arguments.required("--head")?,
        piece: arguments.required("--piece")?,
        heads: arguments.required("--heads")?,
        level: arguments.option("--level")?.unwrap_or(Level::Server),
    };
    if !(drip::LEAST..=Limits::HEAD).contains(&options.head) {
        let rule = format!("--head is {} to {}", drip::LEAST, Limits::HEAD);
        return Err(BadArgument(rule));
    }
    if options.piece == 0 || options.heads == 0 {
        return Err(BadArgument("--piece and --heads are at least 1".to_owned()));
    }
    Ok(options)
}

fn work(options: Options) -> Result<(), Failure> {
    let Options { head, piece, heads, level } = options;
    let bytes = drip::head(head);
    let began = Instant::now();
    match level {
        Level::Wire => (0..heads).try_for_each(|_| receive(&bytes, piece))?,
        Level::Server => {
            let mut line = Line::new(Conn::Http(Server::new(Site)));
            (0..heads).try_for_each(|_| answer(&mut line, &bytes, piece))?;
        }
    }
    let each = began.elapsed().as_nanos() as f64 / f64::from(heads);
    println!("{heads} heads of {head} bytes in pieces of {piece}: {each:.0} ns for each");
    Ok(())
}

/// Shows all that has come after each piece, as a loop does that keeps it in one buffer.
fn receive(bytes: &[u8], piece: usize) -> Result<(), Failure> {
    let (mut http, mut starts) = (ServerSide::new(), Starts::new());
    let mut there = 0;
    while there < bytes.len() {
        there = bytes.len().min(there + piece);
        let received = http.receive(&bytes[..there], &Limits::DEFAULT, &mut starts);
        let received = received.map_err(|refusal| Failure::failed(refusal.reason()))?;
        let is_whole = matches!(received.event, Event::Request(_)) && received.used == bytes.len();
        if is_whole != (there == bytes.len()) {
            return Err(Failure::failed(format!("a request after {there} bytes: {is_whole}")));
        }
    }
    Ok(())
}

fn answer(line: &mut Line<Conn>, bytes: &[u8], piece: usize) -> Result<(), Failure> {
    let mut pieces = bytes.chunks(piece).rev();
    let last = pieces.next().unwrap_or_default();
    let early: usize = pieces.rev().map(|piece| line.part(piece)).sum();
    match (early, line.part(last)) {
        (0, 1..) => Ok(()),
        (early, late) => Err(Failure::failed(format!("{early} bytes early, {late} at the end"))),
    }
}

impl FromStr for Level {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "wire" => Ok(Self::Wire),
            "server" => Ok(Self::Server),
            _ => Err("wire or server is expected"),
        }
    }
}
