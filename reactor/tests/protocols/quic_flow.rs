//! Back-pressure on streams of QUIC, relays between them and sockets, and sockets that refuse.

use std::cell::Cell;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use readily::echo::Echo;
use readily::quic::{Limits, Quic, Secrets};
use readily::sys::faults::{Call, Faulty, Plan};
use readily::sys::sim::{Chance, DatagramLink, Rng, Serving, Sim};
use readily::{Address, Bind, Config, Connect, EndpointId, Listen, Step};
use rustix::io::Errno;
use rustls::version::TLS13;

use crate::keys::{self, NAME};
use crate::peer::Peer;
use crate::place::{Place, noise};
use crate::town::{Conn, Dial};

const SOON: Duration = Duration::from_secs(1);
const BLOCK: usize = 64 * 1024;

fn peer(place: &mut Place, to: SocketAddr) -> [Peer; 1] {
    [Peer::new(1, place.sim(), to, Limits::DEFAULT)]
}

#[test]
fn a_client_that_does_not_read_is_not_read_from() {
    let mut place = Place::quiet(Config::default());
    let at = place.quic(Limits::DEFAULT, |_, _| Some(Conn::Echo(Echo)));
    let mut peers = peer(&mut place, at);
    let text = noise(6_000_000, &mut Rng::new(1));
    peers[0].call(place.sim(), &text).finish();
    peers[0].calls[0].listens = false;
    place.drive_for(&mut peers, SOON * 10);
    let said = peers[0].calls[0].said;
    assert!(said < 4_000_000, "it is read from for ever");
    let Config { send_marks, receive_max, .. } = Config::default();
    let most = send_marks.high + receive_max + 2 * BLOCK;
    assert!(place.counters().buffered <= most as u64, "{:?}", place.counters());
    // Others on the same connection are served.
    peers[0].call(place.sim(), b"hello").finish();
    place.drive_for(&mut peers, SOON);
    assert!(peers[0].calls[1].has_heard(b"hello"), "{:?}", peers[0].calls[1]);
    peers[0].calls[0].listens = true;
    place.drive_until(&mut peers, |_, peers| peers[0].calls[0].ended.is_some());
    assert!(peers[0].calls[0].has_heard(&text), "{:?}", peers[0].calls[0]);
    assert_eq!(place.counters().buffered, 0);
    peers[0].close(place.sim());
    place.end();
}

#[test]
fn a_machine_that_does_not_read_holds_up_its_stream_alone() {
    let mut place = Place::quiet(Config::default());
    let reads = Rc::new(Cell::new(false));
    let may = Rc::clone(&reads);
    let at = place.quic(Limits::DEFAULT, move |_, _| {
        let may = Rc::clone(&may);
        Some(Conn::act(move |io| {
            // Whoever begins with this is not read from for now.
            let waits = io.rx.bytes().first() == Some(&b'!') && !may.get();
            if !waits {
                io.tx.adopt(io.rx, usize::MAX);
            }
            Ok(if io.rx.is_drained() { Step::Finish } else { Step::Wait })
        }))
    });
    let mut peers = peer(&mut place, at);
    let text = [b"!".to_vec(), noise(1_000_000, &mut Rng::new(1))].concat();
    peers[0].call(place.sim(), &text).finish();
    place.drive_for(&mut peers, SOON * 5);
    let most = Config::RECEIVE_MAX + 3 * BLOCK;
    assert!(place.counters().buffered <= most as u64, "{:?}", place.counters());
    assert!(peers[0].calls[0].heard.is_empty());
    for nth in 1..=5 {
        peers[0].call(place.sim(), b"hello").finish();
        place.drive_for(&mut peers, SOON);
        assert!(peers[0].calls[nth].has_heard(b"hello"), "{:?}", peers[0].calls[nth]);
    }
    reads.set(true);
    let id = place.reactor.connections().next().expect("it is there").id;
    place.reactor.handle().wake(id).expect("room");
    place.drive_for(&mut peers, SOON * 5);
    assert!(peers[0].calls[0].has_heard(&text), "{:?}", peers[0].calls[0]);
    peers[0].close(place.sim());
    place.end();
}

#[test]
fn a_client_of_quic_talks_to_a_server_of_tcp() {
    let mut place = Place::quiet(Config::default());
    let backend: Address = "10.0.1.1:80".parse().expect("an address");
    place.sim().serve(&backend, Serving::Accept);
    let to = backend.clone();
    let at = place.quic(Limits::DEFAULT, move |_, _| Some(Conn::Dial(Dial::to(&to))));
    let mut peers = peer(&mut place, at);
    let mut rng = Rng::new(1);
    let (asked, answer) = (noise(300_000, &mut rng), noise(400_000, &mut rng));
    peers[0].call(place.sim(), &asked).finish();
    place.drive_until(&mut peers, |place, _| place.counters().connects == 1);
    place.drive_for(&mut peers, SOON);
    let inside = place.sim().accepted(&backend).expect("a connection to the backend");
    assert!(place.sim().received(inside) == asked && place.sim().is_ended(inside));
    place.sim().send(inside, &answer);
    place.sim().shutdown(inside);
    place.drive_for(&mut peers, SOON);
    assert!(peers[0].calls[0].has_heard(&answer), "{:?}", peers[0].calls[0]);
    assert_eq!((place.counters().open, place.counters().buffered), (0, 0));
    // A reset on one side is one on the other.
    peers[0].call(place.sim(), b"hello");
    place.drive_for(&mut peers, SOON);
    let inside = place.sim().accepted(&backend).expect("a connection to the backend");
    place.sim().reset(inside);
    place.drive_for(&mut peers, SOON);
    assert_eq!(peers[0].calls[1].ended, Some(Err(ErrorKind::ConnectionReset)));
    peers[0].call(place.sim(), b"hello");
    place.drive_for(&mut peers, SOON);
    let inside = place.sim().accepted(&backend).expect("a connection to the backend");
    peers[0].release(2, readily::Release::Reset);
    place.drive_for(&mut peers, SOON);
    assert!(place.sim().was_reset(inside));
    assert_eq!(place.counters().open, 0);
    peers[0].close(place.sim());
    place.end();
}

/// A loop with a server of QUIC and a client of its own, and a relay from TCP over the second.
fn relay_over_quic(to: &str, name: &'static str) -> (Place, Address) {
    let mut place = Place::quiet(Config::default());
    place.quic(Limits::DEFAULT, |_, _| Some(Conn::Echo(Echo)));
    let tls = keys::client(&[&TLS13]);
    let quic = Quic::client(tls, Secrets::fixed([2; 32]), Limits::DEFAULT).expect("an endpoint");
    let here = ([10, 0, 0, 2], 5000).into();
    let bound = place.reactor.bind_streams(here, Bind::default(), quic, |_, _| None);
    let endpoint: EndpointId = bound.expect("a socket").0;
    let to: Address = to.parse().expect("an address");
    let at = place.listen(80, Listen::default(), move |_, _| {
        Some(Conn::Dial(Dial(Connect::to(to.clone()).over(endpoint, name))))
    });
    (place, at)
}

#[test]
fn a_client_of_tcp_talks_to_a_server_of_quic() {
    let (mut place, at) = relay_over_quic("10.0.0.1:443", NAME);
    let mut rng = Rng::new(1);
    let texts: Vec<Vec<u8>> = (0..20).map(|_| noise(rng.index(200_000), &mut rng)).collect();
    let clients: Vec<_> = texts
        .iter()
        .map(|text| {
            let client = place.sim().connect(&at);
            place.sim().send(client, text);
            place.sim().shutdown(client);
            client
        })
        .collect();
    place.drive_for(&mut [], SOON * 5);
    for (client, text) in clients.iter().zip(&texts) {
        assert!(place.sim().received(*client) == text && place.sim().is_ended(*client));
        assert!(!place.sim().was_reset(*client));
    }
    let counters = place.counters();
    assert_eq!((counters.streams, counters.connects, counters.connects_failed), (20, 20, 0));
    assert_eq!(place.tally(readily::quic::limits::CONNECTING), 1, "on one connection");
    assert_eq!((counters.open, counters.buffered), (0, 0));
    place.end();
}

#[test]
fn a_server_of_quic_that_is_not_there_is_given_up() {
    for (to, name, within) in [
        ("10.0.0.77:443", NAME, Connect::WITHIN),
        ("10.0.0.1:443", "another.example", SOON),
        ("10.0.0.1:443", "not a name", SOON),
    ] {
        let (mut place, at) = relay_over_quic(to, name);
        let client = place.sim().connect(&at);
        place.sim().send(client, b"hello");
        place.drive_for(&mut [], within + SOON);
        assert!(place.sim().was_reset(client), "{to} {name}");
        assert_eq!((place.counters().connects_failed, place.counters().open), (1, 0), "{name}");
        assert_eq!(place.counters().buffered, 0);
        place.end();
    }
}

/// An echo of some size on a perfect link where calls may fail; the calls, what was lost, and
/// whether some were sent together.
fn scene(plan: Plan, link: DatagramLink) -> Option<(Vec<Call>, u64)> {
    let mut sim = Sim::new(1);
    sim.set_datagram_link(link);
    let mut place = Place::with(0, Faulty::new(sim, plan), Config::default()).ok()?;
    let tls = keys::server(&[&TLS13]);
    let quic = Quic::server(tls, Secrets::fixed([1; 32]), Limits::DEFAULT).expect("an endpoint");
    let at = ([10, 0, 0, 1], 443).into();
    let echo = |_: &mut crate::town::Town, _: &readily::Accepted<'_>| Some(Conn::Echo(Echo));
    place.reactor.bind_streams(at, Bind::default(), quic, echo).ok()?;
    let mut peers = peer(&mut place, at);
    let text = noise(60_000, &mut Rng::new(1));
    peers[0].call(place.sim(), &text).finish();
    place.drive_until(&mut peers, |_, peers| peers[0].calls[0].ended.is_some());
    assert!(peers[0].calls[0].has_heard(&text), "{plan:?}: {:?}", peers[0].calls[0]);
    peers[0].close(place.sim());
    place.drive_for(&mut peers, SOON);
    let (calls, lost) = (place.reactor.sys_mut().calls().to_vec(), place.counters().datagrams_lost);
    place.end();
    Some((calls, lost))
}

#[test]
fn each_call_of_a_datagram_socket_may_fail_in_each_way() {
    let (calls, lost) = scene(Plan::Count, DatagramLink::perfect()).expect("a loop");
    assert_eq!(lost, 0);
    let mut whole = 0;
    for (k, call) in calls.iter().enumerate() {
        // Segmentation that the device cannot do is an EIO or an EINVAL.
        let more: &[Errno] = if *call == Call::Transmit { &[Errno::IO, Errno::INVAL] } else { &[] };
        for errno in call.errnos().iter().chain(more) {
            let Some((_, lost)) = scene(Plan::Once(k, *errno), DatagramLink::perfect()) else {
                assert!(matches!(call, Call::Waker | Call::Bind | Call::Spare), "{call:?}");
                continue;
            };
            assert!(lost <= 1, "{call:?} number {k} fails with {errno:?}: {lost} are lost");
            let together = more.contains(errno) && lost == 0;
            whole += usize::from(together);
        }
    }
    assert!(whole >= 8, "what could not be sent together was sent one by one {whole} times");
}

#[test]
fn what_a_socket_does_not_take_now_is_sent_later() {
    for percent in [10, 50, 90] {
        let link = DatagramLink { refuse: Chance::percent(percent), ..DatagramLink::perfect() };
        let (_, lost) = scene(Plan::Count, link).expect("a loop");
        assert_eq!(lost, 0, "{percent} %");
    }
    for n in 2..=12 {
        let plan = Plan::Every(n, Errno::INTR);
        assert_eq!(scene(plan, DatagramLink::perfect()).map(|(_, lost)| lost), Some(0), "{n}");
    }
}

#[test]
fn streams_wait_for_memory_and_are_not_shed() {
    let mut config = Config::default();
    config.buffers_max = 400_000;
    config.send_stall = Duration::from_secs(3600);
    let mut place = Place::quiet(config);
    let at = place.quic(Limits::DEFAULT, |_, _| Some(Conn::Echo(Echo)));
    let idle = Duration::from_secs(3600);
    let limits = Limits { idle, stream_window: 20_000, ..Limits::DEFAULT };
    let mut peers = [Peer::new(1, place.sim(), at, limits)];
    let text = noise(90_000, &mut Rng::new(1));
    for _ in 0..30 {
        let call = peers[0].call(place.sim(), &text);
        call.finish();
        call.listens = false;
    }
    place.drive_for(&mut peers, SOON * 20);
    assert!(place.counters().starved > 0, "{:?}", place.counters());
    peers[0].calls.iter_mut().for_each(|call| call.listens = true);
    place.drive_for(&mut peers, SOON * 60);
    let whole = peers[0].calls.iter().filter(|call| call.has_heard(&text)).count();
    let counters = place.counters();
    assert_eq!((counters.ended_shed, counters.buffered), (0, 0));
    // Who comes when nearly all is spent is refused.
    assert!(counters.streams_refused < 10, "{counters:?}");
    assert_eq!(whole, 30 - counters.streams_refused as usize, "{:?}", peers[0].calls);
    peers[0].close(place.sim());
    place.end();
}
