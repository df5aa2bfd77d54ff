//! What a kernel would do, as lists.

use std::io::ErrorKind;

use readily_protocols::contract::Id;

use super::*;
use crate::sys::{PortSharing, Readiness, Source};

const R: Readiness = Readiness::READABLE;
const W: Readiness = Readiness::WRITABLE;
const RW: Readiness = Readiness(3);
const RWD: Readiness = Readiness(7);

fn token(index: u32) -> Token {
    Source::Conn(Id { index, generation: 1 }).token()
}

fn any() -> Address {
    "10.0.0.1:80".parse().expect("an address")
}

/// Polls until nothing more happens; every event, as index and letters.
fn events(sim: &mut Sim) -> Vec<(u32, &'static str)> {
    let mut all = Vec::new();
    loop {
        let mut ready = Vec::new();
        sim.poll(&mut ready, None).expect("the wait");
        all.extend(ready.iter().map(|event| (event.token.0 as u32, event.what.letters())));
        if sim.is_quiescent() {
            return all;
        }
    }
}

/// One accepted connection under token 1; its events so far are taken.
fn pair(sim: &mut Sim) -> (SimStream, ClientId) {
    let (mut listener, at) =
        sim.listen(&any(), &Listen::default(), Source::Listener(0).token()).expect("a listener");
    let client = sim.connect(&at);
    events(sim);
    let (mut stream, _) = sim.accept(&mut listener).expect("a stream");
    sim.register(&mut stream, token(1)).expect("registered");
    assert_eq!(events(sim), [(1, "w")]);
    (stream, client)
}

fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> ErrorKind {
    result.expect_err("an error").kind()
}

fn small_window() -> Sim {
    let mut sim = Sim::new(1);
    sim.set_link(Link { window: 9..=9, ..Link::perfect() });
    sim
}

/// Reads until nothing is there.
fn drain(sim: &mut Sim, stream: &mut SimStream) -> Vec<u8> {
    let (mut all, mut into) = (Vec::new(), [0; 64]);
    while let Ok(n @ 1..) = sim.read(stream, &mut into) {
        all.extend_from_slice(&into[..n]);
    }
    all
}

#[test]
fn a_read_takes_what_is_there_and_is_short_only_when_that_is_all() {
    let mut sim = Sim::new(1);
    let (mut stream, client) = pair(&mut sim);
    let mut into = [0; 4];
    assert_eq!(kind(sim.read(&mut stream, &mut into)), ErrorKind::WouldBlock);
    sim.send(client, b"abcdef");
    assert_eq!(kind(sim.read(&mut stream, &mut into)), ErrorKind::WouldBlock, "it is on its way");
    assert_eq!(events(&mut sim), [(1, "rw")]);
    assert_eq!(sim.read(&mut stream, &mut into).ok(), Some(4));
    assert_eq!(sim.read(&mut stream, &mut into).ok(), Some(2));
    assert_eq!(kind(sim.read(&mut stream, &mut into)), ErrorKind::WouldBlock);
    assert_eq!(events(&mut sim), []);
}

#[test]
fn bytes_and_the_end_may_be_one_event() {
    let mut sim = Sim::new(1);
    let (mut stream, client) = pair(&mut sim);
    sim.send(client, b"abc");
    sim.shutdown(client);
    assert_eq!(events(&mut sim), [(1, "rwd")]);
    let mut into = [0; 8];
    let reads: Vec<_> = (0..3).map(|_| sim.read(&mut stream, &mut into).ok()).collect();
    assert_eq!(reads, [Some(3), Some(0), Some(0)]);
}

#[test]
fn a_write_takes_the_window_and_space_is_told_after_a_refusal() {
    let mut sim = small_window();
    let (mut stream, client) = pair(&mut sim);
    sim.stop_reading(client);
    let slices = [IoSlice::new(b"abcdef"), IoSlice::new(b"ghijkl")];
    assert_eq!(sim.write_vectored(&mut stream, &slices).ok(), Some(9));
    assert_eq!(kind(sim.write(&mut stream, b"j")), ErrorKind::WouldBlock);
    assert_eq!(events(&mut sim), []);
    sim.start_reading(client);
    assert_eq!(events(&mut sim), [(1, "w")]);
    assert_eq!(sim.take(client), b"abcdefghi");
    assert_eq!(sim.write(&mut stream, b"jkl").ok(), Some(3));
    assert_eq!(events(&mut sim), [], "nothing was refused");
    assert_eq!(sim.received(client), b"jkl");
}

#[test]
fn what_a_client_sends_waits_for_the_window() {
    let mut sim = small_window();
    let (mut stream, client) = pair(&mut sim);
    sim.send(client, b"abcdefghijklmnopqrstu");
    sim.shutdown(client);
    let mut pieces = Vec::new();
    while sim.unread(client) > 0 {
        assert_eq!(events(&mut sim).len(), 1);
        pieces.push(String::from_utf8(drain(&mut sim, &mut stream)).expect("letters"));
    }
    assert_eq!(pieces, ["abcdefghi", "jklmnopqr", "stu"]);
}

#[test]
fn a_reset_is_read_after_what_arrived_before_it() {
    let mut sim = Sim::new(1);
    let (mut stream, client) = pair(&mut sim);
    sim.send(client, b"abc");
    events(&mut sim);
    sim.reset(client);
    assert_eq!(events(&mut sim), [(1, "rwd")]);
    let mut into = [0; 8];
    assert_eq!(sim.read(&mut stream, &mut into).ok(), Some(3));
    assert_eq!(kind(sim.read(&mut stream, &mut into)), ErrorKind::ConnectionReset);
    assert_eq!(kind(sim.write(&mut stream, b"x")), ErrorKind::ConnectionReset);
    assert_eq!(kind(sim.write(&mut stream, b"x")), ErrorKind::BrokenPipe);
    assert_eq!(kind(Sys::shutdown(&mut sim, &mut stream)), ErrorKind::NotConnected);
}

#[test]
fn a_close_is_in_order_only_when_all_was_read() {
    for (unread, late, how, expected) in [
        ("", "", Close::InOrder, (true, false)),
        ("", "", Close::Reset, (false, true)),
        ("x", "", Close::InOrder, (false, true)),
        ("", "x", Close::InOrder, (true, true)),
    ] {
        let mut sim = Sim::new(1);
        let (mut stream, client) = pair(&mut sim);
        sim.send(client, unread.as_bytes());
        events(&mut sim);
        assert_eq!(sim.write(&mut stream, b"bye").ok(), Some(3));
        Sys::close(&mut sim, stream, how);
        events(&mut sim);
        assert_eq!(sim.received(client), b"bye");
        sim.send(client, late.as_bytes());
        events(&mut sim);
        assert_eq!((sim.is_ended(client), sim.was_reset(client)), expected, "{unread:?} {late:?}");
        assert_eq!(sim.descriptors().streams, 0);
    }
}

#[test]
fn bytes_for_a_closed_stream_are_answered_by_a_reset() {
    let mut sim = Sim::new(1);
    sim.set_link(Link {
        delay: Duration::from_millis(5)..=Duration::from_millis(5),
        ..Link::perfect()
    });
    let (stream, client) = pair(&mut sim);
    sim.send(client, b"on its way");
    Sys::close(&mut sim, stream, Close::InOrder);
    assert_eq!(sim.ends.len(), 2);
    events(&mut sim);
    assert!(sim.is_ended(client) && sim.was_reset(client));
    assert_eq!(sim.connect(&any()).0, 1);
    assert_eq!(sim.ends.len(), 2, "the stream is gone, its place is used again");
}

#[test]
fn each_half_ends_alone() {
    let mut sim = Sim::new(1);
    let (mut stream, client) = pair(&mut sim);
    sim.shutdown(client);
    assert_eq!(events(&mut sim), [(1, "rwd")]);
    assert_eq!(sim.read(&mut stream, &mut [0; 8]).ok(), Some(0));
    assert_eq!(sim.write(&mut stream, b"still").ok(), Some(5));
    Sys::shutdown(&mut sim, &mut stream).expect("our half ends");
    assert_eq!(kind(sim.write(&mut stream, b"x")), ErrorKind::BrokenPipe);
    events(&mut sim);
    assert_eq!((sim.received(client), sim.is_ended(client)), (&b"still"[..], true));
    assert_eq!((sim.was_reset(client), sim.descriptors().streams), (false, 1));
    Sys::close(&mut sim, stream, Close::InOrder);
    assert_eq!(sim.descriptors().all(), 1, "the listener");
}

#[test]
fn urgent_data_cuts_reads_short() {
    let mut sim = Sim::new(1);
    let (mut stream, client) = pair(&mut sim);
    sim.send(client, b"ab");
    sim.send_urgent(client);
    sim.send(client, b"cd");
    assert_eq!(events(&mut sim), [(1, "rwd")]);
    let mut into = [0; 8];
    let reads: Vec<_> = (0..3).map(|_| sim.read(&mut stream, &mut into).ok()).collect();
    assert_eq!(reads, [Some(2), Some(2), None]);
    sim.send(client, b"e");
    assert_eq!(events(&mut sim), [(1, "rw")], "the mark was passed");
}

#[test]
fn edges_come_as_the_contract_says() {
    // What the loop reads with room to spare, and whether the next bytes give an edge.
    for (edges, reads, expected) in [
        (Edges::Each, &[][..], 1),
        (Edges::Armed, &[], 0),
        (Edges::Armed, &[3], 0),
        (Edges::Armed, &[2], 0),
        (Edges::Armed, &[4], 1),
        (Edges::Armed, &[3, 1], 1),
    ] {
        let mut sim = Sim::new(1);
        sim.set_buggify(Buggify { edges, ..Buggify::NONE });
        let (mut stream, client) = pair(&mut sim);
        sim.send(client, b"abc");
        assert_eq!(events(&mut sim), [(1, "rw")]);
        for size in reads {
            let _ = sim.read(&mut stream, &mut vec![0; *size]);
        }
        sim.send(client, b"d");
        assert_eq!(events(&mut sim).len(), expected, "{edges:?} {reads:?}");
        sim.shutdown(client);
        assert_eq!(events(&mut sim).len(), 1, "an end is always told");
    }
}

#[test]
fn what_came_before_the_registration_is_told_by_it() {
    for (bytes, end, expected) in [("", false, "w"), ("x", false, "rw"), ("", true, "rwd")] {
        let mut sim = Sim::new(1);
        let token0 = Source::Listener(0).token();
        let (mut listener, at) = sim.listen(&any(), &Listen::default(), token0).expect("listens");
        let client = sim.connect(&at);
        sim.send(client, bytes.as_bytes());
        if end {
            sim.shutdown(client);
        }
        assert_eq!(events(&mut sim), [(token0.0 as u32, "r")]);
        let (mut stream, from) = sim.accept(&mut listener).expect("a stream");
        assert_eq!(from, sim.address(client));
        sim.register(&mut stream, token(5)).expect("registered");
        assert_eq!(events(&mut sim), [(5, expected)]);
    }
}

#[test]
fn a_listener_at_the_descriptor_limit_gets_no_further_edge() {
    let mut sim = Sim::new(1);
    let options = Listen { backlog: 3, ..Listen::default() };
    let (mut listener, at) =
        sim.listen(&any(), &options, Source::Listener(0).token()).expect("listens");
    let spare = sim.spare().expect("a spare");
    sim.set_descriptors_max(3);
    let clients: Vec<ClientId> = (0..3).map(|_| sim.connect(&at)).collect();
    assert_eq!(events(&mut sim).len(), 1);
    let (stream, _) = sim.accept(&mut listener).expect("the one that fits");
    let full = sim.accept(&mut listener).expect_err("no descriptor");
    assert_eq!(full.raw_os_error(), Some(Errno::MFILE.raw_os_error()));
    assert!(Sys::connect(&mut sim, &at, &StreamOptions::default()).is_err());
    Sys::close(&mut sim, stream, Close::InOrder);
    assert_eq!(events(&mut sim), [], "nobody says that there is a descriptor again");
    drop(spare);
    let taken: Vec<_> = (0..2).map(|_| sim.accept(&mut listener).expect("two wait").1).collect();
    assert_eq!(taken, [sim.address(clients[1]), sim.address(clients[2])]);
    assert_eq!(sim.descriptors().all(), 3);
}

#[test]
fn a_full_backlog_is_asked_again() {
    let mut sim = Sim::new(1);
    let options = Listen { backlog: 2, ..Listen::default() };
    let (mut listener, at) =
        sim.listen(&any(), &options, Source::Listener(0).token()).expect("listens");
    let clients: Vec<ClientId> = (0..3).map(|_| sim.connect(&at)).collect();
    sim.poll(&mut Vec::new(), Some(Duration::ZERO)).expect("the wait");
    let connected: Vec<bool> = clients.iter().map(|client| sim.is_connected(*client)).collect();
    assert_eq!(connected, [true, true, false]);
    let _ = sim.accept(&mut listener).expect("the first");
    events(&mut sim);
    assert_eq!((sim.elapsed(), sim.is_connected(clients[2])), (Duration::from_secs(1), true));
    let left = sim.connect(&at);
    events(&mut sim);
    assert_eq!((sim.was_refused(left), sim.elapsed()), (true, Duration::from_secs(64)));
}

#[test]
fn accepts_fail_on_request() {
    let mut sim = Sim::new(1);
    let (mut listener, at) =
        sim.listen(&any(), &Listen::default(), Source::Listener(0).token()).expect("listens");
    sim.connect(&at);
    events(&mut sim);
    sim.fail_accepts(&[Errno::NFILE, Errno::CONNABORTED]);
    let errors: Vec<_> =
        (0..2).map(|_| sim.accept(&mut listener).expect_err("fails").raw_os_error()).collect();
    assert_eq!(errors, [Errno::NFILE, Errno::CONNABORTED].map(|e| Some(e.raw_os_error())));
    assert!(sim.accept(&mut listener).is_ok());
}

#[test]
fn outgoing_connections_come_out_as_the_server_does() {
    let at = any();
    let late = Duration::from_millis(70);
    for (serving, expected, after) in [
        (Some(Serving::Accept), Ok(()), Duration::ZERO),
        (Some(Serving::AcceptAfter(late)), Ok(()), late),
        (Some(Serving::Refuse), Err(ErrorKind::ConnectionRefused), Duration::ZERO),
        (Some(Serving::Blackhole), Err(ErrorKind::NotConnected), Duration::ZERO),
        (None, Err(ErrorKind::ConnectionRefused), Duration::ZERO),
    ] {
        let mut sim = Sim::new(1);
        if let Some(serving) = serving {
            sim.serve(&at, serving);
        }
        let mut stream = Sys::connect(&mut sim, &at, &StreamOptions::default()).expect("begins");
        sim.register(&mut stream, token(3)).expect("registered");
        assert_eq!(kind(sim.connected(&stream)), ErrorKind::NotConnected);
        assert_eq!(kind(sim.write(&mut stream, b"early")), ErrorKind::WouldBlock);
        assert_eq!(kind(sim.read(&mut stream, &mut [0; 8])), ErrorKind::WouldBlock);
        let letters: Vec<_> = events(&mut sim).into_iter().map(|(_, letters)| letters).collect();
        let outcome = sim.connected(&stream).map_err(|error| error.kind());
        assert_eq!((outcome, sim.elapsed()), (expected, after), "{serving:?}");
        match (expected, sim.accepted(&at)) {
            (Ok(()), Some(server)) => {
                assert_eq!(letters, ["w"]);
                sim.send(server, b"welcome");
                events(&mut sim);
                assert_eq!(drain(&mut sim, &mut stream), b"welcome");
            }
            (Err(ErrorKind::NotConnected), None) => assert_eq!(letters, [""; 0]),
            (Err(_), None) => assert_eq!(letters, ["rwd"]),
            other => panic!("{other:?}"),
        }
        Sys::close(&mut sim, stream, Close::InOrder);
        assert_eq!(sim.descriptors().all(), 0);
    }
}

#[test]
fn the_loop_may_be_its_own_client() {
    let mut sim = Sim::new(1);
    let unspecified = "0.0.0.0:0".parse().expect("an address");
    let (mut listener, at) =
        sim.listen(&unspecified, &Listen::default(), Source::Listener(0).token()).expect("listens");
    let port = at.ip().expect("an IP address").port();
    let at = format!("127.0.0.1:{port}").parse().expect("an address");
    let mut out = Sys::connect(&mut sim, &at, &StreamOptions::default()).expect("begins");
    sim.register(&mut out, token(1)).expect("registered");
    events(&mut sim);
    let (mut inside, from) = sim.accept(&mut listener).expect("a stream");
    assert!(from.ip().is_some_and(|at| at.ip().is_loopback()));
    sim.register(&mut inside, token(2)).expect("registered");
    assert_eq!(sim.write(&mut out, b"self").ok(), Some(4));
    assert_eq!(events(&mut sim), [(2, "rw")]);
    assert_eq!(drain(&mut sim, &mut inside), b"self");
    Sys::close(&mut sim, inside, Close::Reset);
    assert_eq!(events(&mut sim), [(1, "rwd")]);
}

#[test]
fn addresses_are_taken_once_unless_they_are_shared() {
    let mut sim = Sim::new(1);
    let shared = Listen { sharing: PortSharing::Shared, ..Listen::default() };
    let alone = Listen::default();
    for (at, options, expected) in [
        ("10.0.0.1:80", &alone, Ok(())),
        ("10.0.0.1:80", &alone, Err(ErrorKind::AddrInUse)),
        ("10.0.0.1:80", &shared, Err(ErrorKind::AddrInUse)),
        ("10.0.0.1:81", &shared, Ok(())),
        ("10.0.0.1:81", &shared, Ok(())),
        ("10.0.0.1:0", &alone, Ok(())),
        ("10.0.0.1:0", &alone, Ok(())),
        ("unix:/run/a", &alone, Ok(())),
        ("unix:/run/a", &alone, Err(ErrorKind::AddrInUse)),
    ] {
        let at = at.parse().expect(at);
        let result = sim.listen(&at, options, Source::Listener(0).token());
        assert_eq!(result.map(|_| ()).map_err(|error| error.kind()), expected, "{at}");
    }
    assert_eq!(sim.descriptors().listeners, 6);
    let nobody = "unix:/run/b".parse().expect("an address");
    let missing = Sys::connect(&mut sim, &nobody, &StreamOptions::default());
    assert_eq!(kind(missing), ErrorKind::NotFound);
}

#[test]
fn a_closed_listener_resets_who_waits() {
    let mut sim = Sim::new(1);
    let (listener, at) =
        sim.listen(&any(), &Listen::default(), Source::Listener(0).token()).expect("listens");
    let waiting = sim.connect(&at);
    events(&mut sim);
    sim.unlisten(listener);
    let late = sim.connect(&at);
    events(&mut sim);
    assert!(sim.was_reset(waiting) && sim.was_refused(late));
    assert_eq!(sim.descriptors().all(), 0);
}

#[test]
fn time_passes_only_in_waits() {
    let mut sim = Sim::new(1);
    let start = sim.nanos();
    sim.set_link(Link {
        delay: Duration::from_secs(2)..=Duration::from_secs(2),
        ..Link::perfect()
    });
    sim.connect(&any());
    for (timeout, elapsed) in [(0, 0), (500, 500), (3000, 2000), (3000, 4000), (100, 4100)] {
        let mut ready = Vec::new();
        sim.poll(&mut ready, Some(Duration::from_millis(timeout))).expect("the wait");
        assert_eq!((ready.len(), sim.elapsed()), (0, Duration::from_millis(elapsed)));
    }
    assert_eq!(Duration::from_nanos(sim.nanos() - start), sim.elapsed());
    assert!(sim.is_quiescent());
    sim.poll(&mut Vec::new(), None).expect("nothing will happen, so it does not wait");
}

#[test]
fn a_job_runs_later_and_in_order() {
    let mut sim = Sim::new(1);
    sim.set_jobs(Duration::from_millis(3)..=Duration::from_millis(3), 2);
    let (answers, answered) = std::sync::mpsc::channel();
    let mut offered = Vec::new();
    for n in 0..3 {
        let answers = answers.clone();
        let work = Box::new(move || answers.send(n).expect("somebody listens"));
        offered.push(sim.offload(work).is_ok());
    }
    assert_eq!(offered, [true, true, false]);
    events(&mut sim);
    assert_eq!(answered.try_iter().collect::<Vec<_>>(), [0, 1]);
    assert_eq!(sim.elapsed(), Duration::from_millis(6));
}

#[test]
fn signals_and_wakers_end_a_wait() {
    let mut sim = Sim::new(1);
    let waker = sim.waker().expect("a waker");
    assert_eq!(kind(sim.catch_signals(&[9])), ErrorKind::InvalidInput);
    sim.catch_signals(&[1, 15]).expect("caught");
    sim.raise_signal(15);
    waker.wake().expect("woken");
    let mut ready = Vec::new();
    sim.poll(&mut ready, Some(Duration::from_secs(1))).expect("the wait");
    let sources: Vec<Source> = ready.iter().map(|event| Source::of(event.token)).collect();
    assert_eq!((sources, sim.elapsed()), (vec![Source::Signals, Source::Waker], Duration::ZERO));
    assert_eq!((sim.signals(), sim.killed_by()), (vec![15], None));
    sim.raise_signal(2);
    assert_eq!((sim.signals(), sim.killed_by()), (vec![], Some(2)));
}

fn socket(sim: &mut Sim) -> (SimSocket, SocketAddr) {
    let token = Source::Endpoint(0).token();
    let any = "127.0.0.1:0".parse().expect("an address");
    sim.bind(any, &Bind::default(), token).expect("a socket")
}

fn receive(sim: &mut Sim, socket: &mut SimSocket) -> Vec<String> {
    let mut all = Vec::new();
    let mut each = |datagram: Datagram<'_>| {
        all.push(String::from_utf8_lossy(datagram.bytes).into_owned());
    };
    while sim.receive(socket, &mut each).is_ok() {}
    all
}

#[test]
fn datagrams_arrive_whole() {
    let mut sim = Sim::new(1);
    let (mut socket, at) = socket(&mut sim);
    let outside = "10.0.0.9:9".parse().expect("an address");
    assert_eq!(events(&mut sim).len(), 1, "it is writable");
    for bytes in ["one", "", "three"] {
        sim.send_datagram(outside, at, bytes.as_bytes());
    }
    assert_eq!(events(&mut sim).len(), 1);
    assert_eq!(receive(&mut sim, &mut socket), ["one", "", "three"]);
    let mut send = |bytes: &[u8], segment| {
        let transmit = Transmit { to: outside, from: None, ecn: None, len: bytes.len(), segment };
        sim.transmit(&mut socket, &transmit, bytes)
    };
    for (bytes, segment) in [(&b"abcdefg"[..], Some(3)), (b"whole", None), (b"", None)] {
        send(bytes, segment).expect("sent");
    }
    let large = vec![0; 70_000];
    assert_eq!(
        send(&large, None).expect_err("too large").raw_os_error(),
        Some(Errno::MSGSIZE.raw_os_error())
    );
    events(&mut sim);
    let sent = sim.take_datagrams(outside);
    assert!(sent.iter().all(|(from, _)| *from == at));
    let sent: Vec<&[u8]> = sent.iter().map(|(_, bytes)| &bytes[..]).collect();
    assert_eq!(sent, [&b"abc"[..], b"def", b"g", b"whole", b""]);
}

#[test]
fn datagrams_are_lost_doubled_and_overtaken() {
    let mut sim = Sim::new(5);
    let (mut socket, at) = socket(&mut sim);
    sim.set_datagram_link(DatagramLink { queue: 1000, ..DatagramLink::rough() });
    let outside = "10.0.0.9:9".parse().expect("an address");
    for n in 0..500 {
        sim.send_datagram(outside, at, n.to_string().as_bytes());
    }
    events(&mut sim);
    let all = receive(&mut sim, &mut socket);
    let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
    assert!((450..500).contains(&distinct.len()), "lost: {}", 500 - distinct.len());
    assert!((5..60).contains(&(all.len() - distinct.len())), "doubled: {}", all.len());
    assert!(!all.iter().is_sorted_by_key(|n| n.parse::<u32>().ok()), "overtaken");
}

/// A loop that does all that the contract allows and asks: it reads and writes in random sizes,
/// only what was reported and until it would block, and sends back what it gets.
struct Echo {
    stream: SimStream,
    readable: bool,
    writable: bool,
    drain: bool,
    over: bool,
    held: VecDeque<u8>,
}

impl Echo {
    fn new(stream: SimStream) -> Self {
        let (readable, writable, drain, over) = (false, false, false, false);
        Echo { stream, readable, writable, drain, over, held: VecDeque::new() }
    }

    fn told(&mut self, what: Readiness) {
        self.readable |= what.has(R);
        self.writable |= what.has(W);
        self.drain |= what.has(Readiness::DRAIN);
    }

    /// Says whether it is done with.
    fn turn(&mut self, sim: &mut Sim, rng: &mut Rng) -> bool {
        while self.readable && !self.over {
            let mut into = vec![0; 1 + rng.index(40)];
            match sim.read(&mut self.stream, &mut into) {
                Ok(0) => self.over = true,
                Ok(n) => {
                    self.held.extend(&into[..n]);
                    self.readable = n == into.len() || self.drain;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    (self.readable, self.drain) = (false, false);
                }
                Err(_) => return true,
            }
        }
        while self.writable && !self.held.is_empty() {
            let bytes = self.held.make_contiguous();
            let n = bytes.len().min(1 + rng.index(40));
            match sim.write(&mut self.stream, &bytes[..n]) {
                Ok(n) => drop(self.held.drain(..n)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(_) => return true,
            }
        }
        self.over && self.held.is_empty()
    }
}

/// Clients send and half-close over the worst that the network and readiness can be; says what each
/// got back, whether it ended in order, and the hash of the run.
fn echo_world(seed: u64, link: &Link, buggify: &Buggify) -> (Vec<(Vec<u8>, bool)>, u64) {
    let mut rng = Rng::new(seed).fork();
    let mut sim = Sim::new(seed);
    sim.set_buggify(buggify.clone());
    sim.set_link(link.clone());
    let (mut listener, at) =
        sim.listen(&any(), &Listen::default(), Source::Listener(0).token()).expect("listens");
    let clients: Vec<(ClientId, usize)> =
        (0..4).map(|_| (sim.connect(&at), rng.index(3000))).collect();
    for (client, len) in &clients {
        sim.send(*client, &pattern(*len));
        sim.shutdown(*client);
    }
    let mut served: Vec<Option<Echo>> = Vec::new();
    let mut ready = Vec::new();
    while !sim.is_quiescent() {
        ready.clear();
        sim.poll(&mut ready, None).expect("the wait");
        for event in &ready {
            match Source::of(event.token) {
                Source::Conn(id) => {
                    if let Some(echo) = &mut served[id.index as usize] {
                        echo.told(event.what);
                    }
                }
                _ => {
                    while let Ok((mut stream, _)) = sim.accept(&mut listener) {
                        sim.register(&mut stream, token(served.len() as u32)).expect("registered");
                        served.push(Some(Echo::new(stream)));
                    }
                }
            }
        }
        for slot in &mut served {
            if slot.as_mut().is_some_and(|echo| echo.turn(&mut sim, &mut rng))
                && let Some(done) = slot.take()
            {
                Sys::close(&mut sim, done.stream, Close::InOrder);
            }
        }
    }
    let got = clients.iter().map(|(client, _)| (sim.take(*client), sim.is_ended(*client)));
    let got: Vec<(Vec<u8>, bool)> = got.collect();
    for ((got, ended), (_, len)) in got.iter().zip(&clients) {
        assert!(pattern(*len).starts_with(got), "seed {seed}");
        assert!(!ended || got.len() == *len, "seed {seed}");
    }
    assert_eq!(sim.descriptors().streams, 0, "seed {seed}");
    (got, sim.trace_hash())
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 256) as u8).collect()
}

#[test]
fn a_loop_that_follows_the_contract_loses_nothing_on_any_network() {
    let kinds = [(Link::rough(), Buggify::ROUGH), (Link::perfect(), Buggify::ROUGH)];
    let small = Link { window: 1..=8, ..Link::rough() };
    for (link, buggify) in kinds.into_iter().chain([(small, Buggify::NONE)]) {
        for seed in 0..50 {
            let (got, hash) = echo_world(seed, &link, &buggify);
            assert!(got.iter().all(|(_, ended)| *ended), "seed {seed}");
            assert_eq!(echo_world(seed, &link, &buggify).1, hash, "seed {seed} is not one run");
            assert_ne!(echo_world(seed + 1, &link, &buggify).1, hash, "seed {seed}");
        }
    }
}

#[test]
fn a_network_that_resets_cuts_streams_and_changes_no_byte() {
    let link = Link { reset: Chance::percent(3), ..Link::rough() };
    let ended = (0..100).flat_map(|seed| echo_world(seed, &link, &Buggify::ROUGH).0);
    let (whole, cut): (Vec<_>, Vec<_>) = ended.partition(|(_, ended)| *ended);
    assert!(whole.len() > 20 && cut.len() > 20, "{} and {}", whole.len(), cut.len());
}

#[test]
fn what_is_reported_falsely_is_reported_often() {
    let mut sim = Sim::new(3);
    let (first, _) = pair(&mut sim);
    Sys::close(&mut sim, first, Close::InOrder);
    let mut second = Sys::connect(&mut sim, &any(), &StreamOptions::default()).expect("begins");
    sim.register(&mut second, token(2)).expect("registered");
    events(&mut sim);
    sim.set_buggify(Buggify::ROUGH);
    let mut ready = Vec::new();
    for _ in 0..1000 {
        sim.poll(&mut ready, None).expect("the wait");
    }
    let count = |index| ready.iter().filter(|event| event.token == token(index)).count();
    assert!((20..200).contains(&count(1)), "stale: {}", count(1));
    assert!((10..200).contains(&count(2)), "spurious: {}", count(2));
    assert!(
        ready
            .iter()
            .all(|event| RWD.has(event.what) && (RW.has(event.what) || event.token == token(1)))
    );
}
