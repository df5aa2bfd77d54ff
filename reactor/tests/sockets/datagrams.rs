//! Datagram endpoints on the kernel's sockets.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use readily::udp_echo::{UdpEcho, UdpEchoLimits};
use readily::{Bind, Datagram, Desk, Endpoint, Reactor, Transmit};

use crate::net::{connect, here, listen, reactor, talk, until};
use crate::troupe::{Troupe, echo};

fn large() -> UdpEcho {
    UdpEcho::new(UdpEchoLimits { datagram: 65_535, queue: 64 })
}

/// Sends, and what comes back.
fn ask(
    reactor: &mut Reactor<Troupe>,
    peer: &UdpSocket,
    to: SocketAddr,
    bytes: &[u8],
) -> (Vec<u8>, SocketAddr) {
    peer.send_to(bytes, to).expect("sent");
    let mut buffer = vec![0; 70_000];
    peer.set_nonblocking(true).expect("a socket");
    for _ in 0..1000 {
        reactor.turn(Some(Duration::from_millis(5))).expect("the wait");
        match peer.recv_from(&mut buffer) {
            Ok((n, from)) => return (buffer[..n].to_vec(), from),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    panic!("no answer to {} bytes: {:?}", bytes.len(), reactor.counters());
}

#[test]
fn every_size_comes_back() {
    let sizes = [0, 1, 1472, 1500, 4096, 9000, 65_000, 65_488, 65_506, 65_507];
    // What is larger than 65,488 bytes is not one packet of IPv6 on the loopback device, and
    // packets are not fragmented: it is lost, and counted.
    for (host, whole) in [("127.0.0.1:0", 10), ("[::1]:0", 8)] {
        let host: SocketAddr = host.parse().expect("an address");
        let Ok(peer) = UdpSocket::bind(host) else { continue };
        let mut reactor = reactor();
        let (_, at) = reactor.bind(host, Bind::default(), large()).expect("a socket");
        for size in &sizes[..whole] {
            let said: Vec<u8> = (0..*size).map(|at| (at % 251) as u8).collect();
            let (got, from) = ask(&mut reactor, &peer, at, &said);
            assert!(got == said && from == at, "{size} bytes by {host}: {} from {from}", got.len());
        }
        let lost = if host.is_ipv6() { 1 } else { 0 };
        if host.is_ipv6() {
            peer.send_to(&[0; 65_527], at).expect("sent");
            until(&mut reactor, |reactor| reactor.counters().datagrams_in == whole as u64 + 1);
        }
        assert_eq!(ask(&mut reactor, &peer, at, b"go on").0, b"go on");
        let counters = reactor.counters();
        assert_eq!((counters.datagrams_out, counters.datagrams_lost), (whole as u64 + 1, lost));
        assert_eq!(counters.panics, 0);
    }
}

#[test]
fn a_wildcard_socket_answers_from_the_address_that_was_asked() {
    let mut reactor = reactor();
    let any = SocketAddr::from(([0, 0, 0, 0], 0));
    let (_, bound) = reactor.bind(any, Bind::default(), UdpEcho::default()).expect("a socket");
    let peer = UdpSocket::bind(here()).expect("a socket");
    for host in 1..=20 {
        let at = SocketAddr::from(([127, 0, 0, host], bound.port()));
        assert_eq!(ask(&mut reactor, &peer, at, b"who?"), (b"who?".to_vec(), at));
    }
}

#[test]
fn answers_that_meet_no_one_end_nothing() {
    let mut reactor = reactor();
    let (_, at) = reactor.bind(here(), Bind::default(), UdpEcho::default()).expect("a socket");
    let peer = UdpSocket::bind(here()).expect("a socket");
    for round in 0..100 {
        // It is gone when its answer comes, which the kernel tells our socket.
        let gone = UdpSocket::bind(here()).expect("a socket");
        gone.send_to(b"hello", at).expect("sent");
        drop(gone);
        let said = [round; 10];
        assert_eq!(ask(&mut reactor, &peer, at, &said).0, said);
    }
    assert_eq!(reactor.counters().datagrams_in, 200);
}

/// Has always another datagram to send.
struct Chatter(SocketAddr);

impl Endpoint<Troupe> for Chatter {
    fn handle(&mut self, _: Datagram<'_>, _: &mut Desk<'_, Troupe>) {}

    fn poll_transmit(
        &mut self,
        into: &mut Vec<u8>,
        _: usize,
        desk: &mut Desk<'_, Troupe>,
    ) -> Option<Transmit> {
        desk.app.heard.clear();
        desk.app.mail.push(1);
        into.push(0);
        let more = desk.app.mail.len() < 1_000_000;
        more.then_some(Transmit { to: self.0, from: None, ecn: None, len: 1, segment: None })
    }
}

#[test]
fn an_endpoint_that_never_stops_does_not_starve_others() {
    let mut reactor = reactor();
    let at = listen(&mut reactor, echo);
    let sink = UdpSocket::bind(here()).expect("a socket");
    let to = sink.local_addr().expect("an address");
    let mut stream = connect(&mut reactor, at);
    stream.set_nonblocking(true).expect("a socket");
    reactor.bind(here(), Bind::default(), Chatter(to)).expect("a socket");
    assert_eq!(talk(&mut reactor, &mut stream, b"hello", 5), b"hello");
    let sent = reactor.app().mail.len();
    assert!(sent < 10_000, "{sent} datagrams before one echo");
}

#[test]
fn a_flood_of_datagrams_does_not_starve_others() {
    let mut reactor = reactor();
    let at = listen(&mut reactor, echo);
    let (_, to) = reactor.bind(here(), Bind::default(), UdpEcho::default()).expect("a socket");
    let mut stream = connect(&mut reactor, at);
    stream.set_nonblocking(true).expect("a socket");
    let peer = UdpSocket::bind(here()).expect("a socket");
    for round in 0..20_u8 {
        for _ in 0..200 {
            peer.send_to(b"", to).expect("sent");
        }
        std::io::Write::write_all(&mut stream, &[round]).expect("written");
        let before = *reactor.counters();
        until(&mut reactor, |reactor| reactor.counters().bytes_out > before.bytes_out);
        let taken = reactor.counters().datagrams_in - before.datagrams_in;
        // One turn of datagrams at most, and what one system call gives beyond it.
        assert!(taken <= 64 + 32, "{taken} datagrams before one echo");
        assert_eq!(talk(&mut reactor, &mut stream, b"", 1), [round]);
    }
}
