//! Serves a folder, on one loop or several. Its options and its service are in
//! `src/static_files/`.

use std::io;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::OnceLock;

use readily::files::Files;
use readily::http1::Server;
use readily::{
    Address, App, Effects, Fleet, HANGUP, Listen, Machine, PortSharing, Reactor, Reservation, Seat,
};
use readily_examples::reports::{LOG_CHOICES, Reports};
use readily_examples::static_files::{Asked, CHOICES, Folder, Shared};
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

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let about = "Serves the files of a folder.";
    let cli = Cli::read(about, &[CHOICES.as_slice(), &LOG_CHOICES].concat())?;
    let (mut asked, mut listen) = (Asked::read(&cli)?, Listen::default());
    let loops: NonZeroUsize = cli.parse("--loops", "1")?;
    let mut reservation = None;
    if loops.get() > 1 {
        // The port is settled before the first loop listens, so that port 0 is one port for all.
        let ip = asked.at.ip().ok_or_else(|| Usage("--loops needs an IP address".to_owned()))?;
        let reserved = listening(&asked.at, Reservation::new(ip))?;
        asked.at = reserved.address().into();
        listen.sharing = PortSharing::Shared;
        reservation = Some(reserved);
    }
    let bound = OnceLock::new();
    let make = |seat| make(&asked, &listen, seat, &bound);
    let ready = || say(format_args!("listening on {}", bound.get().unwrap_or(&asked.at)));
    Fleet::new(loops).run(make, ready)?;
    drop(reservation);
    Ok(())
}

/// One loop, in its own thread.
fn make(
    asked: &Asked,
    listen: &Listen,
    seat: Seat,
    bound: &OnceLock<Address>,
) -> io::Result<Reactor<Site>> {
    let files: Files = asked.options.clone().open(&asked.root)?;
    let reports = Reports::new(&asked.metrics, asked.log.as_ref(), seat.index);
    let shared = Shared { reports, metrics_at: asked.metrics_at.clone() };
    let mut reactor = Reactor::new(Site(shared))?;
    reactor.publish(&asked.metrics, seat.index);
    if asked.trace {
        reactor.trace(move |event| say(format_args!("loop {}: {event}", seat.index)));
    }
    let listened = reactor.listen_with(&asked.at, listen.clone(), move |_, _| {
        Some(Conn::Http(Server::new(Folder::new(files.clone()))))
    });
    let (_, address) = listening(&asked.at, listened)?;
    if seat.index == 0 {
        reactor.drain_on_signals()?;
        reactor.on_signal(HANGUP, || Reopen)?;
        bound.get_or_init(|| address);
    }
    Ok(reactor)
}
