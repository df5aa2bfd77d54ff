//! Answers every request with what it was: its body as it comes, or its head where it has none. Its
//! service is in `src/http_echo.rs`.

use std::process::ExitCode;

use readily::{Address, Reactor};
use readily_examples::http_echo::{All, Conn, Echoed};
use readily_examples::{Cli, Failure, Served, listening, say, trace};

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read(
        "Answers every request with its body as it comes, or with its head.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7005]"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7005")?;
    let mut reactor = Reactor::new(All::default())?;
    trace(&cli, &mut reactor);
    let listened = reactor.listen(&at, |_, _| Some(Conn::new()));
    let bound = listening(&at, listened)?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    let All(Echoed { requests, bytes }) = reactor.app();
    say(format_args!("requests {requests}, bytes of bodies {bytes}"));
    say(Served(&reactor));
    Ok(())
}
