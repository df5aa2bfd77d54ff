//! A process without descriptors: 64 of them, and ten times as many clients.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use readily::{Config, Mio, Reactor};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::net::listen;
use crate::troupe::{Troupe, echo};

/// Set where the test is the server.
const CHILD: &str = "READILY_TEST_EXHAUSTION";
const DESCRIPTORS: u64 = 64;

#[test]
fn a_process_without_descriptors_goes_on() {
    if std::env::var_os(CHILD).is_some() {
        return serve();
    }
    let server = Server::start();
    let established: Vec<TcpStream> = (0..20).map(|_| server.connect()).collect();
    established.iter().for_each(|stream| assert!(is_served(stream), "before the storm"));

    let storm: Vec<TcpStream> = (0..10 * DESCRIPTORS).map(|_| server.connect()).collect();
    for _ in 0..50 {
        established.iter().for_each(|stream| assert!(is_served(stream), "in the storm"));
    }
    // Who got no descriptor is told so; nobody waits for ever.
    let (served, refused): (Vec<_>, Vec<_>) = storm.into_iter().partition(is_served);
    assert!(!served.is_empty() && served.len() < DESCRIPTORS as usize, "{}", served.len());
    assert_eq!(refused.len(), 10 * DESCRIPTORS as usize - served.len());

    // A descriptor that is freed is had by one of the next: the kernel may show the loop a new
    // client before the end of the old one.
    for (at, gone) in served.into_iter().enumerate() {
        drop(gone);
        assert!((0..10).any(|_| is_served(&server.connect())), "after {at} have gone");
    }
    established.iter().for_each(|stream| assert!(is_served(stream), "after the storm"));

    drop(established);
    let report = server.stop();
    assert!(report.exhausted > 0 && report.refused >= refused.len() as u64, "{report:?}");
    // A loop that spins makes a hundred thousand turns a second.
    assert!(report.turns < 20_000, "{report:?}");
    assert!(report.cpu < Duration::from_secs(2), "{report:?}");
}

/// Whether a byte comes back; a connection that was refused is reset.
fn is_served(mut stream: &TcpStream) -> bool {
    stream.write_all(b"x").is_ok() && stream.read_exact(&mut [0]).is_ok()
}

/// What the server has to say at its end.
#[derive(Debug)]
struct Report {
    turns: u64,
    exhausted: u64,
    refused: u64,
    cpu: Duration,
}

struct Server {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    at: SocketAddr,
}

impl Server {
    fn start() -> Server {
        let this = std::env::current_exe().expect("a path");
        let name = "exhaustion::a_process_without_descriptors_goes_on";
        let mut process = Command::new(this)
            .args(["--exact", name, "--nocapture", "--test-threads=1"])
            .env(CHILD, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let at = answer(&mut lines, "port").parse().expect("an address");
        Server { process, lines, at }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.at).expect("a connection")
    }

    /// Drains it.
    fn stop(mut self) -> Report {
        drop(self.process.stdin.take());
        let mut number = |name| answer(&mut self.lines, name).parse().expect("a number");
        let report = Report {
            turns: number("turns"),
            exhausted: number("exhausted"),
            refused: number("refused"),
            cpu: Duration::from_nanos(number("cpu")),
        };
        assert!(self.process.wait().expect("a process").success());
        report
    }
}

/// The rest of the next line that begins so.
fn answer(lines: &mut Lines<BufReader<ChildStdout>>, name: &str) -> String {
    let start = format!("{name}: ");
    let found = lines.find_map(|line| Some(line.expect("text").split_once(&start)?.1.to_owned()));
    found.expect("an answer")
}

/// The server itself, until its input ends.
fn serve() {
    let limit = Rlimit { current: Some(DESCRIPTORS), maximum: Some(DESCRIPTORS) };
    setrlimit(Resource::Nofile, limit).expect("a limit");
    let mut config = Config::default();
    // Otherwise the loop keeps so many descriptors back that it never comes to this.
    config.connections_max = Some(usize::MAX);
    let mio = Mio::new().expect("a wait");
    let mut reactor = Reactor::with(Troupe::default(), mio, config).expect("a loop");
    println!("port: {}", listen(&mut reactor, echo));
    let handle = reactor.handle();
    let input = std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        handle.drain();
    });
    reactor.run().expect("the loop");
    input.join().expect("a thread");
    let counters = reactor.counters();
    println!("turns: {}", counters.turns);
    println!("exhausted: {}", counters.descriptors_exhausted);
    println!("refused: {}", counters.refused_descriptors);
    let schedule = std::fs::read_to_string("/proc/self/schedstat").expect("linux");
    println!("cpu: {}", schedule.split(' ').next().expect("a number"));
}
