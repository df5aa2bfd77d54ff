//! Sends each datagram back to where it came from.

use std::net::SocketAddr;
use std::process::ExitCode;

use readily::udp_echo::{UdpEcho, UdpEchoLimits};
use readily::{Alone, Bind, Never, Reactor};
use readily_examples::{Cli, Failure, Usage, listening, say, trace};

/// The most that a UDP datagram can hold over IPv4, in bytes.
const DATAGRAM_MAX: usize = 65_507;

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read(
        "Sends each datagram back.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT [127.0.0.1:7001]"),
            ("--max", "BYTES", "the largest datagram that is sent back [1500]"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: SocketAddr = cli.parse("--listen", "127.0.0.1:7001")?;
    let datagram: usize = cli.parse("--max", "1500")?;
    if datagram > DATAGRAM_MAX {
        let line = format!("--max `{datagram}`: a datagram holds at most {DATAGRAM_MAX} bytes");
        return Err(Usage(line).into());
    }
    let echo = UdpEcho::new(UdpEchoLimits { datagram, ..UdpEchoLimits::default() });
    // This loop has no connections, only datagrams.
    let mut reactor = Reactor::new(Alone::<Never>::new())?;
    trace(&cli, &mut reactor);
    let (_, bound) = listening(at, reactor.bind(at, Bind::default(), echo))?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    let counted = reactor.counters();
    say(format_args!(
        "received {}, sent {}, dropped {}, lost {}",
        counted.datagrams_in,
        counted.datagrams_out,
        counted.datagrams_dropped,
        counted.datagrams_lost
    ));
    Ok(())
}
