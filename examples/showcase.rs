//! All that Readily can serve in one process, on one loop and one thread, and a page that shows the
//! loop while it works. Its states are in `src/showcase/`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use readily::echo::Echo;
use readily::http1::Server;
use readily::metrics::Metrics;
use readily::{Address, Config, Listen, Mio, Reactor, Turn};
use readily_examples::certificate::{Identity, SERVER_CHOICES};
use readily_examples::key_value::Login;
use readily_examples::showcase::{
    CHATTER, Conn, Dial, Figures, Host, Live, News, PASSWORD, SESSION, Showcase, Site, Tour,
    Visits, with_bash, with_perl,
};
use readily_examples::{Cli, Failure, Usage, say, trace};

/// How long connections may go on after the first signal.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);
const CHOICES: [(&str, &str, &str); 6] = [
    ("--listen", "ADDR", "IP:PORT of the page [127.0.0.1:8080]"),
    ("--plain", "ADDR", "the first IP:PORT, of six in a row, without TLS [port 7000]"),
    ("--secure", "ADDR", "IP:PORT of the echoes over TLS and QUIC [port 7443]"),
    ("--root", "DIR", "a folder to serve, at a port of the system's choice [none]"),
    ("--unix", "PATH", "the path of the Unix socket [readily-PORT.sock in /tmp]"),
    ("--trace", "", "print a line for each event"),
];

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let about = "Serves all there is from one loop, and shows it at work on a page.";
    let cli = Cli::read(about, &[CHOICES.as_slice(), &SERVER_CHOICES].concat())?;
    let mut config = Config::default();
    config.drain_within = DRAIN_WITHIN;
    let mut reactor = Reactor::with(Showcase::new(), Mio::new()?, config)?;
    trace(&cli, &mut reactor);
    let tour = open(&cli, &mut reactor)?;
    reactor.drain_on_signals()?;
    say(&tour);
    say(format_args!("listening on {}", tour.stops()[0].at));
    watch(&mut reactor, &tour)?;
    Ok(())
}

/// Opens all doors, in the order in which they are shown.
fn open(cli: &Cli, reactor: &mut Reactor<Showcase>) -> Result<Tour, Failure> {
    let page: SocketAddr = cli.parse("--listen", "127.0.0.1:8080")?;
    // Where the page has a port of the system's choice, so has everything.
    let or_free = |port: u16| SocketAddr::new(page.ip(), if page.port() == 0 { 0 } else { port });
    let [tcp, udp, relay, store, notes, web] =
        six(cli.parse("--plain", &or_free(7000).to_string())?)?;
    let secure: SocketAddr = cli.parse("--secure", &or_free(7443).to_string())?;
    let (plain, says) = (Listen::default, r#""hello\n""#);
    let echo: fn() -> Conn = || Conn::Echo(Echo);
    let mut host = Host::new(reactor);
    let http: fn() -> Conn = || Conn::Http(Server::new(Site));
    host.tcp(("HTTP, WebSocket", http), page, plain(), |at| format!("curl http://{at}/health"))?;
    let tcp =
        host.tcp(("TCP echo", echo), tcp, plain(), |at| with_bash("tcp", at, says, "head -n 1"))?;
    let unix = unix_path(cli, tcp);
    host.unix(("Unix echo", echo), &unix, |path| with_perl(path, "hello"))?;
    host.secure_echoes(echo, secure, &Identity::read(cli)?)?;
    host.udp_echo(udp, |at| with_bash("udp", at, says, "head -n 1"))?;
    let relay = host.tcp(("TCP relay", || Conn::Dial(Dial)), relay, plain(), |at| {
        with_bash("tcp", at, says, "head -n 1")
    })?;
    let session = format!(r#""AUTH {PASSWORD}\nSET a 5\nhello\nGET a\nQUIT\n""#);
    let store = host.tcp(("key_value", || Conn::Login(Login)), store, plain(), |at| {
        with_bash("tcp", at, &session, "cat")
    })?;
    host.web([notes, web], cli.value("--root"))?;
    let tour = host.tour();
    let metrics = Metrics::new();
    reactor.publish(&metrics, 0);
    let app = reactor.app_mut();
    app.report(&metrics);
    app.backend = Some(tcp.into());
    let chatter = [tcp.into(), Address::Unix(unix), relay.into()].map(|at| (at, CHATTER));
    app.visits = Visits::to(chatter.into_iter().chain([(store.into(), SESSION)]));
    Ok(tour)
}

/// Runs the loop, and shows what it does once in a while.
fn watch(reactor: &mut Reactor<Showcase>, tour: &Tour) -> std::io::Result<()> {
    let mut now = Instant::now();
    let (mut live, mut news) = (Live::new(now), News::new(reactor, tour, now));
    let mut draining = false;
    while reactor.turn(Some(live.wait(now).min(news.wait(reactor, now))))? == Turn::More {
        now = Instant::now();
        live.show(Figures(reactor), now);
        news.tell(reactor, now);
        if reactor.is_draining() && !std::mem::replace(&mut draining, true) {
            live.say(format_args!("ending within {DRAIN_WITHIN:?}; a second signal ends it now"));
        }
    }
    live.say(Figures(reactor));
    Ok(())
}

fn unix_path(cli: &Cli, echo: SocketAddr) -> PathBuf {
    let named = cli.value("--unix").map(PathBuf::from);
    named.unwrap_or_else(|| std::env::temp_dir().join(format!("readily-{}.sock", echo.port())))
}

/// Six ports in a row; for port 0 the system chooses each.
fn six(base: SocketAddr) -> Result<[SocketAddr; 6], Usage> {
    let step = u16::from(base.port() != 0);
    if base.port().checked_add(5 * step).is_none() {
        return Err(Usage(format!("--plain `{base}`: there are no six ports from there on")));
    }
    Ok([0, 1, 2, 3, 4, 5].map(|n| SocketAddr::new(base.ip(), base.port() + n * step)))
}
