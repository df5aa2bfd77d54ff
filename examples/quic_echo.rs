//! Sends back what arrives on each QUIC stream, by the echo of `tcp_echo`, unchanged; and each
//! datagram.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use readily::echo::Echo;
use readily::quic::{EchoDatagrams, Limits, Quic, Secrets};
use readily::{Alone, Bind, Machine, Reactor};
use readily_examples::certificate::{Identity, SERVER_CHOICES};
use readily_examples::quic_client::ALPN;
use readily_examples::{Cli, Failure, Served, listening, say, trace};

/// A stream is only ever an echo. One that is silent for a minute ends, though its connection may
/// be kept alive.
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
        "Sends back what arrives over QUIC, on streams and as datagrams; its ALPN is `echo`.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT [127.0.0.1:7443]"),
            cert,
            key,
            cert_out,
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: SocketAddr = cli.parse("--listen", "127.0.0.1:7443")?;
    let config = Identity::read(&cli)?.server_config(&[ALPN])?;
    let secrets = Secrets::draw(config.crypto_provider()).map_err(io::Error::other)?;
    let quic = Quic::server(config, secrets, Limits::default());
    let quic = quic.and_then(|quic| quic.with_datagrams(EchoDatagrams));
    let mut reactor: Reactor<Alone<Conn>> = Reactor::new(Alone::new())?;
    trace(&cli, &mut reactor);
    let quic = quic.map_err(io::Error::other)?;
    let bound = reactor.bind_streams(at, Bind::default(), quic, |_, _| Some(Conn::Echo(Echo)));
    let (_, bound) = listening(at, bound)?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    say(Served(&reactor));
    Ok(())
}
