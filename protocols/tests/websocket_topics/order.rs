//! What comes in which order, and what is missed: letters published, and what is taken of them.

use readily_protocols::websocket::{Policy, Slow, UnknownSlow};

use crate::world::{LETTER, Stage, id};

#[test]
fn each_policy_has_its_own_gap() {
    for (slow, first, then, counts) in [
        // Room for four: nine are published, two more once all was taken.
        (Slow::Close, "!", "!", [0, 0, 0, 1]),
        (Slow::DropNewest, "abcd", "jk", [5, 0, 0, 0]),
        (Slow::DropOldest, "fghi", "jk", [0, 5, 0, 0]),
        (Slow::Coalesce, "i", "jk", [0, 0, 8, 0]),
    ] {
        let mut stage = Stage::of(slow, 4);
        stage.subscribe(0, "news");
        stage.publish_each("news", "abcdefghi");
        assert_eq!(stage.take_all(0), first, "{slow}");
        stage.publish_each("news", "jk");
        assert_eq!(stage.take_all(0), then, "{slow}");
        let missed = stage.topics.counts();
        let missed =
            [missed.dropped_newest, missed.dropped_oldest, missed.coalesced, missed.closed_slow];
        assert_eq!(missed, counts, "{slow}");
    }
}

#[test]
fn the_backlog_is_met_by_the_first_byte_too_many() {
    for (_, slow) in Slow::ALL {
        for (letters, all) in [("abcd", true), ("abcde", false)] {
            let mut stage = Stage::of(slow, 4);
            stage.subscribe(0, "news");
            stage.publish_each("news", letters);
            assert_eq!(stage.take_all(0) == letters, all, "{slow} {letters}");
        }
    }
}

#[test]
fn one_who_misses_the_newest_misses_all_until_it_has_taken_what_it_had() {
    let mut stage = Stage::of(Slow::DropNewest, 4);
    stage.subscribe(0, "news");
    stage.publish_each("news", "abcdef");
    stage.take(0);
    stage.publish_each("news", "g");
    assert_eq!(stage.take_all(0), "bcd");
    stage.publish_each("news", "h");
    assert_eq!(stage.take_all(0), "h");
    assert_eq!(stage.topics.counts().dropped_newest, 3);
}

#[test]
fn what_those_keep_who_fall_behind_one_after_another_has_a_bound() {
    const BACKLOG: usize = 4;
    const LISTS: usize = 8;
    const SLOW: usize = 40;
    let mut stage = Stage::of(Slow::DropNewest, BACKLOG);
    let mut published = 0;
    for who in 0..SLOW {
        stage.subscribe(who as u32, "news");
        stage.publish_each("news", "a");
        published += 1;
        assert!(stage.topics.held() <= (1 + LISTS) * BACKLOG * LETTER, "{who}");
    }
    // Whoever came while there was room for its list has it; the others lost what they had, and may
    // have what came since.
    let taken: Vec<usize> = (0..SLOW as u32).map(|who| stage.take_all(who).len()).collect();
    assert_eq!(taken[..LISTS], [BACKLOG; LISTS]);
    // What they did not get is counted, each message for each of them.
    let due: usize = (1..=published).sum();
    let counts = stage.topics.counts();
    assert_eq!(counts.dropped_newest + counts.delivered, due as u64);
    assert_eq!(stage.topics.held(), 0);
    // And all of them are told of what comes.
    stage.woken();
    stage.publish_each("news", "z");
    assert_eq!(stage.woken().len(), SLOW);
    assert!((0..SLOW as u32).all(|who| stage.take_all(who) == "z"));
}

#[test]
fn a_topic_may_have_a_policy_of_its_own() {
    let mut stage = Stage::of(Slow::Close, 4);
    let policy = Policy { slow: Slow::Coalesce, backlog: 4 * 67 };
    stage.topics.open("price", policy).expect("a topic");
    stage.subscribe(0, "price");
    stage.publish_each("price", "abcdef");
    assert_eq!(stage.take_all(0), "f");
    // It is there without subscribers, until it is closed.
    stage.topics.leave(id(0));
    stage.subscribe(0, "price");
    stage.publish_each("price", "abcdef");
    assert_eq!(stage.take_all(0), "f");
    stage.topics.close("price");
    stage.topics.leave(id(0));
    stage.subscribe(0, "price");
    stage.publish_each("price", "abcdef");
    assert_eq!(stage.take_all(0), "!");
}

#[test]
fn topics_take_turns() {
    let mut stage = Stage::of(Slow::Close, 100);
    for topic in ["a", "b", "c"] {
        stage.subscribe(0, topic);
    }
    stage.publish_each("a", "aaaaaa");
    stage.publish_each("c", "cc");
    assert_eq!(stage.take_all(0), "acacaaaa");
    stage.publish_each("b", "bbb");
    stage.publish_each("a", "a");
    assert_eq!(stage.take_all(0), "babb");
    stage.publish_each("a", "a");
    stage.publish_each("b", "bb");
    stage.publish_each("c", "ccc");
    stage.topics.unsubscribe(id(0), "b");
    assert_eq!(stage.take_all(0), "cacc");
}

#[test]
fn who_comes_later_gets_what_comes_later() {
    let mut stage = Stage::of(Slow::Close, 100);
    stage.subscribe(0, "news");
    stage.publish_each("news", "ab");
    stage.subscribe(1, "news");
    stage.publish_each("news", "c");
    assert_eq!([0, 1].map(|index| stage.take_all(index)), ["abc", "c"]);
    // One who comes back has missed what was published meanwhile, and what waited.
    stage.publish_each("news", "d");
    stage.topics.unsubscribe(id(0), "news");
    stage.publish_each("news", "e");
    stage.subscribe(0, "news");
    stage.publish_each("news", "f");
    assert_eq!([0, 1].map(|index| stage.take_all(index)), ["f", "def"]);
    assert_eq!(stage.topics.held(), 0);
}

#[test]
fn each_is_woken_once_until_it_has_taken_all() {
    let mut stage = Stage::of(Slow::Close, 100);
    for (index, topic) in [(0, "a"), (0, "b"), (1, "a")] {
        stage.subscribe(index, topic);
    }
    for (topic, woken) in [("a", vec![id(0), id(1)]), ("b", vec![]), ("a", vec![])] {
        assert_eq!(stage.publish(topic, "x"), Ok(if topic == "a" { 2 } else { 1 }));
        assert_eq!(stage.woken(), woken);
    }
    stage.take_all(1);
    stage.take(0);
    stage.publish_each("a", "x");
    assert_eq!(stage.woken(), [id(1)]);
    stage.take_all(0);
    stage.publish_each("b", "x");
    assert_eq!(stage.woken(), [id(0)]);
}

#[test]
fn policies_are_read_as_they_are_printed() {
    for (name, slow) in Slow::ALL {
        assert_eq!((slow.to_string().as_str(), name.parse()), (name, Ok(slow)));
    }
    for name in ["", "Close", "close ", "drop"] {
        assert_eq!(name.parse::<Slow>(), Err(UnknownSlow), "{name}");
    }
}
