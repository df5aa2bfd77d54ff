//! One who does not read costs its cap, and delays nobody.

use readily_protocols::websocket::{Encoded, Next, Policy, Slow, Topics};

use crate::world::{Stage, id};

const SUBSCRIBERS: u32 = 100;
const MESSAGES: u64 = 100_000;
const BACKLOG: usize = 64 * 1024;
/// What each message costs.
const COST: usize = 1024 + 4 + 64;

#[test]
fn one_stuck_among_a_hundred() {
    for (_, slow) in Slow::ALL {
        let mut stage = Stage::new(Topics::new(Policy { slow, backlog: BACKLOG }));
        for index in 0..SUBSCRIBERS {
            stage.subscribe(index, "news");
        }
        let message = Encoded::text(&"n".repeat(1024));
        let mut most = 0;
        for nth in 0..MESSAGES {
            stage.turn();
            let reached = stage.send("news", &message);
            let stuck = u32::from(nth >= (BACKLOG / COST) as u64);
            let missed = if matches!(slow, Slow::Close | Slow::DropNewest) { stuck } else { 0 };
            assert_eq!(reached, Ok((SUBSCRIBERS - missed) as usize), "{slow} {nth}");
            most = most.max(stage.topics.held());
            for index in 1..SUBSCRIBERS {
                assert!(matches!(stage.take(index), Next::Message(_)), "{slow} {nth} {index}");
            }
        }
        // What one keeps is beside the log of the others.
        let log = if slow == Slow::DropNewest { COST } else { 0 };
        assert!(most <= BACKLOG + log, "{slow}: {most} bytes");
        let counts = stage.topics.counts();
        assert_eq!(counts.delivered, MESSAGES * u64::from(SUBSCRIBERS - 1), "{slow}");
        // Nothing is lost without being counted.
        let waiting = std::iter::from_fn(|| match stage.take(0) {
            Next::Message(_) => Some(()),
            _ => None,
        });
        let waiting = waiting.count() as u64;
        let missed = counts.dropped_newest + counts.dropped_oldest + counts.coalesced;
        if slow == Slow::Close {
            assert_eq!((counts.closed_slow, missed, waiting), (1, 0, 0));
            assert_eq!((stage.topics.fallen(), stage.topics.fallen()), (vec![id(0)], vec![]));
        } else {
            assert_eq!((counts.closed_slow, missed + waiting), (0, MESSAGES), "{slow}");
        }
        assert_eq!(stage.topics.held(), 0, "{slow}");
    }
}

#[test]
fn one_who_fell_behind_is_gone_from_all_its_topics() {
    let mut stage = Stage::of(Slow::Close, 4);
    for topic in ["a", "b"] {
        stage.subscribe(0, topic);
    }
    stage.publish_each("b", "bb");
    stage.publish_each("a", "aaaaa");
    assert_eq!((stage.topics.subscribers("a"), stage.topics.subscribers("b")), (0, 0));
    assert_eq!((stage.topics.held(), stage.take_all(0)), (0, "!".to_owned()));
    assert_eq!(stage.publish("b", "b"), Ok(0));
    // It may come back as somebody new.
    stage.topics.leave(id(0));
    assert_eq!((stage.topics.fallen(), stage.take_all(0)), (vec![], String::new()));
    stage.subscribe(0, "a");
    assert_eq!(stage.publish("a", "a"), Ok(1));
}
