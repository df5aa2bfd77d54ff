//! A notebook over HTTP, with a page that shows it live: its routes are in `src/http_api/`.

use std::io;
use std::process::ExitCode;

use readily::http1::Server;
use readily::metrics::Metrics;
use readily::{Address, HANGUP, Reactor};
use readily_examples::http_api::{Api, Conn, Letter, Table, UPLOAD_MAX};
use readily_examples::reports::{LOG_CHOICES, Reports, open_log};
use readily_examples::{Cli, Failure, Served, listening, say, trace};

const CHOICES: [(&str, &str, &str); 3] = [
    ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7008]"),
    ("--upload-max", "BYTES", "the largest upload [1073741824]"),
    ("--trace", "", "print a line for each event"),
];

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let about = "A notebook as a JSON interface, and a page that shows it live.";
    let cli = Cli::read(about, &[CHOICES.as_slice(), &LOG_CHOICES].concat())?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7008")?;
    let upload_max = cli.parse("--upload-max", &UPLOAD_MAX.to_string())?;
    let metrics = Metrics::new();
    let log = open_log(&cli, &metrics)?;
    let reports = Reports::new(&metrics, log.as_ref(), 0);
    let mut reactor = Reactor::new(Api { reports, ..Api::default() })?;
    reactor.publish(&metrics, 0);
    trace(&cli, &mut reactor);
    let table = Table::new(upload_max).map_err(io::Error::other)?;
    let listened = reactor.listen(&at, move |_, _| Some(Conn::Http(Server::new(table.site()))));
    let bound = listening(&at, listened)?;
    reactor.drain_on_signals()?;
    reactor.on_signal(HANGUP, || Letter::Reopen)?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    say(Served(&reactor));
    Ok(())
}
