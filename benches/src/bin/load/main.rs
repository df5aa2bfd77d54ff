//! The load generator: round trips over many connections, on one thread.
//!
//! A closed loop, where each connection begins as soon as it has an answer, or an open loop, where
//! units begin by a schedule that waits for nobody. Connections are opened in waves, each with one
//! round trip before the next wave, so that no backlog overflows; those first round trips count,
//! but are not timed.
//!
//! With `--fresh`, each unit has a connection of its own, and its latency begins with connecting.
//! Where the server ends that connection, as HTTP's `connection: close` asks for, the next unit
//! waits for this end. Otherwise this side ends it, by a reset: a connection that is closed in
//! order keeps its port for a minute, and the system has 28,000 of them.

mod chunks;
mod client;
mod connection;
mod exchange;
mod http;
mod long;
mod offer;
mod options;
mod pace;
mod schedule;
mod websocket;
mod wire;

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use readily_benches::cli;
use readily_benches::driver::HOLDING;
use readily_benches::failure::Failure;
use signal_hook::consts::SIGTERM;

use crate::client::Client;
use crate::options::{After, Form, Options};

fn main() -> ExitCode {
    cli::run(options::USAGE, options::parse, work)
}

fn work(options: Options) -> Result<(), Failure> {
    let mut client = Client::open(options.plan)?;
    let summary = client.run()?;
    match options.form {
        Form::Text => println!("{summary}"),
        Form::Json => println!("{}", summary.to_json()?),
    }
    if options.after == After::Hold {
        let (terminate, on_signal) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(SIGTERM, on_signal)?;
        println!("{HOLDING}");
        std::io::stdout().flush()?;
        client.hold(&terminate)?;
    }
    Ok(())
}
