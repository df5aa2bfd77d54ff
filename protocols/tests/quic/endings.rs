//! How streams and connections end, and that nothing of them is left.

use std::io::{ErrorKind, IoSlice};
use std::time::Duration;

use readily_protocols::contract::{Address, Id, Release, StreamEvent, StreamKey};
use readily_protocols::quic::limits::{
    CLOSED, CLOSED_BY_PEER, ESTABLISHED, IDLE, REFUSED_DRAINING, RESET_BY_PEER, STREAM_REFUSED,
};
use readily_protocols::quic::{Limits, Quic, Secrets};

use crate::talk::Talk;
use crate::world::{NAME, Weather, World, at, client, client_of, pair, server, tls};

const MINUTE: Duration = Duration::from_secs(60);
const ECHO: Id = Id { index: 70, generation: 1 };
const ASKER: Id = Id { index: 90, generation: 1 };

/// One stream between two nodes, with a hand on both ends.
struct Stream {
    world: World,
    /// The keys at both nodes.
    keys: [StreamKey; 2],
    /// What both nodes told, less the opening.
    told: [Vec<StreamEvent>; 2],
}

impl Stream {
    /// It is opened with one byte, which the server has read.
    fn new(weather: Weather) -> Stream {
        Stream::with(Limits::DEFAULT, weather)
    }

    fn with(limits: Limits, weather: Weather) -> Stream {
        let mut world = pair(1, weather, limits);
        let now = world.nodes[1].now();
        let ours = world.nodes[1].streams().open(at(0), NAME, ASKER, now).expect("a stream");
        let told = [vec![], vec![]];
        let mut stream = Stream { world, keys: [ours, ours], told };
        stream.run();
        assert_eq!(stream.told[1], [StreamEvent::Connected(ASKER)]);
        assert_eq!(stream.write(1, b"!"), Ok(1));
        stream.run();
        let [StreamEvent::Opened(theirs)] = stream.told[0][..] else { panic!("{:?}", stream.told) };
        stream.keys[0] = theirs;
        stream.world.nodes[0].streams().attach(theirs, ECHO);
        stream.run();
        assert_eq!(stream.read(0), Ok(b"!".to_vec()));
        stream.told = [vec![], vec![]];
        stream
    }

    /// Lets a second pass.
    fn run(&mut self) {
        let told = &mut self.told;
        self.world.run(Duration::from_secs(1), |world| {
            for (node, told) in world.nodes.iter_mut().zip(told.iter_mut()) {
                told.extend(std::iter::from_fn(|| node.event()));
            }
        });
    }

    fn read(&mut self, node: usize) -> Result<Vec<u8>, ErrorKind> {
        let mut into = [0; 10_000];
        let n = self.world.nodes[node].streams().read(self.keys[node], &mut into)?;
        Ok(into[..n].to_vec())
    }

    fn write(&mut self, node: usize, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.world.nodes[node].streams().write(self.keys[node], &[IoSlice::new(bytes)])
    }

    fn finish(&mut self, node: usize) {
        self.world.nodes[node].streams().finish(self.keys[node]);
    }

    fn release(&mut self, node: usize, how: Release) {
        self.world.nodes[node].streams().release(self.keys[node], how);
    }
}

const BLOCKED: Result<Vec<u8>, ErrorKind> = Err(ErrorKind::WouldBlock);
const END: Result<Vec<u8>, ErrorKind> = Ok(vec![]);

#[test]
fn each_half_ends_on_its_own() {
    let mut stream = Stream::new(Weather::CLEAR);
    assert_eq!(stream.write(1, b"last"), Ok(4));
    stream.finish(1);
    assert_eq!(stream.write(1, b"more"), Err(ErrorKind::BrokenPipe));
    stream.run();
    assert!(stream.told[0].contains(&StreamEvent::Readable(ECHO)), "{:?}", stream.told);
    assert_eq!(stream.read(0), Ok(b"last".to_vec()));
    assert_eq!((stream.read(0), stream.read(0)), (END, END));
    assert_eq!(stream.read(1), BLOCKED);
    assert_eq!(stream.write(0, b"answer"), Ok(6));
    stream.finish(0);
    stream.run();
    assert_eq!(stream.read(1), Ok(b"answer".to_vec()));
    assert_eq!((stream.read(1), stream.read(1)), (END, END));
}

#[test]
fn a_reset_fails_the_reader_and_stops_the_writer() {
    for by in [0, 1] {
        let mut stream = Stream::new(Weather::CLEAR);
        let other = 1 - by;
        stream.release(by, Release::Reset);
        stream.run();
        let id = [ECHO, ASKER][other];
        for event in [StreamEvent::Readable(id), StreamEvent::Writable(id)] {
            assert!(stream.told[other].contains(&event), "{:?}", stream.told);
        }
        assert_eq!(stream.told[by], []);
        for _ in 0..2 {
            assert_eq!(stream.read(other), Err(ErrorKind::ConnectionReset));
            assert_eq!(stream.write(other, b"to nobody"), Err(ErrorKind::BrokenPipe));
        }
        stream.release(other, Release::InOrder);
        assert!(!stream.world.nodes[other].is_owing());
        stream.run();
        assert_eq!(stream.told[other].len(), 2, "{:?}", stream.told);
        assert_eq!((stream.read(by), stream.read(other)), (NOT_THERE, NOT_THERE));
    }
}

const NOT_THERE: Result<Vec<u8>, ErrorKind> = Err(ErrorKind::NotConnected);

#[test]
fn what_was_written_before_a_release_in_order_arrives_whatever_is_lost() {
    let weather = Weather { loss: 25, doubled: 5, reordered: 30, corrupted: 0, delay: 20 };
    let written: Vec<u8> = (0..100_000u32).map(|n| (n / 7) as u8).collect();
    for finished in [false, true] {
        let mut stream = Stream::new(Weather::CLEAR);
        stream.world.weather = weather;
        assert_eq!(stream.write(1, &written), Ok(written.len()));
        if finished {
            stream.finish(1);
        }
        stream.release(1, Release::InOrder);
        assert!(stream.world.nodes[1].is_owing());
        let mut read = Vec::new();
        loop {
            match stream.read(0) {
                Ok(bytes) if bytes.is_empty() => break,
                Ok(bytes) => read.extend(bytes),
                Err(why) => assert_eq!(why, ErrorKind::WouldBlock),
            }
            stream.run();
            assert!(stream.world.time() < 30 * MINUTE);
        }
        assert!(read == written);
        // The peer was asked to send no more.
        (0..10).for_each(|_| stream.run());
        assert_eq!(stream.write(0, b"to nobody"), Err(ErrorKind::BrokenPipe));
        assert!(!stream.world.nodes[1].is_owing(), "all was acknowledged");
        assert_eq!(stream.told[1], [], "released");
    }
}

#[test]
fn what_is_read_makes_room_at_the_writer() {
    let mut stream = Stream::new(Weather::CLEAR);
    let window = 256 * 1024 - 1;
    assert_eq!(stream.write(1, &vec![7; window + 1]), Ok(window));
    assert_eq!(stream.write(1, b"!"), Err(ErrorKind::WouldBlock));
    stream.run();
    assert!(stream.told[0].contains(&StreamEvent::Readable(ECHO)) && stream.told[1].is_empty());
    let mut read = 0;
    while let Ok(bytes) = stream.read(0) {
        read += bytes.len();
    }
    assert_eq!(read, window);
    // The reader says nothing on the stream; it must be told of the room all the same.
    stream.run();
    assert_eq!(stream.told[1], [StreamEvent::Writable(ASKER)]);
    assert_eq!(stream.write(1, b"!"), Ok(1));
}

#[test]
fn a_stream_that_was_stopped_gives_its_place_free_before_it_is_released() {
    let limits = Limits { streams: 1, ..Limits::DEFAULT };
    let mut stream = Stream::with(limits, Weather::CLEAR);
    let (second, now) = (Id { index: 91, ..ASKER }, stream.world.nodes[1].now());
    let opened = stream.world.nodes[1].streams().open(at(0), NAME, second, now);
    assert!(opened.is_ok());
    stream.run();
    assert_eq!(stream.told[1], [], "the peer allows one");
    stream.release(0, Release::InOrder);
    stream.run();
    assert!(stream.told[1].contains(&StreamEvent::Connected(second)), "{:?}", stream.told);
    assert_eq!(stream.read(1), END);
    assert_eq!(stream.write(1, b"to nobody"), Err(ErrorKind::BrokenPipe));
}

#[test]
fn what_a_reset_gives_back_lets_another_stream_write_at_once() {
    let limits = Limits { send_window: 10_000, ..Limits::DEFAULT };
    let mut stream = Stream::with(limits, Weather::CLEAR);
    let (second, now) = (Id { index: 91, ..ASKER }, stream.world.nodes[1].now());
    let client = stream.world.nodes[1].streams();
    let key = client.open(at(0), NAME, second, now).expect("a stream");
    assert_eq!(client.poll_event(), Some(StreamEvent::Connected(second)));
    assert_eq!(client.write(key, &[IoSlice::new(&[7; 20_000])]), Ok(10_000));
    assert_eq!(stream.write(1, b"!"), Err(ErrorKind::WouldBlock));
    let client = stream.world.nodes[1].streams();
    client.release(key, Release::Reset);
    assert_eq!(client.poll_event(), Some(StreamEvent::Writable(ASKER)));
    assert_eq!(stream.write(1, b"!"), Ok(1));
}

#[test]
fn a_key_that_is_used_again_has_no_events_of_before() {
    let mut stream = Stream::new(Weather::CLEAR);
    let ids = [91, 92].map(|index| Id { index, ..ASKER });
    let now = stream.world.nodes[1].now();
    let client = stream.world.nodes[1].streams();
    let first = client.open(at(0), NAME, ids[0], now).expect("a stream");
    client.release(first, Release::Reset);
    let second = client.open(at(0), NAME, ids[1], now).expect("a stream");
    assert_eq!(first, second);
    let events: Vec<_> = std::iter::from_fn(|| client.poll_event()).collect();
    assert_eq!(events, [StreamEvent::Connected(ids[1])]);
}

#[test]
fn after_a_lost_connection_another_is_made() {
    let mut talk = Talk::new(1, Weather::CLEAR, Limits::DEFAULT);
    for node in [0, 1, 0] {
        talk.ask(1000);
        assert!(talk.finish(MINUTE).is_some() && talk.client.all_well());
        talk.world.nodes[node].close();
        // The other side may still hold on to what is closed.
        talk.run(Duration::from_millis(6));
    }
    assert_eq!(talk.world.nodes[0].count(ESTABLISHED), 3);
}

#[test]
fn a_connection_that_is_closed_fails_its_streams_once() {
    for by in [0, 1] {
        let mut stream = Stream::new(Weather::CLEAR);
        assert_eq!(stream.write(by, b"before"), Ok(6));
        stream.run();
        stream.told = [vec![], vec![]];
        stream.world.nodes[by].close();
        stream.run();
        for (node, id) in [(by, [ECHO, ASKER][by]), (1 - by, [ECHO, ASKER][1 - by])] {
            let mut told = stream.told[node].clone();
            told.sort_by_key(|event| matches!(event, StreamEvent::Writable(_)));
            assert_eq!(told, [StreamEvent::Readable(id), StreamEvent::Writable(id)]);
            assert_eq!(stream.write(node, b"?"), Err(ErrorKind::ConnectionAborted));
            let name = if node == by { CLOSED } else { CLOSED_BY_PEER };
            assert_eq!(stream.world.nodes[node].count(name), 1);
        }
        // The second that has passed was longer than the connection is kept for stragglers.
        for node in [0, 1] {
            assert_eq!(stream.world.nodes[node].quic.connections(), 0);
            assert_eq!(stream.read(node), Err(ErrorKind::ConnectionAborted));
            stream.release(node, Release::InOrder);
            assert_eq!(stream.world.nodes[node].quic.open_streams(), 0);
            assert!(!stream.world.nodes[node].is_owing());
        }
    }
}

#[test]
fn what_had_arrived_can_be_read_after_the_close() {
    let mut stream = Stream::new(Weather::CLEAR);
    assert_eq!(stream.write(1, b"before"), Ok(6));
    stream.finish(1);
    let arrived = |told: &[StreamEvent]| told.contains(&StreamEvent::Readable(ECHO));
    while !arrived(&stream.told[0]) {
        assert!(stream.world.step(MINUTE));
        stream.told[0].extend(std::iter::from_fn(|| stream.world.nodes[0].event()));
    }
    stream.world.nodes[1].close();
    while stream.world.nodes[0].count(CLOSED_BY_PEER) == 0 {
        assert!(stream.world.step(MINUTE));
    }
    assert_eq!(stream.read(0), Ok(b"before".to_vec()));
    assert_eq!((stream.read(0), stream.read(0)), (END, END));
    assert_eq!(stream.write(0, b"?"), Err(ErrorKind::ConnectionAborted));
}

#[test]
fn a_silent_connection_is_lost_after_the_idle_bound() {
    // G18. The bound counts from the last packet; that of the peer holds where it is less.
    for (ours, theirs) in [(30, 30), (30, 7), (7, 30)] {
        let limits = |idle| Limits { idle: Duration::from_secs(idle), ..Limits::DEFAULT };
        let quics = [server(limits(ours)), client(limits(theirs))];
        let mut talk = Talk::of(World::new(1, Weather::CLEAR, quics));
        talk.server.pause_new = true;
        talk.ask(10);
        talk.run(Duration::from_secs(1));
        talk.world.weather.loss = 100;
        let bound = Duration::from_secs(ours.min(theirs));
        talk.run(bound - Duration::from_millis(1500));
        assert_eq!([talk.client.ends(), talk.server.ends()], [[None], [None]]);
        talk.run(Duration::from_millis(1500));
        talk.resume();
        let timed_out = [Some(Err(ErrorKind::TimedOut))];
        assert_eq!([talk.client.ends(), talk.server.ends()], [timed_out, timed_out]);
        for node in &talk.world.nodes {
            assert_eq!((node.count(IDLE), node.quic.connections()), (1, 0));
        }
    }
}

#[test]
fn keep_alive_keeps_a_silent_connection() {
    let limits = Limits { keep_alive: Some(Duration::from_secs(10)), ..Limits::DEFAULT };
    for (limits, lives) in [(limits, true), (Limits::DEFAULT, false)] {
        let mut talk = Talk::new(1, Weather::CLEAR, limits);
        talk.server.pause_new = true;
        talk.ask(10);
        talk.run(10 * MINUTE);
        talk.resume();
        assert_eq!(talk.finish(MINUTE).is_some() && talk.client.all_well(), lives);
    }
}

#[test]
fn a_drain_delivers_what_was_written_and_takes_nobody_new() {
    let mut talk = Talk::of(World::new(
        1,
        Weather { delay: 50, ..Weather::CLEAR },
        [server(Limits::DEFAULT), client(Limits::DEFAULT), client_of(3, Limits::DEFAULT)],
    ));
    talk.ask(300_000);
    talk.run(Duration::from_millis(400));
    assert!(!talk.client.all_over(), "it is under way");
    talk.world.nodes[0].drain();
    // A stream of a connection that is there, and another connection.
    let late = talk.ask(10);
    let now = talk.world.nodes[2].now();
    let other = talk.world.nodes[2].streams();
    assert!(other.open(at(0), NAME, ASKER, now).is_ok());
    assert!(talk.finish(MINUTE).is_some());
    let late = talk.client.all.remove(&late).expect("it was asked for").over;
    assert!(matches!(late, Some(Err(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe))));
    assert!(talk.client.all_well() && talk.server.all_well());
    let refused = StreamEvent::Unreachable(ASKER, ErrorKind::ConnectionRefused);
    assert_eq!(talk.world.nodes[2].event(), Some(refused));
    let server = &mut talk.world.nodes[0];
    assert_eq!((server.count(STREAM_REFUSED), server.count(REFUSED_DRAINING)), (1, 1));
    server.close();
    assert!(talk.until_empty(MINUTE));
}

#[test]
fn a_server_that_was_started_anew_tells_peers_that_it_forgot_them() {
    let mut talk = Talk::new(1, Weather::CLEAR, Limits::DEFAULT);
    talk.server.pause_new = true;
    let id = talk.ask(100);
    talk.run(Duration::from_secs(1));
    // The same key for resets, all else new.
    let secrets = Secrets::fixed([9; 32]).with_reset_key([1; 32]);
    talk.world.nodes[0].quic = Quic::server(tls().0, secrets, Limits::DEFAULT).expect("a server");
    talk.server.all.clear();
    let more = talk.ask(100_000);
    talk.run(Duration::from_secs(5));
    for id in [id, more] {
        assert_eq!(talk.client.all[&id].over, Some(Err(ErrorKind::ConnectionReset)));
    }
    assert_eq!(talk.world.nodes[1].count(RESET_BY_PEER), 1);
    assert_eq!(talk.world.nodes[1].quic.connections(), 0);
}

#[test]
fn a_stream_knows_where_it_comes_from_and_what_was_agreed() {
    let mut stream = Stream::new(Weather::CLEAR);
    for (node, other) in [(0, 1), (1, 0)] {
        let key = stream.keys[node];
        let origin = stream.world.nodes[node].streams().origin(key);
        assert_eq!(origin.address, Address::Ip(at(other)));
        let secured = origin.secured.expect("it is QUIC");
        assert_eq!(secured.alpn.as_deref(), Some(&b"echo"[..]));
        assert_eq!(secured.server_name.as_deref(), Some(NAME));
    }
}

#[test]
fn a_release_before_the_stream_is_made_leaves_nothing() {
    for how in [Release::InOrder, Release::Reset] {
        let mut world = pair(1, Weather::CLEAR, Limits::DEFAULT);
        let now = world.nodes[1].now();
        let key = world.nodes[1].streams().open(at(0), NAME, ASKER, now).expect("a stream");
        world.nodes[1].streams().release(key, how);
        world.run(MINUTE / 3, |world| assert!(world.nodes.iter_mut().all(|n| n.event().is_none())));
        assert_eq!(world.nodes[1].quic.open_streams(), 0);
        // Its connection is there for the next, until it has been idle for too long.
        assert_eq!(world.nodes[1].quic.connections(), 1);
        world.run(MINUTE, |_| {});
        assert_eq!(world.nodes[1].quic.connections(), 0);
    }
}

#[test]
fn who_only_answers_opens_nothing_and_bad_names_are_not_tried() {
    let mut world = pair(1, Weather::CLEAR, Limits::DEFAULT);
    let now = world.nodes[0].now();
    let nobody = ([0, 0, 0, 0], 1).into();
    for (node, to, name, why) in [
        (0, at(1), NAME, ErrorKind::Unsupported),
        (1, at(0), "no name", ErrorKind::InvalidInput),
        (1, at(0), "", ErrorKind::InvalidInput),
        (1, nobody, NAME, ErrorKind::AddrNotAvailable),
    ] {
        assert_eq!(world.nodes[node].streams().open(to, name, ASKER, now), Err(why));
        assert_eq!(world.nodes[node].quic.open_streams(), 0);
    }
    assert!(!world.step(MINUTE), "nothing was sent");
}

#[test]
fn ten_thousand_connections_come_and_go_and_nothing_is_left() {
    const EACH: u64 = 100;
    let limits = Limits { mtu: 1200, ..Limits::DEFAULT };
    let mut talk = Talk::new(1, Weather { delay: 1, ..Weather::CLEAR }, limits);
    for round in 0..100 {
        // Each under a name of its own, so that they do not share a connection.
        talk.world.trace.clear();
        for nth in 0..EACH {
            talk.client.ask_as(&mut talk.world.nodes[1], &format!("a{nth}.many.{NAME}"), 10);
        }
        assert!(talk.finish(MINUTE).is_some() && talk.client.all_well() && talk.server.all_well());
        assert_eq!(talk.world.nodes[0].quic.connections() as u64, EACH);
        talk.client.all.clear();
        talk.server.all.clear();
        // Closed by either side.
        talk.world.nodes[round % 2].close();
        assert!(talk.until_empty(MINUTE));
        for node in &talk.world.nodes {
            assert_eq!((node.quic.half_open(), node.quic.open_streams()), (0, 0));
            assert_eq!(node.deadline(), None, "no timer is left");
        }
    }
    let server = &talk.world.nodes[0];
    assert_eq!(server.count(CLOSED) + server.count(CLOSED_BY_PEER), 100 * EACH);
}
