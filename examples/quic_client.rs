//! Sends over one QUIC stream, looks at what comes back, and says how fast it was. Its state is in
//! `src/quic_client/`.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use readily::quic::{Limits, Quic, Secrets};
use readily::{Bind, Connect, Reactor, Turn};
use readily_examples::certificate::{CLIENT_CHOICE, client_config};
use readily_examples::quic_client::{
    ALPN, Conn, Flow, Load, Pattern, Pipe, Progress, Size, Transfer,
};
use readily_examples::{Cli, Failure, say, trace};

/// A connection without traffic, whose user has nothing to type, is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    readily_examples::run(send)
}

fn send() -> Result<(), Failure> {
    let cli = Cli::read(
        "Sends over QUIC, compares what comes back, and says how fast it was.",
        &[
            ("--connect", "ADDR", "the server: IP:PORT [127.0.0.1:7443]"),
            CLIENT_CHOICE,
            ("--name", "NAME", "whom the server's certificate must be for [localhost]"),
            ("--bytes", "SIZE", "sends so many bytes, as in 256MiB [standard input]"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let to: SocketAddr = cli.parse("--connect", "127.0.0.1:7443")?;
    let name: String = cli.parse("--name", "localhost")?;
    let load = match cli.value("--bytes") {
        Some(_) => {
            let Size(total) = cli.parse("--bytes", "")?;
            Load::Pattern(Pattern::new(total))
        }
        None => Load::Pipe(Pipe::default()),
    };
    let is_piped = matches!(load, Load::Pipe(_));
    let config = client_config(&cli, &[ALPN])?;
    let secrets = Secrets::draw(config.crypto_provider()).map_err(io::Error::other)?;
    let keep_alive = is_piped.then_some(KEEP_ALIVE);
    let quic = Quic::client(config, secrets, Limits { keep_alive, ..Limits::default() });
    let quic = quic.map_err(io::Error::other)?;
    let mut reactor = Reactor::new(Transfer::new(load))?;
    trace(&cli, &mut reactor);
    // Nobody may open a stream to a client.
    let (endpoint, _) = reactor.bind_streams(any(to), Bind::default(), quic, |_, _| None)?;
    let connect = Connect::to(to).over(endpoint, &name);
    reactor.connect(connect, Conn::Flow(Flow)).map_err(io::Error::other)?;
    reactor.drain_on_signals()?;
    let ended = watch(&mut reactor)?;
    let line = reactor.app_mut().report(to, ended)?;
    if is_piped {
        eprintln!("{line}");
    } else {
        say(line);
    }
    Ok(())
}

/// Runs the loop until all is sent and received; says when that was.
fn watch(reactor: &mut Reactor<Transfer>) -> io::Result<Instant> {
    let mut progress = Progress::new(reactor.app());
    let mut ended = None;
    while reactor.turn(Some(Progress::EVERY))? == Turn::More {
        let now = Instant::now();
        progress.show(reactor.app(), now);
        if reactor.app().is_over() && ended.is_none() {
            ended = Some(now);
            reactor.drain();
        }
    }
    progress.clear();
    Ok(ended.unwrap_or_else(Instant::now))
}

/// Any port of any of our addresses, of the family of the server's.
fn any(to: SocketAddr) -> SocketAddr {
    match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}
