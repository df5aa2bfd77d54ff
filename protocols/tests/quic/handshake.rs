//! What a handshake may cost, and how long it may take.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use readily_protocols::contract::{Id, StreamEvent};
use readily_protocols::quic::limits::{
    ACCEPTED, ESTABLISHED, HANDSHAKE_TIMEOUT, IGNORED, REFUSED_FULL, REFUSED_HALF_OPEN, RESPONDED,
    RESPONSE_DROPPED, RETRIED, UNACCEPTABLE,
};
use readily_protocols::quic::{ConfigError, Limits, Quic, Secrets};

use crate::talk::Talk;
use crate::world::{
    ID, NAME, Node, Weather, World, at, client, client_of, server, tls, tls_with_names,
};

const MINUTE: Duration = Duration::from_secs(60);

/// A client that has begun a connection to node 0, and the first datagram of that.
fn begun(seed: u64) -> (Node, Vec<u8>) {
    let mut node = Node::new(at(1), client_of(seed, Limits::DEFAULT));
    let now = node.now();
    node.streams().open(at(0), NAME, ID, now).expect("a stream");
    let (_, mut datagrams) = node.transmit().expect("a first datagram");
    assert_eq!((datagrams.len(), datagrams[0].len()), (1, 1200));
    (node, datagrams.remove(0))
}

/// A server alone.
fn alone(limits: Limits) -> Node {
    Node::new(at(0), server(limits))
}

fn stranger(nth: u64) -> SocketAddr {
    ([172, 16, (nth >> 8) as u8, nth as u8], 1000).into()
}

/// All that a node sends now: to whom, and what.
fn sent(node: &mut Node) -> Vec<(SocketAddr, Vec<u8>)> {
    let transmits = std::iter::from_fn(|| node.transmit());
    transmits.flat_map(|(t, all)| all.into_iter().map(move |bytes| (t.to, bytes))).collect()
}

#[test]
fn g1_no_more_than_three_times_what_came_goes_to_an_unproven_address() {
    for names in [1, 4, 16, 64] {
        let name = |nth| format!("{nth}{}.many.{NAME}", "x".repeat(50));
        let names: Vec<String> = (0..names * 4).map(name).collect();
        let (tls, _) = tls_with_names(&names);
        // How much garbage follows the first packet in its datagram, and each later one again.
        for garbage in [0, 1, 52, 199, 399, 400, 8192] {
            let quic = Quic::server(tls.clone(), Secrets::fixed([1; 32]), Limits::DEFAULT);
            let mut server = Node::new(at(0), quic.expect("a server"));
            let mut first = begun(1).1;
            first.resize(first.len() + garbage, 0);
            let (mut received, mut answered) = (0, 0);
            for second in 0..9 {
                server.fx.set_nanos(second * 1_000_000_000);
                while server.deadline().is_some_and(|deadline| deadline <= server.now()) {
                    server.expire();
                }
                if second % 3 == 0 {
                    received += first.len();
                    server.handle(stranger(1), None, &mut first.clone());
                }
                for (to, bytes) in sent(&mut server) {
                    assert_eq!(to, stranger(1));
                    answered += bytes.len();
                    assert!(answered <= 3 * received, "{answered} for {received}");
                }
            }
            assert!(answered >= 2 * 1200, "it does answer");
        }
    }
}

#[test]
fn a_certificate_larger_than_the_bound_still_arrives() {
    for names in [1, 64, 256] {
        let names = (0..names).map(|n| format!("{n}{}.{NAME}", "x".repeat(50)));
        let (ours, theirs) = tls_with_names(&names.chain([NAME.to_owned()]).collect::<Vec<_>>());
        let server = Quic::server(ours, Secrets::fixed([1; 32]), Limits::DEFAULT);
        let client = Quic::client(theirs, Secrets::fixed([2; 32]), Limits::DEFAULT);
        let quics = [server.expect("a server"), client.expect("a client")];
        let mut talk = Talk::of(World::new(1, Weather::CLEAR, quics));
        talk.ask(10);
        assert!(talk.finish(MINUTE).is_some() && talk.client.all_well());
    }
}

#[test]
fn g2_an_address_must_be_proven_when_too_many_handshakes_are_open() {
    const L: usize = 5;
    for (begin, retried) in [(L - 1, 0), (L, 0), (L + 1, 1), (L + 3, 3)] {
        let mut server = alone(Limits { half_open: L, ..Limits::DEFAULT });
        for nth in 0..begin as u64 {
            server.handle(stranger(nth), None, &mut begun(nth).1);
        }
        assert_eq!(server.count(RETRIED), retried, "{begin} of {L}");
        assert_eq!(server.quic.half_open(), begin.min(L));
        assert_eq!(server.quic.connections(), begin.min(L), "a Retry costs no state");
    }
}

#[test]
fn g2_nobody_more_is_answered_when_far_too_many_handshakes_are_open() {
    const L: usize = 5;
    for (begin, refused) in [(L - 1, 0), (L, 0), (L + 1, 1), (L + 3, 3)] {
        let mut server = alone(Limits { half_open_cap: L, ..Limits::DEFAULT });
        for nth in 0..begin as u64 {
            server.handle(stranger(nth), None, &mut begun(nth).1);
        }
        assert_eq!(server.count(REFUSED_HALF_OPEN), refused, "{begin} of {L}");
        assert_eq!(server.quic.half_open(), begin.min(L));
    }
}

#[test]
fn there_are_no_more_connections_than_allowed() {
    const L: usize = 3;
    for (clients, refused) in [(L - 1, 0), (L, 0), (L + 1, 1)] {
        let limits = Limits { connections: L, ..Limits::DEFAULT };
        let clients = (0..clients as u64).map(|seed| client_of(seed + 10, Limits::DEFAULT));
        let quics = [server(limits)].into_iter().chain(clients);
        let mut world = World::new(1, Weather::CLEAR, quics);
        for node in &mut world.nodes[1..] {
            let now = node.now();
            node.streams().open(at(0), NAME, ID, now).expect("a stream");
        }
        world.run(MINUTE / 12, |_| {});
        let events = world.nodes[1..].iter_mut().map(|node| node.event().expect("an event"));
        let unreachable = StreamEvent::Unreachable(ID, ErrorKind::ConnectionRefused);
        let unreachable = events.filter(|event| *event == unreachable).count() as u64;
        assert_eq!((unreachable, world.nodes[0].count(REFUSED_FULL)), (refused, refused));
    }
    // Those of a client are bounded as well.
    let mut client = Node::new(at(1), client(Limits { connections: L, ..Limits::DEFAULT }));
    let now = client.now();
    let mut open = |nth| client.streams().open(at(0), &format!("a{nth}.{NAME}"), ID, now).err();
    let opened: Vec<_> = (0..=L).map(&mut open).collect();
    assert_eq!(opened, [None, None, None, Some(ErrorKind::QuotaExceeded)]);
}

#[test]
fn g2_a_flood_of_forged_first_packets_keeps_nobody_out() {
    let weather = Weather { delay: 5, ..Weather::CLEAR };
    let clients = (0..20).map(|seed| client_of(seed + 10_000, Limits::DEFAULT));
    let quics = [server(Limits::DEFAULT)].into_iter().chain(clients);
    let mut world = World::new(1, weather, quics);
    for node in &mut world.nodes[1..] {
        let now = node.now();
        node.streams().open(at(0), NAME, ID, now).expect("a stream");
    }
    // The flood comes first, and goes on for as long as the handshakes take.
    let mut forged = 0;
    let mut most = 0;
    while forged < 3000 {
        for _ in 0..100 {
            world.inject(stranger(forged), at(0), begun(forged).1);
            forged += 1;
        }
        let until = world.time() + Duration::from_millis(10);
        while world.step(until) {
            most = most.max(world.nodes[0].quic.half_open());
        }
    }
    world.run(MINUTE / 12, |_| {});
    let events = world.nodes[1..].iter_mut().map(|node| node.event());
    let connected = events.filter(|e| *e == Some(StreamEvent::Connected(ID))).count();
    assert!(connected >= 18, "{connected} of 20");
    assert!(most <= 121, "{most} half open");
    assert!(world.nodes[0].count(RETRIED) > 2800);
    world.run(MINUTE, |_| {});
    let server = &world.nodes[0];
    assert_eq!((server.quic.half_open(), server.quic.connections()), (0, 0));
}

#[test]
fn answers_without_a_connection_wait_in_a_bounded_queue() {
    const L: usize = 4;
    for (asked, dropped) in [(L - 1, 0), (L, 0), (L + 1, 1)] {
        let limits = Limits { half_open: 0, responses: L, ..Limits::DEFAULT };
        let mut server = alone(limits);
        for nth in 0..asked as u64 {
            server.handle(stranger(nth), None, &mut begun(nth).1);
        }
        assert_eq!(server.count(RESPONSE_DROPPED), dropped);
        assert_eq!(server.count(RESPONDED), asked.min(L) as u64);
        assert_eq!(sent(&mut server).len(), asked.min(L));
    }
}

/// A first packet with the token of a Retry in it, from `stranger(1)`; the server that made the
/// token, and the client.
fn with_token() -> (Node, Node, Vec<u8>) {
    let mut server = alone(Limits { half_open: 0, ..Limits::DEFAULT });
    let (mut client, mut first) = begun(1);
    server.handle(stranger(1), None, &mut first);
    let (_, mut retry) = sent(&mut server).pop().expect("a Retry");
    client.handle(at(0), None, &mut retry);
    let (_, datagrams) = client.transmit().expect("another first packet");
    (server, client, datagrams[0].clone())
}

#[test]
fn g3_a_token_is_good_for_its_address_alone() {
    let (mut server, _, datagram) = with_token();
    for (from, accepted) in
        [(stranger(2), 0), (([172, 16, 0, 1], 1001).into(), 0), (stranger(1), 1)]
    {
        server.handle(from, None, &mut datagram.clone());
        assert_eq!(server.count(ACCEPTED), accepted, "{from}");
    }
    // Those of elsewhere were told so (INVALID_TOKEN), with no state kept.
    assert_eq!((server.quic.connections(), server.count(RESPONDED)), (1, 3));
}

#[test]
fn g3_a_token_is_good_for_its_time_alone() {
    for (seconds, accepted) in [(0, 1), (14, 1), (15, 1), (16, 0), (1000, 0)] {
        let (mut server, _, mut datagram) = with_token();
        server.fx.set_wall(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        server.handle(stranger(1), None, &mut datagram);
        assert_eq!(server.count(ACCEPTED), accepted, "{seconds} s");
    }
}

#[test]
fn g3_a_token_that_was_tampered_with_proves_nothing() {
    let (mut server, _, datagram) = with_token();
    // Where the header ends: the flags, the version, two ids of which the first is the server's.
    let token = 1 + 4 + 1 + usize::from(datagram[5]) + 1 + usize::from(datagram[5 + 9]) + 2;
    for place in 0..token + 70 {
        for change in [0x01, 0x80, 0xff] {
            let mut tampered = datagram.clone();
            tampered[place] ^= change;
            server.handle(stranger(1), None, &mut tampered);
            assert_eq!(server.count(ACCEPTED), 0, "byte {place}");
        }
        let mut cut = datagram.clone();
        cut.remove(place);
        server.handle(stranger(1), None, &mut cut);
        sent(&mut server);
    }
    assert_eq!((server.quic.connections(), server.quic.half_open()), (0, 0));
    let counted = [RETRIED, IGNORED, UNACCEPTABLE].map(|name| server.count(name) > 0);
    assert_eq!(counted, [true; 3], "{:?}", server.fx.tally());
    server.handle(stranger(1), None, &mut datagram.clone());
    assert_eq!(server.count(ACCEPTED), 1, "the one that was not");
}

#[test]
fn a_handshake_goes_through_a_retry() {
    let quics = [server(Limits { half_open: 0, ..Limits::DEFAULT }), client(Limits::DEFAULT)];
    let mut talk = Talk::of(World::new(1, Weather::CLEAR, quics));
    talk.ask(100_000);
    assert!(talk.finish(MINUTE).is_some() && talk.client.all_well());
    let server = &talk.world.nodes[0];
    assert_eq!((server.count(RETRIED), server.count(ESTABLISHED)), (1, 1));
}

#[test]
fn g18_a_handshake_that_takes_too_long_is_closed() {
    let limits = Limits { handshake: Duration::from_secs(3), ..Limits::DEFAULT };
    for (limits, bound) in [(limits, 3000), (Limits::DEFAULT, 10_000)] {
        let mut server = Talk::of(World::new(1, Weather::CLEAR, [self::server(limits)])).world;
        server.inject(stranger(1), at(0), begun(1).1);
        server.run(Duration::from_millis(5), |_| {});
        assert_eq!((server.nodes[0].quic.half_open(), server.time().as_millis()), (1, 5));
        server.run(Duration::from_millis(bound - 1), |_| {});
        assert_eq!(server.nodes[0].count(HANDSHAKE_TIMEOUT), 0);
        server.run(Duration::from_millis(1), |_| {});
        let node = &server.nodes[0];
        assert_eq!((node.count(HANDSHAKE_TIMEOUT), node.quic.half_open()), (1, 0));
        server.run(MINUTE, |_| {});
        assert_eq!(server.nodes[0].quic.connections(), 0);
    }
}

#[test]
fn g18_who_asks_nobody_is_told_so_in_time() {
    let mut world = World::new(1, Weather::CLEAR, [client(Limits::DEFAULT)]);
    let now = world.nodes[0].now();
    let nobody = at(77);
    for id in [ID, Id { index: 2, ..ID }] {
        world.nodes[0].streams().open(nobody, NAME, id, now).expect("a stream");
    }
    world.run(Duration::from_millis(9999), |world| assert_eq!(world.nodes[0].event(), None));
    world.run(Duration::from_millis(1), |_| {});
    for index in [1, 2] {
        let id = Id { index, ..ID };
        let event = StreamEvent::Unreachable(id, ErrorKind::TimedOut);
        assert_eq!(world.nodes[0].event(), Some(event));
    }
    world.run(MINUTE, |_| {});
    assert_eq!((world.nodes[0].quic.connections(), world.nodes[0].event()), (0, None));
}

#[test]
fn who_is_not_the_one_that_was_asked_for_is_not_spoken_to() {
    // The certificate is for other names, or by another root.
    let (_, other_root) = tls_with_names(&[NAME.to_owned()]);
    for (tls, name) in [(tls().1, "example.org"), (other_root, NAME)] {
        let client = Quic::client(tls, Secrets::fixed([2; 32]), Limits::DEFAULT);
        let quics = [server(Limits::DEFAULT), client.expect("a client")];
        let mut world = World::new(1, Weather::CLEAR, quics);
        let now = world.nodes[1].now();
        world.nodes[1].streams().open(at(0), name, ID, now).expect("a stream");
        world.run(MINUTE, |_| {});
        let event = StreamEvent::Unreachable(ID, ErrorKind::InvalidData);
        assert_eq!(world.nodes[1].event(), Some(event));
        let connections = world.nodes.iter().map(|node| node.quic.connections());
        assert_eq!(connections.sum::<usize>() + world.nodes[0].quic.half_open(), 0);
    }
}

#[test]
fn two_who_share_no_protocol_do_not_meet() {
    let mut tls = (*tls().1).clone();
    tls.alpn_protocols = vec![b"other".to_vec()];
    let client = Quic::client(tls.into(), Secrets::fixed([2; 32]), Limits::DEFAULT);
    let quics = [server(Limits::DEFAULT), client.expect("a client")];
    let mut talk = Talk::of(World::new(1, Weather::CLEAR, quics));
    talk.ask(10);
    assert!(talk.finish(MINUTE).is_some());
    assert_eq!(talk.client.ends(), [Some(Err(ErrorKind::ConnectionAborted))]);
    let server = &talk.world.nodes[0];
    assert_eq!((server.quic.half_open(), server.count(UNACCEPTABLE)), (0, 1));
}

#[test]
fn limits_out_of_range_are_refused() {
    let limits = Limits::DEFAULT;
    for (limits, name) in [
        (Limits { mtu: 1199, ..limits }, Some("mtu")),
        (Limits { mtu: 1200, ..limits }, None),
        (Limits { mtu: 1472, ..limits }, None),
        (Limits { mtu: 1473, ..limits }, Some("mtu")),
        (Limits { idle: Duration::ZERO, ..limits }, Some("idle")),
        (Limits { idle: Duration::from_millis(1), ..limits }, None),
        (Limits { idle: Duration::MAX, ..limits }, Some("idle")),
    ] {
        let made = Quic::server(tls().0, Secrets::fixed([1; 32]), limits);
        assert_eq!(made.err(), name.map(ConfigError::Limit));
    }
}
