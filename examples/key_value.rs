//! A key-value store over lines: its protocol and states are in `src/key_value/`.

use std::process::ExitCode;

use readily::{Address, Reactor};
use readily_examples::key_value::{Conn, Store};
use readily_examples::{Cli, Failure, listening, say, trace};

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read(
        "Keeps values by key, and tells subscribers of changes.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7003]"),
            ("--password", "WORD", "what AUTH must say [sesame]"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7003")?;
    let password: String = cli.parse("--password", "sesame")?;
    let mut reactor = Reactor::new(Store::new(password))?;
    trace(&cli, &mut reactor);
    let bound = listening(&at, reactor.listen(&at, |_, _| Some(Conn::new())))?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    say(reactor.app());
    Ok(())
}
