//! Application datagrams.

use std::time::Duration;

use readily_protocols::contract::Desk;
use readily_protocols::quic::limits::{DATAGRAM_DROPPED, DATAGRAM_UNSENT, ESTABLISHED};
use readily_protocols::quic::{Datagrams, EchoDatagrams, Limits, Replies, Unsent};

use crate::world::{App, ID, NAME, Node, Weather, World, at, client, server};

/// Echoes, or sends some and keeps what comes back.
enum Both {
    Echo(EchoDatagrams),
    Ask { sends: Vec<Vec<u8>>, unsent: Vec<Unsent>, back: Vec<Vec<u8>>, max: Option<usize> },
}

impl Datagrams<App> for Both {
    fn established(&mut self, first: &mut Replies<'_>, _: &mut Desk<'_, App>) {
        if let Both::Ask { sends, unsent, max, .. } = self {
            *max = first.max();
            unsent.extend(sends.iter().filter_map(|bytes| first.send(bytes).err()));
        }
    }

    fn receive(&mut self, datagram: &[u8], replies: &mut Replies<'_>, desk: &mut Desk<'_, App>) {
        match self {
            Both::Echo(echo) => echo.receive(datagram, replies, desk),
            Both::Ask { back, .. } => back.push(datagram.to_vec()),
        }
    }
}

/// Two that have talked; what came back, what could not be sent, and the largest.
struct Outcome {
    world: World<Both>,
    back: Vec<Vec<u8>>,
    unsent: Vec<Unsent>,
    max: usize,
}

fn talk(limits: [Limits; 2], weather: Weather, sends: Vec<Vec<u8>>) -> Outcome {
    let ask = Both::Ask { sends, unsent: vec![], back: vec![], max: None };
    let server = server(limits[0]).with_datagrams(Both::Echo(EchoDatagrams));
    let quics = [server, client(limits[1]).with_datagrams(ask)];
    let mut world = World::new(1, weather, quics.map(|quic| quic.expect("an endpoint")));
    let now = world.nodes[1].now();
    world.nodes[1].streams().open(at(0), NAME, ID, now).expect("a stream");
    world.run(Duration::from_secs(5), |_| {});
    let Both::Ask { unsent, back, max, .. } = world.nodes[1].quic.datagrams() else {
        panic!("node 1 asks")
    };
    let (back, unsent, max) = (back.clone(), unsent.clone(), max.expect("the peer takes some"));
    Outcome { world, back, unsent, max }
}

#[test]
fn each_comes_back_while_nothing_is_lost() {
    let sends: Vec<_> = (0..30u8).map(|n| vec![n; usize::from(n) * 30]).collect();
    let outcome = talk([Limits::DEFAULT; 2], Weather::CLEAR, sends.clone());
    assert_eq!((outcome.back, outcome.unsent), (sends, vec![]));
}

#[test]
fn what_is_lost_is_not_sent_again() {
    let sends: Vec<_> = (0..40u8).map(|n| vec![n; 1000]).collect();
    let weather = Weather { loss: 20, ..Weather::CLEAR };
    let back = talk([Limits::DEFAULT; 2], weather, sends.clone()).back;
    assert!(!back.is_empty() && back.len() < sends.len(), "{}", back.len());
    assert!(back.iter().all(|datagram| sends.contains(datagram)));
}

#[test]
fn the_largest_is_the_limit() {
    let max = talk([Limits::DEFAULT; 2], Weather::CLEAR, vec![]).max;
    assert!((1100..1200).contains(&max), "{max}");
    for (size, unsent) in [(max - 1, vec![]), (max, vec![]), (max + 1, vec![Unsent::TooLarge])] {
        let outcome = talk([Limits::DEFAULT; 2], Weather::CLEAR, vec![vec![1; size]]);
        assert_eq!(outcome.back.len(), 1 - unsent.len(), "{size}");
        assert_eq!(outcome.world.nodes[1].count(DATAGRAM_UNSENT), unsent.len() as u64);
        assert_eq!(outcome.unsent, unsent);
    }
}

#[test]
fn g19_the_oldest_give_way_when_the_queue_is_full() {
    // What each takes in the queue besides its bytes is quinn's: one more than fit is enough.
    const FIT: usize = 8;
    let queue = FIT * (500 + 32);
    let small = Limits { datagram_queue: queue, ..Limits::DEFAULT };
    for (sent, dropped) in [(FIT - 1, 0), (FIT, 0), (FIT + 1, 1), (3 * FIT, 2 * FIT)] {
        let sends: Vec<_> = (0..sent).map(|n| vec![n as u8; 500]).collect();
        let outcome = talk([Limits::DEFAULT, small], Weather::CLEAR, sends.clone());
        assert_eq!(outcome.world.nodes[1].count(DATAGRAM_DROPPED), dropped as u64, "{sent}");
        assert_eq!(outcome.back, sends[dropped..], "the newest are there");
        assert_eq!(outcome.unsent, []);
    }
}

#[test]
fn who_takes_none_is_sent_none() {
    let sends = vec![vec![1; 10]];
    let ask = Both::Ask { sends, unsent: vec![], back: vec![], max: None };
    let quic = client(Limits::DEFAULT).with_datagrams(ask).expect("an endpoint");
    let mut asks = Node::new(at(1), quic);
    let mut takes_none = Node::new(at(0), server(Limits::DEFAULT));
    let now = asks.now();
    asks.streams().open(at(0), NAME, ID, now).expect("a stream");
    for _ in 0..5 {
        while let Some((_, datagrams)) = asks.transmit() {
            datagrams.into_iter().for_each(|mut d| takes_none.handle(at(1), None, &mut d));
        }
        while let Some((_, datagrams)) = takes_none.transmit() {
            datagrams.into_iter().for_each(|mut d| asks.handle(at(0), None, &mut d));
        }
    }
    assert_eq!((asks.count(ESTABLISHED), takes_none.count(ESTABLISHED)), (1, 1));
    assert_eq!(asks.count(DATAGRAM_UNSENT), 1);
    let Both::Ask { unsent, max, .. } = asks.quic.datagrams() else { panic!("it asks") };
    assert_eq!((&unsent[..], *max), (&[Unsent::Unsupported][..], None));
}
