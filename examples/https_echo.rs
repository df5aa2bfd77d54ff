//! The service of `http_echo` over TLS, unchanged.

use std::process::ExitCode;

use readily::tls::Plaintext;
use readily::{Address, Listen, Reactor};
use readily_examples::certificate::{Identity, SERVER_CHOICES};
use readily_examples::http_echo::{All, Conn, Echoed};
use readily_examples::{Cli, Failure, Served, listening, say, trace};

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let [cert, key, cert_out] = SERVER_CHOICES;
    let cli = Cli::read(
        "Answers every request with its body as it comes, or with its head, over TLS 1.2 and 1.3.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7445]"),
            cert,
            key,
            cert_out,
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7445")?;
    // Whoever forgets the `s` of https is told in plain HTTP.
    let server = Identity::read(&cli)?.server(&["http/1.1"])?.plaintext(Plaintext::Http400);
    let mut reactor = Reactor::new(All::default())?;
    trace(&cli, &mut reactor);
    let listen = Listen { tls: Some(server.into()), ..Listen::default() };
    let listened = reactor.listen_with(&at, listen, |_, _| Some(Conn::new()));
    let (_, bound) = listening(&at, listened)?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    let All(Echoed { requests, bytes }) = reactor.app();
    say(format_args!("requests {requests}, bytes of bodies {bytes}"));
    say(Served(&reactor));
    Ok(())
}
