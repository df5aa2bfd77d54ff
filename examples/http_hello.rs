//! A web server: a page, a health check, and a 404 for everything else.

use std::process::ExitCode;

use readily::http1::{Answer, Reply, Request, Server, Service, Value};
use readily::{Address, App, Desk, Machine, Never, Reactor};
use readily_examples::{Cli, Failure, HTML, Served, TEXT, listening, say, trace};

/// The page, whole: it fetches nothing.
const PAGE: &[u8] = include_bytes!("src/pages/hello.html");

/// A connection is only ever a web server's; its deadlines are those of HTTP.
#[derive(Machine)]
#[machine(app = Site)]
enum Conn {
    Http(Server<Pages>),
}

/// What all connections share: how often each was asked for.
#[derive(Default)]
struct Site {
    pages: u64,
    checks: u64,
    others: u64,
}

impl App for Site {
    type Mail = Never;
    type Conn = Conn;
}

/// Answers by path. It holds nothing, so that a connection costs nothing for it.
struct Pages;

impl Service<Conn> for Pages {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        desk: &mut Desk<'_, Site>,
    ) -> Answer<Self, Conn> {
        let site = &mut *desk.app;
        match (request.path(), request.method()) {
            ("/", "GET" | "HEAD") => {
                site.pages += 1;
                reply.ok(HTML, PAGE)
            }
            ("/health", "GET" | "HEAD") => {
                site.checks += 1;
                reply.ok(TEXT, b"OK")
            }
            (path, _) => {
                site.others += 1;
                match path {
                    "/" | "/health" => reply.method_not_allowed(Value::from_static("GET, HEAD")),
                    _ => reply.not_found(),
                }
            }
        }
    }
}

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read(
        "Serves a page at `/` and says that it is well at `/health`.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7004]"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7004")?;
    let mut reactor = Reactor::new(Site::default())?;
    trace(&cli, &mut reactor);
    let listened = reactor.listen(&at, |_, _| Some(Conn::Http(Server::new(Pages))));
    let bound = listening(&at, listened)?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    let Site { pages, checks, others } = reactor.app();
    say(format_args!("pages {pages}, checks {checks}, others {others}"));
    say(Served(&reactor));
    Ok(())
}
