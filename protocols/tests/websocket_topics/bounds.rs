//! How much there may be of everything: one below, at, and one above.

use readily_protocols::contract::Id;
use readily_protocols::websocket::{Bounds, Next, Refused, Slow, Topics};

use crate::world::{Stage, id, policy};

fn bounded() -> Stage {
    let bounds = Bounds { subscriptions_max: 3, topics_max: 5, name_max: 4 };
    Stage::new(Topics::with(policy(Slow::Close, 10), bounds))
}

#[test]
fn subscriptions_of_one_connection_are_bounded() {
    let mut stage = bounded();
    let subscribe = |stage: &mut Stage, topic| stage.topics.subscribe(id(0), topic);
    for topic in ["1", "2", "3", "3"] {
        assert_eq!(subscribe(&mut stage, topic), Ok(()));
    }
    assert_eq!(subscribe(&mut stage, "4"), Err(Refused::Subscriptions));
    stage.topics.unsubscribe(id(0), "1");
    assert_eq!(subscribe(&mut stage, "4"), Ok(()));
    assert_eq!(stage.topics.counts().refused, 1);
}

#[test]
fn topics_are_bounded_and_go_with_their_last_subscriber() {
    let mut stage = bounded();
    for (index, topic) in [(0, "1"), (1, "2"), (2, "3"), (3, "4"), (4, "5")] {
        stage.subscribe(index, topic);
    }
    assert_eq!(stage.topics.subscribe(id(5), "6"), Err(Refused::Topics));
    assert_eq!(stage.topics.open("6", policy(Slow::Close, 1)), Err(Refused::Topics));
    // One that is refused for another reason makes no topic.
    stage.subscribe(0, "2");
    stage.subscribe(0, "3");
    stage.topics.leave(id(4));
    assert_eq!(stage.topics.subscribe(id(0), "7"), Err(Refused::Subscriptions));
    stage.subscribe(5, "6");
    assert_eq!(stage.topics.counts().refused, 3);
}

#[test]
fn names_are_bounded_in_bytes() {
    let mut stage = bounded();
    for (name, is) in
        [("", Ok(())), ("üü", Ok(())), ("üü1", Err(Refused::Name)), ("12345", Err(Refused::Name))]
    {
        assert_eq!(stage.topics.subscribe(id(0), name), is, "{name}");
    }
}

#[test]
fn a_message_is_at_most_half_a_backlog() {
    for (_, slow) in Slow::ALL {
        let mut stage = Stage::of(slow, 10);
        stage.subscribe(0, "news");
        // A frame of two bytes and a payload of up to 125, then one of four.
        let [fits, not] = [5 * 67 - 64 - 4, 5 * 67 - 64 - 4 + 1].map(|len| "x".repeat(len));
        assert_eq!(stage.publish("news", &fits), Ok(1), "{slow}");
        assert_eq!(stage.publish("news", &not), Err(Refused::TooLarge), "{slow}");
        assert_eq!((stage.topics.counts().refused, stage.topics.held()), (1, 5 * 67), "{slow}");
    }
}

#[test]
fn nobody_is_blamed_for_what_came_at_once() {
    for (slow, held_back) in [
        (Slow::Close, true),
        (Slow::DropNewest, true),
        (Slow::DropOldest, false),
        (Slow::Coalesce, false),
    ] {
        let mut stage = Stage::of(slow, 10);
        stage.subscribe(0, "news");
        for letter in ["a", "b", "c", "d", "e"] {
            assert_eq!(stage.publish_more("news", letter), Ok(1), "{slow}");
        }
        let more = if held_back { Err(Refused::Burst) } else { Ok(1) };
        assert_eq!(stage.publish_more("news", "f"), more, "{slow}");
        let left = stage.burst_left("news");
        assert_eq!(left, if held_back { 0 } else { 5 * 67 }, "{slow}");
        // What all have taken does not count.
        stage.take_all(0);
        assert_eq!(stage.publish_more("news", "g"), Ok(1), "{slow}");
        // A turn later as much may be published, and still nobody is behind.
        stage.turn();
        for letter in ["h", "i", "j", "k", "l"] {
            assert_eq!(stage.publish_more("news", letter), Ok(1), "{slow}");
        }
        assert_eq!(stage.take_all(0), "ghijkl", "{slow}");
    }
}

#[test]
fn another_at_the_same_place_is_somebody_else() {
    let mut stage = Stage::of(Slow::Close, 10);
    stage.subscribe(0, "news");
    stage.publish_each("news", "a");
    let next = Id { index: 0, generation: 2 };
    assert_eq!(stage.topics.next(next), Next::Nothing);
    stage.topics.leave(next);
    assert_eq!(stage.topics.subscribers("news"), 1);
    // Nobody said that the first is gone.
    assert_eq!(stage.topics.subscribe(next, "news"), Ok(()));
    assert_eq!(stage.topics.subscribers("news"), 1);
    assert_eq!((stage.take(0), stage.topics.next(next)), (Next::Nothing, Next::Nothing));
    assert_eq!(stage.topics.held(), 0);
}

#[test]
fn to_come_and_go_leaves_nothing() {
    let mut stage = Stage::of(Slow::Close, 10);
    for round in 0..10_000_u32 {
        let topic = ["a", "b", "c"][round as usize % 3];
        stage.subscribe(round % 7, topic);
        stage.topics.unsubscribe(id((round + 3) % 7), topic);
    }
    for index in 0..7 {
        stage.topics.leave(id(index));
    }
    for topic in ["a", "b", "c"] {
        assert_eq!((stage.topics.subscribers(topic), stage.publish(topic, "x")), (0, Ok(0)));
    }
    assert_eq!(stage.woken(), []);
}
