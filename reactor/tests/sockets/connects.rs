//! Outgoing connections.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use readily::{Address, Connect, End, Peer, Reactor, Step};
use socket2::{Domain, SockRef, Socket, Type};

use crate::net::{connect, here, ip, reactor, talk, until};
use crate::troupe::{Actor, Troupe, echo, swallow};

/// A port that nobody listens on.
fn closed() -> SocketAddr {
    let listener = TcpListener::bind(here()).expect("a listener");
    listener.local_addr().expect("an address")
}

#[test]
fn a_closed_port_is_unreachable() {
    let mut reactor = reactor();
    for to in [Address::Ip(closed()), "unix:/nowhere/at/all".parse().expect("an address")] {
        let kind = match to {
            Address::Ip(_) => ErrorKind::ConnectionRefused,
            Address::Unix(_) => ErrorKind::NotFound,
        };
        reactor.app_mut().gone.clear();
        let id = reactor.connect(Connect::to(to), Actor::new(swallow)).expect("room");
        until(&mut reactor, |reactor| !reactor.app().gone.is_empty());
        assert_eq!(reactor.app().gone, [(id, End::Unreachable(kind))]);
    }
    assert_eq!((reactor.counters().connects_failed, reactor.counters().open), (2, 0));
}

#[test]
fn whoever_is_linked_to_it_is_told_that_it_failed() {
    let to = closed();
    let mut reactor = reactor();
    let at = reactor.listen(&here().into(), move |_, _| {
        let mut begun = false;
        Some(Actor::new(move |io, _| {
            if !std::mem::replace(&mut begun, true) {
                let other = io.connect(Connect::to(to), Actor::new(swallow)).expect("room");
                io.link(other);
            }
            if let Peer::Failed(_, kind) = io.peer {
                io.tx.write(kind.to_string().as_bytes());
                return Ok(Step::Finish);
            }
            Ok(Step::Wait)
        }))
    });
    let at = ip(&at.expect("a listener"));
    let mut stream = connect(&mut reactor, at);
    stream.set_nonblocking(true).expect("a socket");
    let told = talk(&mut reactor, &mut stream, b"", usize::MAX);
    assert_eq!(String::from_utf8_lossy(&told), ErrorKind::ConnectionRefused.to_string());
}

#[test]
fn a_connection_that_is_made_is_served() {
    let mut reactor = reactor();
    let listener = TcpListener::bind(here()).expect("a listener");
    let to = listener.local_addr().expect("an address");
    reactor.connect(Connect::to(to), Actor::new(echo)).expect("room");
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.set_nonblocking(true).expect("a socket");
    assert_eq!(talk(&mut reactor, &mut stream, b"hello", 5), b"hello");
}

#[test]
fn a_connect_that_takes_too_long_is_given_up() {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    listener.bind(&here().into()).expect("an address");
    listener.listen(0).expect("a listener");
    let to = listener.local_addr().expect("an address").as_socket().expect("an IP address");
    // Whoever fills the backlog of one; more get no answer at all.
    let filling: Vec<_> = (0..4)
        .map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
            socket.set_nonblocking(true).expect("a socket");
            let _ = socket.connect(&to.into());
            socket
        })
        .collect();
    let mut reactor = reactor();
    let within = Duration::from_millis(30);
    let connect = Connect { within, ..Connect::to(to) };
    let id = reactor.connect(connect, Actor::new(swallow)).expect("room");
    let begun = std::time::Instant::now();
    until(&mut reactor, |reactor| !reactor.app().gone.is_empty());
    assert_eq!(reactor.app().gone, [(id, End::Unreachable(ErrorKind::TimedOut))]);
    assert!(begun.elapsed() >= within, "not early");
    drop(filling);
}

/// More than there are ports of one kind.
const TRIES: usize = 30_000;

#[test]
fn a_connection_to_itself_is_refused() {
    // The system takes the ports of outgoing connections from a range, every other one in turn, and
    // the one that is asked for may be in it: once in a walk over the range a socket meets itself.
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").expect("linux");
    let mut bounds = range.split_whitespace().map(|n| n.parse::<u16>().expect("a port"));
    let low = bounds.next().expect("a port") + (std::process::id() % 5000) as u16 * 2;
    let ports = (low..).step_by(2).map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let to = ports.filter(|at| TcpListener::bind(at).is_ok()).take(8).find(|at| meets_itself(*at));
    let to = to.expect("no socket met itself, so there is nothing to refuse");

    let mut reactor: Reactor<Troupe> = reactor();
    let mut made = 0;
    for _ in 0..TRIES {
        // One that is made would write.
        let greet = |io: &mut readily::Io<'_, Troupe>, _| {
            io.app.mail.push(1);
            Ok(Step::Finish)
        };
        reactor.connect(Connect::to(to), Actor::new(greet)).expect("room");
        while reactor.counters().open > 0 {
            reactor.turn(Some(Duration::from_secs(5))).expect("the wait");
        }
        made += reactor.app().mail.len();
    }
    assert_eq!(made, 0);
}

/// Whether a socket is connected to itself at last.
fn meets_itself(at: SocketAddr) -> bool {
    (0..TRIES).any(|_| {
        let Ok(stream) = TcpStream::connect(at) else { return false };
        // It leaves the port free for who comes next.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("a socket");
        stream.local_addr().ok() == stream.peer_addr().ok()
    })
}
