//! Answers every request with what it was: its body as it comes, or its head where it has none. Its
//! service is in `src/http_echo.rs`.

use std::process::ExitCode;

use readily::http1::Server;
use readily::{Address, App, Machine, Never, Reactor};
use readily_examples::http_echo::{Echo, Echoed};
use readily_examples::{Cli, Failure, Served, listening, say, trace};

/// A connection is only ever a web server's; its deadlines are those of HTTP.
#[derive(Machine)]
#[machine(app = All)]
enum Conn {
    Http(Server<Echo>),
}

/// What all connections share.
#[derive(Default)]
struct All(Echoed);

impl App for All {
    type Mail = Never;
    type Conn = Conn;
}

impl AsMut<Echoed> for All {
    fn as_mut(&mut self) -> &mut Echoed {
        &mut self.0
    }
}

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read(
        "Answers every request with its body as it comes, or with its head.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7005]"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7005")?;
    let mut reactor = Reactor::new(All::default())?;
    trace(&cli, &mut reactor);
    let listened = reactor.listen(&at, |_, _| Some(Conn::Http(Server::new(Echo::default()))));
    let bound = listening(&at, listened)?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    let All(Echoed { requests, bytes }) = reactor.app();
    say(format_args!("requests {requests}, bytes of bodies {bytes}"));
    say(Served(&reactor));
    Ok(())
}
