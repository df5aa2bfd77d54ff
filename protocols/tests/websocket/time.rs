//! Is the peer still there? What is asked when nothing comes, and what is not.

use std::time::Duration;

use readily_protocols::contract::{Fault, Reason};
use readily_protocols::websocket::{CloseCode, Encoded, Limits, reason};

use crate::client::*;
use crate::story::{Answers, Mail, Story};

const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(10);
const NANO: Duration = Duration::from_nanos(1);

/// What is to be done in time is done exactly `after` from now. A deadline from before the peer was
/// heard may pass meanwhile: then it moves.
fn passes(story: &mut Story, after: Duration) {
    story.0.wait(after - NANO);
    if story.is_due() {
        story.0.expire(Reason::Own);
    }
    assert!(!story.is_due(), "before {after:?}");
    story.0.wait(NANO);
    assert!(story.is_due(), "after {after:?}");
    story.0.expire(Reason::Own);
}

#[test]
fn a_silent_peer_is_asked_and_then_left() {
    let mut story = Story::new();
    passes(&mut story, PING);
    assert_eq!((story.sent(), story.over()), (vec!["ping".to_owned()], None));
    passes(&mut story, PONG);
    assert_eq!(story.sent(), ["ping", "close 1011 no answer to a ping"]);
    assert_eq!(story.fault(), Some(reason::NO_PONG));
}

#[test]
fn whatever_the_peer_says_is_an_answer() {
    for answer in [pong(""), ping("x"), text("hello"), text("a")[..1].to_vec()] {
        let mut story = Story::new();
        for _ in 0..3 {
            passes(&mut story, PING);
            story.0.take_sent();
            story.feed(&answer).0.wait(PONG);
            assert!(!story.is_due() && story.over().is_none());
            // What was begun is ended.
            if answer.len() == 1 {
                story.feed(&text("a")[1..]);
            } else {
                story.feed(pong(""));
            }
        }
    }
}

#[test]
fn what_we_send_says_nothing_of_the_peer() {
    let mut story = Story::new();
    for _ in 0..29 {
        story.0.wait(Duration::from_secs(1)).mail(Mail::Send(Encoded::text("tick")));
    }
    assert!(!story.is_due());
    story.0.wait(Duration::from_secs(1)).mail(Mail::Send(Encoded::text("tick")));
    assert!(story.is_due());
}

#[test]
fn a_call_that_brings_nothing_does_not_move_the_deadline() {
    let mut story = Story::new();
    story.0.wait(PING - NANO).unblock();
    passes(&mut story, NANO);
    story.0.unblock().wait(PONG - NANO).unblock();
    passes(&mut story, NANO);
    assert_eq!(story.fault(), Some(reason::NO_PONG));
}

#[test]
fn a_peer_that_is_slow_to_read_is_not_asked_behind_what_waits() {
    // The send stall of the loop is for it.
    let mut story = Story::new();
    story.0.block().mail(Mail::Send(Encoded::text("waits")));
    passes(&mut story, PING);
    passes(&mut story, PING);
    story.0.unblock();
    passes(&mut story, PING);
    assert_eq!(story.sent(), ["text waits", "ping"]);
    // Nor is it left for the answer to a ping that still waits to be sent.
    story.0.block().mail(Mail::Send(Encoded::text("waits")));
    passes(&mut story, PONG);
    passes(&mut story, PONG);
    story.0.unblock();
    passes(&mut story, PONG);
    assert_eq!(story.fault(), Some(reason::NO_PONG));
}

#[test]
fn a_message_that_we_do_not_take_is_not_late() {
    let mut story = Story::new();
    story.feed(frame(TEXT, "ha")).0.block();
    while story.0.ends().1.room() > 0 {
        story.0.mail(Mail::Send(Encoded::binary(&[0; 60_000])));
    }
    story.feed(frame(FIN | CONTINUE, "lf"));
    assert!(story.events().is_empty(), "there is no room");
    // The send stall of the loop is for it.
    for _ in 0..10 {
        story.0.wait(PING).expire(Reason::Own);
        assert_eq!((story.over(), story.is_due()), (None, false));
    }
    story.0.unblock();
    assert_eq!(story.events(), ["text half"]);
}

/// Messages without an end.
const STREAMED: Limits = Limits { assembly_within: Duration::MAX, ..Limits::DEFAULT };

/// What has begun and goes on, and what ends it.
fn begun() -> [[Vec<u8>; 2]; 3] {
    let (head, whole) = (frame(FIN | TEXT, "hello"), frame(TEXT, "hel"));
    let cut = |at: usize| [head[..at].to_vec(), head[at..].to_vec()];
    [cut(1), cut(8), [whole, frame(FIN | CONTINUE, "lo")]]
}

#[test]
fn a_peer_that_is_silent_inside_a_message_is_asked_and_then_left() {
    for [begun, _] in begun() {
        let mut story = Story::with(Answers::Nothing, STREAMED);
        story.feed(&begun);
        passes(&mut story, PING);
        assert_eq!((story.sent(), story.over()), (vec!["ping".to_owned()], None));
        passes(&mut story, PONG);
        assert_eq!(story.fault(), Some(reason::NO_PONG));
    }
}

#[test]
fn whatever_comes_inside_a_message_is_a_sign_of_life() {
    for [begun, rest] in begun() {
        let mut story = Story::with(Answers::Nothing, STREAMED);
        story.feed(&begun);
        // All but the last byte, each after a ping; then the end in its own time.
        let (last, before) = rest.split_last().expect("a byte");
        for byte in before {
            passes(&mut story, PING);
            story.0.wait(PONG - NANO);
            story.feed([*byte]);
            assert!(!story.is_due());
        }
        story.feed([*last]);
        assert_eq!((story.events(), story.over()), (vec!["text hello".to_owned()], None));
        passes(&mut story, PING);
        passes(&mut story, PONG);
        assert_eq!(story.fault(), Some(reason::NO_PONG));
    }
    let mut story = Story::with(Answers::Nothing, STREAMED);
    story.feed(frame(TEXT, "hel"));
    for _ in 0..3 {
        passes(&mut story, PING);
        story.feed(pong("")).0.wait(PONG);
        assert_eq!((story.is_due(), story.over()), (false, None));
        story.0.wait(NANO);
        story.feed(frame(CONTINUE, ""));
    }
}

#[test]
fn a_ping_inside_a_message_does_not_make_it_longer() {
    for (within, pings) in [(PING, 0), (PING + PONG, 1), (2 * PING, 1)] {
        let limits = Limits { assembly_within: within, ..Limits::DEFAULT };
        let mut story = Story::with(Answers::Nothing, limits);
        story.feed(frame(TEXT, "hel")).0.wait(PING);
        if pings > 0 {
            story.0.expire(Reason::Own);
            story.feed(pong("")).0.wait(within - PING - NANO);
            assert_eq!((story.is_due(), story.over()), (false, None), "{within:?}");
            story.0.wait(NANO);
        }
        assert!(story.is_due());
        story.0.expire(Reason::Own);
        assert_eq!(story.sent().len(), pings + 1);
        assert_eq!(story.fault(), Some(reason::ASSEMBLY_TIMED_OUT), "{within:?}");
    }
}

#[test]
fn the_deadlines_of_an_attribute_close_with_a_word() {
    for why in [Reason::Within, Reason::Idle] {
        let mut story = Story::new();
        story.0.expire(why);
        assert_eq!(story.sent(), ["close 1001 it took too long"]);
        assert_eq!(story.over(), Some(Err(Fault::TimedOut(why))));
        let mut story = Story::new();
        story.0.mail(Mail::Close(CloseCode::NORMAL, "")).expire(why);
        assert_eq!(story.sent(), ["close 1000"]);
    }
}
