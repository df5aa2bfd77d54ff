//! Limits that only the kernel keeps, or only its clock shows.

use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use readily::udp_echo::{UdpEcho, UdpEchoLimits};
use readily::{
    Address, Bind, Config, Fault, Listen, Mio, PortSharing, Reactor, Step, StreamOptions, To,
};

use crate::config;
use crate::troupe::{Actor, Troupe, swallow};

fn reactor(config: Config) -> Reactor<Troupe> {
    Reactor::with(Troupe::default(), Mio::new().expect("a wait"), config).expect("a loop")
}

fn here() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

pub(crate) fn a_slow_turn() {
    for (limit, slow) in [(Duration::from_secs(3600), 0), (Duration::from_millis(1), 1)] {
        let mut reactor = reactor(config(|c| c.slow_turn = limit));
        reactor.app_mut().answer = Some(Box::new(|_, _| {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(2) {
                std::hint::spin_loop();
            }
        }));
        reactor.handle().mail(To::App, 0).expect("room");
        reactor.turn(Some(Duration::ZERO)).expect("the wait");
        assert_eq!(reactor.app().mail, [0]);
        assert!((reactor.counters().slow_turns > 0) == (slow > 0), "a limit of {limit:?}");
    }
}

pub(crate) fn a_shared_port() {
    for (sharing, fails) in
        [(PortSharing::Exclusive, Some(ErrorKind::AddrInUse)), (PortSharing::Shared, None)]
    {
        let mut reactor = reactor(Config::default());
        let options = Listen { sharing, ..Listen::default() };
        let mut listen = |at: &Address| {
            reactor.listen_with(at, options.clone(), |_, _| Some(Actor::new(swallow)))
        };
        let (_, at) = listen(&here().into()).expect("a listener");
        assert_eq!(listen(&at).err().map(|error| error.kind()), fails, "{sharing:?}");
    }
}

pub(crate) fn a_shared_datagram_port() {
    for (sharing, fails) in
        [(PortSharing::Exclusive, Some(ErrorKind::AddrInUse)), (PortSharing::Shared, None)]
    {
        let mut reactor = reactor(Config::default());
        let options = Bind { sharing, ..Bind::default() };
        let mut bind = |at| reactor.bind(at, options.clone(), UdpEcho::default());
        let (_, at) = bind(here()).expect("a socket");
        assert_eq!(bind(at).err().map(|error| error.kind()), fails, "{sharing:?}");
    }
}

/// How many bytes a peer that does not read is sent, and what is still there for it when it does.
fn sent_to_a_deaf_peer(stream: StreamOptions) -> u64 {
    let mut reactor = reactor(Config::default());
    let options = Listen { stream, ..Listen::default() };
    let first = || {
        Actor::new(|io, _| {
            if io.tx.may_send() {
                io.tx.write(&vec![7; 900_000]);
                io.tx.finish();
            }
            match io.rx.has_ended() {
                true => Err(Fault::Peer("over")),
                false => Ok(Step::Wait),
            }
        })
    };
    let listening = reactor.listen_with(&here().into(), options, move |_, _| Some(first()));
    let (_, at) = listening.expect("a listener");
    let mut peer = TcpStream::connect(at.ip().expect("an IP address")).expect("a connection");
    while reactor.counters().bytes_out == 0 {
        reactor.turn(Some(Duration::from_secs(5))).expect("the wait");
    }
    let sent = reactor.counters().bytes_out;
    peer.set_nonblocking(true).expect("a socket");
    let mut got = 0;
    while got < 900_000 {
        match peer.read(&mut [0; 65_536]) {
            Ok(n) => got += n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                reactor.turn(Some(Duration::from_millis(1))).expect("the wait");
            }
            Err(error) => panic!("{error} after {got} bytes"),
        }
    }
    sent
}

pub(crate) fn stream_options() {
    let small = StreamOptions { send_buffer: Some(4096), ..StreamOptions::default() };
    let all = StreamOptions {
        nodelay: false,
        keepalive: Some(Duration::from_secs(60)),
        receive_buffer: Some(4096),
        ..StreamOptions::default()
    };
    let few = sent_to_a_deaf_peer(small);
    let many = sent_to_a_deaf_peer(StreamOptions::default());
    assert!(few < many, "{few} and {many} bytes");
    assert!(sent_to_a_deaf_peer(all) > few);
}

/// How many of a thousand datagrams of a kilobyte wait for a loop that does not turn.
fn waiting(options: Bind) -> u64 {
    let mut reactor = reactor(Config::default());
    let (_, at) = reactor.bind(here(), options, UdpEcho::default()).expect("a socket");
    let peer = UdpSocket::bind(here()).expect("a socket");
    for _ in 0..1000 {
        peer.send_to(&[0; 1000], at).expect("sent");
    }
    let mut waiting = 0;
    loop {
        reactor.turn(Some(Duration::from_millis(20))).expect("the wait");
        if reactor.counters().datagrams_in == waiting {
            return waiting;
        }
        waiting = reactor.counters().datagrams_in;
    }
}

pub(crate) fn datagram_receive_buffer() {
    let few = waiting(Bind { receive_buffer: Some(8192), ..Bind::default() });
    let many = waiting(Bind::default());
    assert!(0 < few && few < many, "{few} and {many} datagrams");
}

pub(crate) fn datagram_send_buffer() {
    // The kernel lets one datagram of any size pass an empty buffer: no size may lose an answer.
    for send_buffer in [None, Some(1), Some(1 << 20)] {
        let mut reactor = reactor(Config::default());
        let echo = UdpEcho::new(UdpEchoLimits { datagram: 20_000, queue: 4 });
        let options = Bind { send_buffer, ..Bind::default() };
        let (_, at) = reactor.bind(here(), options, echo).expect("a socket");
        let peer = UdpSocket::bind(here()).expect("a socket");
        peer.send_to(&[0; 20_000], at).expect("sent");
        while reactor.counters().datagrams_in == 0 {
            reactor.turn(Some(Duration::from_secs(5))).expect("the wait");
        }
        let counters = reactor.counters();
        assert_eq!((counters.datagrams_out, counters.datagrams_lost), (1, 0));
    }
}
