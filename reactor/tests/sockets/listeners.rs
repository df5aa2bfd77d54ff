//! Several listeners and endpoints in one loop.

use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use readily::udp_echo::UdpEcho;
use readily::{Bind, Listen, Step};

use crate::net::{connect, here, ip, listen, reactor, talk, until};
use crate::troupe::{Actor, echo};

#[test]
fn each_listener_has_its_machine_and_each_endpoint_its_socket() {
    let mut reactor = reactor();
    let echoes = [listen(&mut reactor, echo), listen(&mut reactor, echo)];
    let greets = listen(&mut reactor, |io, _| {
        io.tx.write(b"hello");
        Ok(Step::Finish)
    });
    let bind = |reactor: &mut readily::Reactor<_>| {
        reactor.bind(here(), Bind::default(), UdpEcho::default()).expect("a socket").1
    };
    let sockets = [bind(&mut reactor), bind(&mut reactor)];
    for at in echoes {
        let mut stream = connect(&mut reactor, at);
        stream.set_nonblocking(true).expect("a socket");
        assert_eq!(talk(&mut reactor, &mut stream, b"echo", 4), b"echo");
    }
    let mut stream = connect(&mut reactor, greets);
    stream.set_nonblocking(true).expect("a socket");
    assert_eq!(talk(&mut reactor, &mut stream, b"", usize::MAX), b"hello");
    let peer = UdpSocket::bind(here()).expect("a socket");
    for (at, out) in sockets.into_iter().zip(1..) {
        peer.send_to(b"datagram", at).expect("sent");
        until(&mut reactor, |reactor| reactor.counters().datagrams_out == out);
        let mut buffer = [0; 100];
        let (n, from) = peer.recv_from(&mut buffer).expect("a datagram");
        assert_eq!((&buffer[..n], from), (&b"datagram"[..], at));
    }
}

#[test]
fn a_paused_listener_leaves_its_clients_in_the_kernel() {
    let mut reactor = reactor();
    let listening = reactor
        .listen_with(&here().into(), Listen::default(), |_, _| Some(Actor::new(echo)))
        .expect("a listener");
    let (id, at) = (listening.0, ip(&listening.1));
    let other = listen(&mut reactor, echo);
    for _ in 0..3 {
        reactor.pause(id);
        let accepted = reactor.counters().accepted;
        let mut waits = TcpStream::connect(at).expect("a connection");
        waits.set_nonblocking(true).expect("a socket");
        let mut served = connect(&mut reactor, other);
        served.set_nonblocking(true).expect("a socket");
        assert_eq!(talk(&mut reactor, &mut served, b"go on", 5), b"go on");
        assert_eq!(reactor.counters().accepted, accepted + 1);
        let turns = reactor.counters().turns;
        reactor.turn(Some(Duration::from_millis(20))).expect("the wait");
        assert_eq!(reactor.counters().turns, turns + 1, "it waits, and does not spin");
        reactor.resume(id);
        assert_eq!(talk(&mut reactor, &mut waits, b"now", 3), b"now");
    }
}

#[test]
fn the_accept_budget_leaves_room_for_others() {
    let mut reactor = reactor();
    let at = listen(&mut reactor, echo);
    let mut served = connect(&mut reactor, at);
    let crowd: Vec<_> = (0..100).map(|_| TcpStream::connect(at).expect("a connection")).collect();
    std::io::Write::write_all(&mut served, b"x").expect("written");
    let before = *reactor.counters();
    while reactor.counters().accepted < before.accepted + crowd.len() as u64 {
        let accepted = reactor.counters().accepted;
        reactor.turn(Some(Duration::from_secs(5))).expect("the wait");
        let now = reactor.counters().accepted - accepted;
        assert!(now <= Listen::ACCEPT_BUDGET as u64, "{now} in one turn");
        assert!(reactor.counters().bytes_out > before.bytes_out, "served in the first turn");
    }
    assert_eq!(reactor.counters().turns - before.turns, 100_u64.div_ceil(16));
}

#[test]
fn a_closure_refuses_whom_it_will() {
    let mut reactor = reactor();
    let mut n = 0;
    let at = reactor.listen(&here().into(), move |_, accepted| {
        n += 1;
        assert!(accepted.from.ip().is_some_and(|from| from.ip().is_loopback()));
        (n % 2 == 0).then(|| Actor::new(echo))
    });
    let at = ip(&at.expect("a listener"));
    let clients: Vec<_> = (0..10).map(|_| TcpStream::connect(at).expect("a connection")).collect();
    until(&mut reactor, |reactor| reactor.counters().accepted == 5);
    assert_eq!(reactor.counters().refused_by_closure, 5);
    assert_eq!(clients.len() as u64, reactor.counters().open * 2);
}
