//! Serves a folder, on one loop or several. Its service is in `src/static_files.rs`.

use std::io;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::OnceLock;

use readily::files::{Disk, Files, Options};
use readily::http1::Server;
use readily::http1::access::Format;
use readily::http1::coding::Coding;
use readily::logbook::Logbook;
use readily::metrics::Metrics;
use readily::{
    Address, App, Effects, Fleet, HANGUP, Listen, Machine, PortSharing, Reactor, Reservation, Seat,
};
use readily_examples::reports::{LOG_CHOICES, Reports, open_log};
use readily_examples::static_files::{Folder, Shared};
use readily_examples::{Cli, Failure, Usage, listening, say};

/// A connection is only ever a web server's; its deadlines are those of HTTP.
#[derive(Machine)]
#[machine(app = Site)]
enum Conn {
    Http(Server<Folder>),
}

/// One loop of the server.
struct Site(Shared);

/// The log was moved away.
struct Reopen;

impl App for Site {
    type Mail = Reopen;
    type Conn = Conn;

    fn receive(&mut self, _: Reopen, _: &mut Effects<Self>) {
        self.0.reports.reopen();
    }
}

impl AsMut<Shared> for Site {
    fn as_mut(&mut self) -> &mut Shared {
        &mut self.0
    }
}

const CHOICES: [(&str, &str, &str); 8] = [
    ("--root", "DIR", "the folder [.]"),
    ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7009]"),
    ("--inline", "", "the loop reads from the disk itself"),
    ("--offload", "", "the pool of threads reads, even what is in memory"),
    ("--precompressed", "", "send FILE.zst, FILE.br or FILE.gz to whoever takes it"),
    ("--metrics", "PATH", "show counts there, for Prometheus"),
    ("--loops", "N", "how many loops share the port, each on its own thread [1]"),
    ("--trace", "", "print a line for each event"),
];

/// What the arguments ask for.
struct Wanted {
    options: Options,
    root: String,
    at: Address,
    listen: Listen,
    metrics: Metrics,
    metrics_at: Option<String>,
    log: Option<(Logbook, Format)>,
    trace: bool,
}

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let about = "Serves the files of a folder.";
    let cli = Cli::read(about, &[CHOICES.as_slice(), &LOG_CHOICES].concat())?;
    let mut wanted = Wanted::read(&cli)?;
    let loops: NonZeroUsize = cli.parse("--loops", "1")?;
    let mut reservation = None;
    if loops.get() > 1 {
        // The port is settled before the first loop listens, so that port 0 is one port for all.
        let ip = wanted.at.ip().ok_or_else(|| Usage("--loops needs an IP address".to_owned()))?;
        let reserved = listening(&wanted.at, Reservation::new(ip))?;
        wanted.at = reserved.address().into();
        wanted.listen.sharing = PortSharing::Shared;
        reservation = Some(reserved);
    }
    let bound = OnceLock::new();
    let make = |seat| wanted.make(seat, &bound);
    let ready = || say(format_args!("listening on {}", bound.get().unwrap_or(&wanted.at)));
    Fleet::new(loops).run(make, ready)?;
    drop(reservation);
    Ok(())
}

impl Wanted {
    fn read(cli: &Cli) -> Result<Self, Usage> {
        let disk = match (cli.is_set("--inline"), cli.is_set("--offload")) {
            (true, true) => return Err(Usage("--inline and --offload exclude each other".into())),
            (true, false) => Disk::Inline,
            (false, true) => Disk::Offload,
            (false, false) => Disk::Probe,
        };
        let mut options = Options::new().disk(disk);
        if cli.is_set("--precompressed") {
            options = options.precompressed(&[Coding::Zstd, Coding::Brotli, Coding::Gzip]);
        }
        let root = cli.value("--root").unwrap_or(".").to_owned();
        let opened = options.clone().open(&root);
        opened.map_err(|error| Usage(format!("--root `{root}`: {error}")))?;
        let metrics_at = cli.value("--metrics").map(str::to_owned);
        if let Some(path) = metrics_at.as_deref().filter(|path| !path.starts_with('/')) {
            return Err(Usage(format!("--metrics `{path}`: a path begins with a slash")));
        }
        let (metrics, listen) = (Metrics::new(), Listen::default());
        let log = open_log(cli, &metrics)?;
        let (at, trace) = (cli.parse("--listen", "127.0.0.1:7009")?, cli.is_set("--trace"));
        Ok(Wanted { options, root, at, listen, metrics, metrics_at, log, trace })
    }

    /// One loop, in its own thread.
    fn make(&self, seat: Seat, bound: &OnceLock<Address>) -> io::Result<Reactor<Site>> {
        let files: Files = self.options.clone().open(&self.root)?;
        let reports = Reports::new(&self.metrics, self.log.as_ref(), seat.index);
        let shared = Shared { reports, metrics_at: self.metrics_at.clone() };
        let mut reactor = Reactor::new(Site(shared))?;
        reactor.publish(&self.metrics, seat.index);
        if self.trace {
            reactor.trace(move |event| say(format_args!("loop {}: {event}", seat.index)));
        }
        let listened = reactor.listen_with(&self.at, self.listen.clone(), move |_, _| {
            Some(Conn::Http(Server::new(Folder::new(files.clone()))))
        });
        let (_, address) = listening(&self.at, listened)?;
        if seat.index == 0 {
            reactor.drain_on_signals()?;
            reactor.on_signal(HANGUP, || Reopen)?;
            bound.get_or_init(|| address);
        }
        Ok(reactor)
    }
}
