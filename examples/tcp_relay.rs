//! Passes each connection on to one of several backends, in turn.

use std::process::ExitCode;
use std::time::Duration;

use readily::relay::Relay;
use readily::{Address, App, Connect, Fault, Io, Machine, Peer, Reactor, State, Step};
use readily_examples::{Cli, Failure, Within, listening, say, trace};

/// A client's connection begins as `Dial`; the one to its backend is a `Relay` from the start.
#[derive(Machine)]
#[machine(app = Proxy)]
#[max_size(32)]
enum Conn {
    #[becomes(Relay)]
    #[deadline(within = "30s")]
    Dial(Dial),
    #[deadline(idle = "60s")]
    Relay(Relay),
}

/// What all connections share.
struct Proxy {
    backends: Vec<Address>,
    /// How long one backend may take to answer.
    connect_within: Duration,
    /// Whose turn it is.
    next: usize,
    clients: u64,
    /// Those for whom no backend was left.
    unserved: u64,
}

impl App for Proxy {
    type Mail = readily::Never;
    type Conn = Conn;
}

/// Looks for a backend, each at most once; meanwhile nothing is read from the client.
struct Dial {
    next: usize,
    left: usize,
}

impl Dial {
    fn new(proxy: &mut Proxy) -> Self {
        let next = proxy.next;
        proxy.clients += 1;
        proxy.next = (next + 1) % proxy.backends.len();
        Dial { next, left: proxy.backends.len() }
    }
}

impl State<Conn> for Dial {
    fn advance(&mut self, io: &mut Io<'_, Proxy>) -> Result<Step<Self, Conn>, Fault> {
        match io.peer {
            Peer::Connecting(_) => return Ok(Step::Wait),
            // It may have come and gone within one turn: what it said is the relay's to judge.
            Peer::Open { .. } | Peer::Gone(..) => return Ok(Step::becomes(Relay)),
            Peer::None | Peer::Failed(..) => {}
        }
        if self.left == 0 {
            io.app.unserved += 1;
            return Ok(Step::Finish);
        }
        let to = io.app.backends[self.next].clone();
        let connect = Connect { within: io.app.connect_within, ..Connect::to(to) };
        let id = io.connect(connect, Conn::Relay(Relay));
        io.link(id.map_err(|_| Fault::Local("too many connections asked for in one call"))?);
        self.next = (self.next + 1) % io.app.backends.len();
        self.left -= 1;
        Ok(Step::Wait)
    }
}

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read(
        "Passes each connection on to one of several backends, in turn.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7002]"),
            ("--to", "ADDR[,ADDR...]", "the backends; the next one when one cannot be reached"),
            ("--connect-within", "TIME", "how long one of them may take to answer [3s]"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7002")?;
    let backends: Vec<Address> = cli.list("--to")?;
    let Within(connect_within) = cli.parse("--connect-within", "3s")?;
    let proxy = Proxy { backends, connect_within, next: 0, clients: 0, unserved: 0 };
    let mut reactor = Reactor::new(proxy)?;
    trace(&cli, &mut reactor);
    let listened = reactor.listen(&at, |proxy, _| Some(Conn::Dial(Dial::new(proxy))));
    let bound = listening(&at, listened)?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    let Proxy { clients, unserved, .. } = reactor.app();
    say(format_args!("clients {clients}, without a backend {unserved}"));
    Ok(())
}
