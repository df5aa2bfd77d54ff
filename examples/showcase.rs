//! All of the other examples in one process, on one loop and one thread. Its states are in
//! `src/showcase/`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use readily::echo::Echo;
use readily::udp_echo::UdpEcho;
use readily::{Address, Bind, Config, Mio, Reactor, Turn};
use readily_examples::key_value::{Login, Store};
use readily_examples::showcase::{Conn, Dial, Figures, Live, Showcase, Tour};
use readily_examples::{Cli, Failure, Usage, listening, say, trace};

/// How long connections may go on after the first signal.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);
/// The password of `key_value`: everybody may try it.
const PASSWORD: &str = "sesame";

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read(
        "Serves all of the examples at once.",
        &[
            ("--listen", "ADDR", "the first IP:PORT, of four in a row [127.0.0.1:7000]"),
            ("--unix", "PATH", "the path of the Unix socket [readily-PORT.sock in /tmp]"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let [echo, udp, relay, store] = four(cli.parse("--listen", "127.0.0.1:7000")?)?;
    let mut config = Config::default();
    config.drain_within = DRAIN_WITHIN;
    let app = Showcase { store: Store::new(PASSWORD), backend: None };
    let mut reactor = Reactor::with(app, Mio::new()?, config)?;
    trace(&cli, &mut reactor);
    let echo = listen(&mut reactor, echo, || Conn::Echo(Echo))?;
    reactor.app_mut().backend = Some(echo.into());
    let (_, udp) = listening(udp, reactor.bind(udp, Bind::default(), UdpEcho::default()))?;
    let relay = listen(&mut reactor, relay, || Conn::Dial(Dial))?;
    let store = listen(&mut reactor, store, || Conn::Login(Login))?;
    let path = match cli.value("--unix") {
        Some(path) => PathBuf::from(path),
        None => std::env::temp_dir().join(format!("readily-{}.sock", echo.port())),
    };
    let unix = Address::Unix(path.clone());
    listening(&unix, reactor.listen(&unix, |_, _| Some(Conn::Echo(Echo))))?;
    reactor.drain_on_signals()?;
    let session = format!(r#""AUTH {PASSWORD}\nSET a 5\nhello\nGET a\nQUIT\n""#);
    say(Tour::default()
        .tcp("TCP echo", echo, r#""hello\n""#, "head -n 1")
        .unix("Unix echo", &path, "hello")
        .udp("UDP echo", udp, r#""hello\n""#, "head -n 1")
        .tcp("TCP relay", relay, r#""hello\n""#, "head -n 1")
        .tcp("key_value", store, &session, "cat"));
    say(format_args!("listening on {echo}"));
    watch(&mut reactor)?;
    Ok(())
}

/// Runs the loop, and shows what it does once in a while.
fn watch(reactor: &mut Reactor<Showcase>) -> std::io::Result<()> {
    let (mut live, mut draining) = (Live::new(), false);
    while reactor.turn(Some(live.wait()))? == Turn::More {
        live.show(Figures(reactor));
        if reactor.is_draining() && !std::mem::replace(&mut draining, true) {
            live.say(format_args!("ending within {DRAIN_WITHIN:?}; a second signal ends it now"));
        }
    }
    live.say(Figures(reactor));
    Ok(())
}

fn listen(
    reactor: &mut Reactor<Showcase>,
    at: SocketAddr,
    mut first: impl FnMut() -> Conn + 'static,
) -> Result<SocketAddr, Failure> {
    let bound = listening(at, reactor.listen(&at.into(), move |_, _| Some(first())))?;
    Ok(bound.ip().unwrap_or(at))
}

/// Four ports in a row; for port 0 the system chooses each.
fn four(base: SocketAddr) -> Result<[SocketAddr; 4], Usage> {
    let step = u16::from(base.port() != 0);
    if base.port().checked_add(3 * step).is_none() {
        return Err(Usage(format!("--listen `{base}`: there are no four ports from there on")));
    }
    Ok([0, 1, 2, 3].map(|n| SocketAddr::new(base.ip(), base.port() + n * step)))
}
