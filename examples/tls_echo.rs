//! Sends back what arrives, over TLS: the echo of `tcp_echo`, unchanged.

use std::process::ExitCode;

use readily::echo::Echo;
use readily::{Address, Alone, Listen, Machine, Reactor};
use readily_examples::certificate::{Identity, SERVER_CHOICES};
use readily_examples::{Cli, Failure, Served, listening, say, trace};

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
    let [cert, key, cert_out] = SERVER_CHOICES;
    let cli = Cli::read(
        "Sends back what arrives, over TLS 1.2 and 1.3.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7443]"),
            cert,
            key,
            cert_out,
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7443")?;
    let server = Identity::read(&cli)?.server(&[])?;
    let mut reactor: Reactor<Alone<Conn>> = Reactor::new(Alone::new())?;
    trace(&cli, &mut reactor);
    let listen = Listen { tls: Some(server.into()), ..Listen::default() };
    let listened = reactor.listen_with(&at, listen, |_, _| Some(Conn::Echo(Echo)));
    let (_, bound) = listening(&at, listened)?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    say(Served(&reactor));
    Ok(())
}
