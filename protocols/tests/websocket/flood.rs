//! Much of what costs little: what it may cost us, counted in bytes.

use readily_protocols::contract::{BLOCK_MIN, Fault, Marks};
use readily_protocols::websocket::{Encoded, Limits, WebSocket, reason};

use crate::client::*;
use crate::story::{Answers, Mail, Story};

/// Pings without end are allowed, for those who want to see what they cost.
const FLOOD: Limits = Limits { controls_per_second: u16::MAX, ..Limits::DEFAULT };

#[test]
fn a_state_is_small() {
    assert!(size_of::<WebSocket<()>>() <= 88, "{} bytes", size_of::<WebSocket<()>>());
}

#[test]
fn only_the_latest_pong_waits_while_the_peer_does_not_read() {
    let mut story = Story::with(Answers::Nothing, FLOOD);
    story.0.block();
    let mut most = 0;
    for nth in 0..60_000 {
        story.feed(ping(&nth.to_string().repeat(20)[..20]));
        most = most.max(story.0.ends().1.charge());
    }
    // Up to the high mark they wait in order; the rest of them is one.
    assert!(most <= 256 * 1024 + BLOCK_MIN, "{most}");
    assert!(story.socket().held() <= 126, "{}", story.socket().held());
    let sent = story.0.unblock().sent().len() / 22;
    assert!(sent < 12_000, "{sent} pongs");
    let latest = format!("pong {}", &"59999".repeat(4));
    assert_eq!(story.sent().pop(), Some(latest));
    assert_eq!((story.socket().held(), story.over()), (0, None));
}

#[test]
fn a_ping_flood_ends_by_the_rate() {
    let mut story = Story::new();
    story.0.block();
    for _ in 0..1_000_000 / 1000 {
        story.feed(ping("").repeat(1000));
    }
    assert_eq!(story.over(), Some(Err(Fault::Peer(reason::TOO_MANY_CONTROLS))));
    assert!(story.0.ends().1.charge() <= BLOCK_MIN);
}

#[test]
fn a_declared_length_reserves_nothing() {
    let limits = Limits { frame_max: u64::MAX, message_max: u64::MAX, ..Limits::DEFAULT };
    let giant = [&[FIN | BINARY, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], &MASK[..]].concat();
    let mut story = Story::with(Answers::Nothing, limits);
    story.feed(&giant);
    let head = story.socket().held();
    assert!(head <= 128, "{head} bytes for a head");
    let mut fed = 0;
    while fed < 3_000_000 {
        story.feed([0; 1000]);
        fed += 1000;
        assert!(story.socket().held() <= head + 2 * fed, "{} for {fed}", story.socket().held());
    }
    assert_eq!(story.over(), None);
}

#[test]
fn a_buffer_is_never_larger_than_a_message_may_be() {
    for opcode in [TEXT, BINARY] {
        let mut story = Story::new();
        story.feed(frame(opcode, [b'a'; 65_536]));
        for _ in 1..16 {
            story.feed(frame(CONTINUE, [b'a'; 65_536]));
        }
        let held = story.socket().held();
        assert!((1_048_576..=1_048_576 + 128).contains(&held), "{held}");
        story.feed(frame(FIN | CONTINUE, ""));
        assert_eq!((story.events().len(), story.socket().held()), (1, 0));
    }
}

#[test]
fn tiny_fragments_cost_at_most_twice_what_they_are_on_the_wire() {
    let limits = Limits { fragments_max: u32::MAX, ..Limits::DEFAULT };
    let mut story = Story::with(Answers::Nothing, limits);
    let mut wire = story.feed(frame(TEXT, "a")).0.sent().len() + 7;
    for _ in 1..1_000_000 / 100 {
        story.feed(frame(CONTINUE, "a").repeat(100));
        wire += 700;
        assert!(story.socket().held() <= 2 * wire, "{} for {wire}", story.socket().held());
    }
    assert_eq!(story.over(), None);
}

#[test]
fn no_message_is_handed_over_while_there_is_no_room() {
    let mut story = Story::with(Answers::Same, FLOOD);
    story.0.block();
    let big = vec![7; 60_000];
    let mut fed = 0;
    while story.0.ends().1.room() > 0 {
        story.feed(binary(&big));
        fed += 1;
    }
    assert_eq!(story.events().len(), fed);
    // One more, cut: a ping before it is answered later, a ping behind it not yet looked at.
    story.feed([ping("before"), binary("more"), ping("behind")].concat());
    assert_eq!(story.events().len(), fed);
    let full = story.0.mail(Mail::Send(Encoded::text("x"))).machine().inner().handler();
    assert_eq!(full.events.last().map(String::as_str), Some("not sent: Full"));
    story.0.take_sent();
    story.0.unblock();
    let sent = story.sent();
    assert_eq!(sent[sent.len() - 3..], ["pong before", "binary more", "pong behind"]);
    assert_eq!(sent.len(), fed + 3);
}

#[test]
fn a_message_that_the_send_buffer_cannot_hold_is_given_back() {
    // A pong and a close have to fit behind it.
    let most = Marks::default().cap - 3 * 129;
    for (size, error) in [(most - 1, None), (most, None), (most + 1, Some("not sent: TooLarge"))] {
        let message = Encoded::binary(&vec![0; size - 10]);
        assert_eq!(message.len(), size);
        let mut story = Story::new();
        story.0.mail(Mail::Send(message.clone()));
        assert_eq!(story.events().last().map(String::as_str), error, "{size}");
        let sent = if error.is_none() { size } else { 0 };
        assert_eq!((story.over(), story.0.sent().len()), (None, sent));
        // Behind something else it has to wait.
        story.0.block().mail(Mail::Send(Encoded::text("first"))).mail(Mail::Send(message));
        let error = error.unwrap_or("not sent: Full");
        assert_eq!(story.events().last().map(String::as_str), Some(error), "{size}");
        assert!(!story.0.ends().1.has_overflowed());
    }
}

#[test]
fn a_peer_that_closes_while_there_is_no_room_is_answered() {
    let mut story = Story::with(Answers::Same, FLOOD);
    story.0.block();
    while story.0.ends().1.room() > 0 {
        story.feed(binary([7; 60_000]));
    }
    story.feed(close(1000, ""));
    assert_eq!(story.over(), Some(Ok(())));
    story.0.unblock();
    assert!(story.0.ends().1.len() < 1_000_000);
}
