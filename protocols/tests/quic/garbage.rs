//! Datagrams that make no sense.

use std::time::Duration;

use readily_protocols::quic::Limits;
use readily_protocols::quic::limits::{ACCEPTED, IGNORED, RESPONDED};

use crate::talk::Talk;
use crate::world::{ID, NAME, Node, Weather, World, at, client, server};

const MINUTE: Duration = Duration::from_secs(60);

fn alone() -> Node {
    Node::new(at(0), server(Limits::DEFAULT))
}

/// Every datagram of a short conversation, with its sender.
fn recorded() -> Vec<(usize, Vec<u8>)> {
    let mut talk = Talk::new(1, Weather::CLEAR, Limits::DEFAULT);
    talk.world.record = Some(vec![]);
    talk.ask(3000);
    assert!(talk.finish(MINUTE).is_some());
    talk.world.record.take().expect("it was kept")
}

#[test]
fn g15_what_is_no_packet_is_dropped_and_counted() {
    let mut server = alone();
    let long = |len: usize| [&[0xc3, 0, 0, 0, 1][..], &vec![0; len]].concat();
    let cases = [
        vec![],
        vec![0],
        vec![0xff],
        vec![0x40],
        vec![0x40; 21],
        vec![0x80; 5],
        long(0),
        long(1),
        [&[0xe3][..], &long(1195)[1..]].concat(),
        [&[0xc3, 0, 0, 0, 1, 255][..], &[0; 1200]].concat(),
        [&[0xc3, 0, 0, 0, 1, 21][..], &[0; 1200]].concat(),
    ];
    for (nth, mut bytes) in cases.into_iter().enumerate() {
        server.handle(at(1), None, &mut bytes);
        assert_eq!(server.count(IGNORED), nth as u64 + 1, "case {nth}");
        assert_eq!(server.dropped(), nth as u64 + 1);
        assert!(server.transmit().is_none(), "case {nth}");
    }
    assert_eq!((server.quic.connections(), server.deadline()), (0, None));
}

#[test]
fn g15_random_datagrams_are_not_answered_with_more_than_they_are() {
    let mut world = World::new(7, Weather::CLEAR, [server(Limits::DEFAULT)]);
    for nth in 0..20_000 {
        let len = [0, 1, 20, 21, 22, 40, 100, 1199, 1200, 1472, 9000][world.draw() as usize % 11];
        let mut bytes: Vec<u8> = (0..len).map(|_| world.draw() as u8).collect();
        // Half of them look like version 1.
        if nth % 2 == 0 && len > 5 {
            bytes[0] |= 0xc0;
            bytes[1..5].copy_from_slice(&[0, 0, 0, 1]);
        }
        let node = &mut world.nodes[0];
        node.fx.set_nanos(nth * 1_000_000);
        node.handle(at(1), None, &mut bytes);
        let answers = std::iter::from_fn(|| node.transmit());
        let answered: usize = answers.map(|(transmit, _)| transmit.len).sum();
        assert!(answered <= len, "{answered} bytes for {len}");
    }
    let node = &world.nodes[0];
    assert_eq!((node.quic.connections(), node.count(ACCEPTED)), (0, 0));
    assert_eq!(node.count(IGNORED) + node.count(RESPONDED), 20_000);
    // One stateless reset in 20 ms, and this took 20 s.
    assert!(node.count(RESPONDED) > 100);
}

#[test]
fn g15_every_prefix_of_a_conversation_disturbs_nobody() {
    let recorded = recorded();
    let mut server = alone();
    for (_, datagram) in &recorded {
        for end in (0..datagram.len()).step_by(if datagram.len() > 100 { 7 } else { 1 }) {
            server.handle(at(9), None, &mut datagram[..end].to_vec());
            while server.transmit().is_some() {}
        }
    }
    // Beside a conversation that goes on, from its own addresses.
    let mut talk = Talk::new(1, Weather::CLEAR, Limits::DEFAULT);
    talk.ask(300_000);
    talk.run(Duration::from_millis(20));
    for (from, datagram) in &recorded {
        for end in (0..datagram.len()).step_by(31) {
            talk.world.inject(at(*from), at(1 - *from), datagram[..end].to_vec());
        }
    }
    assert!(talk.finish(MINUTE).is_some());
    assert!(talk.client.all_well() && talk.server.all_well());
}

#[test]
fn versions_are_negotiated_with_whole_first_packets_alone() {
    // G14. A version that nobody speaks, and the one that says: negotiate (which is no question).
    for (version, len, answers) in [
        ([0x1a, 0x2a, 0x3a, 0x4a], 1199, 0),
        ([0x1a, 0x2a, 0x3a, 0x4a], 1200, 1),
        ([0xff, 0, 0, 0x1d], 1200, 1),
        ([0, 0, 0, 0], 1200, 0),
    ] {
        let mut server = alone();
        let mut bytes = [&[0xc0][..], &version, &[8], &[7; 8], &[8], &[9; 8]].concat();
        bytes.resize(len, 0);
        server.handle(at(1), None, &mut bytes);
        let answered: Vec<_> = std::iter::from_fn(|| server.transmit()).collect();
        assert_eq!(answered.len(), answers, "{version:?} {len}");
        for (transmit, datagrams) in answered {
            assert!(transmit.len < 60 && datagrams[0][1..5] == [0; 4]);
            assert_eq!(&datagrams[0][5..23], &[&[8][..], &[9; 8], &[8], &[7; 8]].concat());
            // Whoever is asked whether it asked does not answer.
            let mut other = Node::new(at(1), client(Limits::DEFAULT));
            let now = other.now();
            other.streams().open(at(0), NAME, ID, now).expect("a stream");
            while other.transmit().is_some() {}
            other.handle(at(0), None, &mut datagrams[0].clone());
            assert!(other.transmit().is_none());
        }
    }
}

#[test]
fn g4_two_who_reset_each_other_stop() {
    for size in [40, 100, 1000, 1472] {
        let quics = [server(Limits::DEFAULT), server(Limits::DEFAULT)];
        let mut world = World::new(1, Weather { delay: 30, ..Weather::CLEAR }, quics);
        world.inject(at(1), at(0), [&[0x40][..], &vec![7; size]].concat());
        world.run(10 * MINUTE, |_| {});
        let sizes: Vec<usize> = world.trace.iter().map(|(_, len)| *len).collect();
        assert!(!sizes.is_empty() && sizes.is_sorted_by(|a, b| a > b), "{sizes:?}");
        assert!(sizes.len() <= 30 && sizes[0] <= size, "{sizes:?}");
    }
}

#[test]
fn g4_resets_are_not_sent_faster_than_allowed() {
    let mut server = alone();
    let mut sent = 0;
    for milli in 0..1000 {
        server.fx.set_nanos(milli * 1_000_000);
        server.handle(at(1), None, &mut [0x47; 100]);
        sent += std::iter::from_fn(|| server.transmit()).count();
    }
    assert_eq!(sent, 50, "one in 20 ms");
}
