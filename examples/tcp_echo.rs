//! Sends back what arrives, over TCP or a Unix socket, on one loop or several.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::OnceLock;

use readily::echo::Echo;
use readily::{Address, Alone, Fleet, Listen, Machine, PortSharing, Reactor, Reservation, Seat};
use readily_examples::{Cli, Failure, Usage, listening, say};

/// A connection is only ever an echo; one that is silent for a minute ends.
#[derive(Machine)]
enum Conn {
    #[deadline(idle = "60s")]
    Echo(Echo),
}

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read(
        "Sends back what arrives.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7000]"),
            ("--loops", "N", "how many loops share the port, each on its own thread [1]"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let mut at: Address = cli.parse("--listen", "127.0.0.1:7000")?;
    let loops: NonZeroUsize = cli.parse("--loops", "1")?;
    let mut listen = Listen::default();
    let mut reservation = None;
    if loops.get() > 1 {
        // The port is settled before the first loop listens, so that port 0 is one port for all.
        let ip = at.ip().ok_or_else(|| Usage("--loops needs an IP address".to_owned()))?;
        let reserved = listening(&at, Reservation::new(ip))?;
        at = reserved.address().into();
        listen.sharing = PortSharing::Shared;
        reservation = Some(reserved);
    }
    let (trace, bound) = (cli.is_set("--trace"), OnceLock::new());
    let make = |seat: Seat| {
        let mut reactor: Reactor<Alone<Conn>> = Reactor::new(Alone::new())?;
        if trace {
            reactor.trace(move |event| say(format_args!("loop {}: {event}", seat.index)));
        }
        let listened = reactor.listen_with(&at, listen.clone(), |_, _| Some(Conn::Echo(Echo)));
        let (_, address) = listening(&at, listened)?;
        if seat.index == 0 {
            reactor.drain_on_signals()?;
            bound.get_or_init(|| address);
        }
        Ok(reactor)
    };
    let ready = || say(format_args!("listening on {}", bound.get().unwrap_or(&at)));
    Fleet::new(loops).run(make, ready)?;
    drop(reservation);
    Ok(())
}
