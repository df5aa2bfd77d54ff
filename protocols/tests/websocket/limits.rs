//! Each limit one below, at, and one above.

use std::time::Duration;

use readily_protocols::contract::{Fault, Reason};
use readily_protocols::testing::Script;
use readily_protocols::websocket::{CloseCode, Deflate, Limits, reason};

use crate::client::*;
use crate::ends::{self, End, Mail, converse};
use crate::story::{Answers, Story};

/// What a peer is refused for, and the code that it is told; none if it is not.
fn refused(
    limits: Limits,
    frames: impl IntoIterator<Item = Vec<u8>>,
) -> Option<(&'static str, u16)> {
    let mut story = Story::with(Answers::Nothing, limits);
    for frame in frames {
        story.feed(frame);
    }
    story.over().map(|over| {
        let last = story.sent().pop().unwrap_or_default();
        let code = last.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        match over {
            Err(Fault::Peer(why)) => (why, code),
            other => panic!("{other:?}"),
        }
    })
}

#[test]
fn the_defaults_are_what_they_are_said_to_be() {
    let seconds = Duration::from_secs;
    let Limits {
        frame_max,
        message_max,
        fragments_max,
        assembly_within,
        controls_per_second,
        ping_after,
        pong_within,
        close_within,
        ..
    } = Limits::default();
    assert_eq!((frame_max, message_max), (65_536, 1_048_576));
    assert_eq!((fragments_max, controls_per_second), (1024, 100));
    assert_eq!((assembly_within, close_within), (seconds(30), seconds(5)));
    assert_eq!((ping_after, pong_within), (seconds(30), seconds(10)));
}

#[test]
fn the_length_of_a_frame() {
    const L: usize = 65_536;
    let too_large = Some((reason::FRAME_TOO_LARGE, 1009));
    for (len, expected) in [(L - 1, None), (L, None), (L + 1, too_large)] {
        assert_eq!(refused(Limits::DEFAULT, [binary(vec![0; len])]), expected, "{len}");
        // At its head, before anything else of it came.
        let head = binary(vec![0; len])[..14].to_vec();
        assert_eq!(refused(Limits::DEFAULT, [head]), expected, "the head of {len}");
    }
}

#[test]
fn the_length_of_a_message() {
    const L: usize = 1_048_576;
    let too_large = Some((reason::MESSAGE_TOO_LARGE, 1009));
    for (len, expected) in [(L - 1, None), (L, None), (L + 1, too_large)] {
        let payload = vec![0; len];
        let mut chunks: Vec<Vec<u8>> = payload.chunks(65_536).map(|c| frame(CONTINUE, c)).collect();
        chunks[0][0] = BINARY;
        chunks.push(frame(FIN | CONTINUE, ""));
        assert_eq!(refused(Limits::DEFAULT, chunks), expected, "{len}");
    }
    // A single frame that is larger than a message may be.
    let limits = Limits { message_max: 100, ..Limits::DEFAULT };
    for (len, expected) in [(99, None), (100, None), (101, too_large)] {
        assert_eq!(refused(limits, [text(vec![b'a'; len])]), expected, "{len}");
    }
}

#[test]
fn the_number_of_fragments() {
    const L: usize = 1024;
    let too_many = Some((reason::TOO_MANY_FRAGMENTS, 1008));
    for (count, expected) in [(L - 1, None), (L, None), (L + 1, too_many)] {
        let first = [frame(TEXT, "x")];
        let more = vec![frame(CONTINUE, ""); count - 1];
        assert_eq!(refused(Limits::DEFAULT, first.into_iter().chain(more)), expected, "{count}");
    }
}

#[test]
fn the_number_of_control_frames_in_a_second() {
    const L: usize = 100;
    let too_many = Some((reason::TOO_MANY_CONTROLS, 1008));
    for (count, expected) in [(L - 1, None), (L, None), (L + 1, too_many)] {
        for control in [ping("x"), pong("x")] {
            let frames = vec![control; count];
            assert_eq!(refused(Limits::DEFAULT, frames), expected, "{count}");
        }
        // A close is not counted: it is the last one anyway.
        let mut story = Story::new();
        story.feed(ping("").repeat(count.min(L))).feed(close(1000, ""));
        assert_eq!(story.over(), Some(Ok(())));
    }
    // The next second counts anew.
    let mut story = Story::new();
    for _ in 0..5 {
        story.feed(ping("").repeat(L)).0.wait(Duration::from_secs(1));
    }
    assert_eq!((story.over(), story.sent().len()), (None, 5 * L));
    story.feed(ping("").repeat(L)).0.wait(Duration::from_millis(999));
    story.feed(ping(""));
    assert_eq!(story.fault(), Some(reason::TOO_MANY_CONTROLS));
}

#[test]
fn the_time_for_a_message() {
    const L: Duration = Duration::from_secs(30);
    const NANO: Duration = Duration::from_nanos(1);
    for begun in [
        frame(TEXT, "half"),
        text("half")[..8].to_vec(),
        text("a")[..1].to_vec(),
        ping("x")[..6].to_vec(),
    ] {
        for (after, expected) in [(L - NANO, false), (L, true), (L + NANO, true)] {
            let mut story = Story::new();
            // However often something of it comes.
            story.feed(&begun[..1]).0.wait(after / 2);
            story.feed(&begun[1..]).0.wait(after - after / 2);
            assert_eq!(story.is_due(), expected, "{after:?}");
        }
        let mut story = Story::new();
        story.feed(&begun).0.wait(L).expire(Reason::Own);
        assert_eq!(story.fault(), Some(reason::ASSEMBLY_TIMED_OUT));
        assert_eq!(story.sent(), ["close 1008 a message took too long"]);
    }
    // Messages one after the other have the whole time each.
    let mut story = Story::new();
    let message = text("ab");
    let (head, rest) = message.split_at(3);
    for _ in 0..5 {
        story.feed(head).0.wait(L - NANO);
        assert!(!story.is_due());
        // The end of one, and the beginning of the next.
        story.feed([rest, &head[..1]].concat()).0.wait(L - NANO);
        assert!(!story.is_due());
        story.feed([&head[1..], rest].concat());
    }
    assert_eq!(story.events().len(), 10);
}

#[test]
fn the_time_for_the_answer_to_a_close() {
    let mut story = Story::new();
    story.0.mail(crate::story::Mail::Close(CloseCode::NORMAL, ""));
    story.0.wait(Duration::from_secs(5) - Duration::from_nanos(1));
    // Bytes that are no answer do not give it more time.
    story.feed(text("dropped"));
    assert!(!story.is_due());
    story.0.wait(Duration::from_nanos(1));
    assert!(story.is_due());
    story.0.expire(Reason::Own);
    assert_eq!(story.fault(), Some(reason::CLOSE_TIMED_OUT));
    assert_eq!(story.sent(), ["close 1000"], "and no second close");
}

const NO_TIME: Limits = Limits {
    assembly_within: Duration::ZERO,
    ping_after: Duration::ZERO,
    pong_within: Duration::ZERO,
    close_within: Duration::ZERO,
    ..Limits::DEFAULT
};

const ALL: Limits = Limits {
    frame_max: u64::MAX,
    message_max: u64::MAX,
    fragments_max: u32::MAX,
    assembly_within: Duration::MAX,
    controls_per_second: u16::MAX,
    ping_after: Duration::MAX,
    pong_within: Duration::MAX,
    close_within: Duration::MAX,
    ..Limits::DEFAULT
};

/// Both ends with these limits, open.
fn both(limits: Limits) -> [Script<ends::Conn>; 2] {
    let mut server = ends::server(End { limits, ..End::new(Deflate::Off) });
    let mut client = ends::client(End { limits, ..End::new(Deflate::Off) });
    converse(&mut client, &mut server, usize::MAX);
    [server, client]
}

/// A frame as the peer of either end sends it.
fn at_end(nth: usize, first: u8, payload: &str) -> Vec<u8> {
    match nth {
        0 => frame(first, payload),
        _ => [&[first, payload.len() as u8], payload.as_bytes()].concat(),
    }
}

#[test]
fn a_limit_of_nothing_admits_nothing_at_both_ends() {
    let d = Limits::DEFAULT;
    let cases = [
        (Limits { frame_max: 0, ..d }, FIN | TEXT, "", None),
        (Limits { frame_max: 0, ..d }, FIN | TEXT, "x", Some(reason::FRAME_TOO_LARGE)),
        (Limits { frame_max: 0, ..d }, TEXT, "x", Some(reason::FRAME_TOO_LARGE)),
        (Limits { message_max: 0, ..d }, FIN | BINARY, "", None),
        (Limits { message_max: 0, ..d }, FIN | BINARY, "x", Some(reason::MESSAGE_TOO_LARGE)),
        (Limits { message_max: 0, ..d }, BINARY, "x", Some(reason::MESSAGE_TOO_LARGE)),
        (Limits { fragments_max: 0, ..d }, FIN | TEXT, "", Some(reason::TOO_MANY_FRAGMENTS)),
        (Limits { fragments_max: 0, ..d }, TEXT, "x", Some(reason::TOO_MANY_FRAGMENTS)),
        (Limits { controls_per_second: 0, ..d }, FIN | PONG, "", Some(reason::TOO_MANY_CONTROLS)),
        (Limits { controls_per_second: 0, ..d }, FIN | PING, "x", Some(reason::TOO_MANY_CONTROLS)),
    ];
    for (limits, first, payload, expected) in cases {
        for (nth, end) in both(limits).iter_mut().enumerate() {
            end.feed(&at_end(nth, first, payload));
            let expected = expected.map(|why| Err(Fault::Peer(why)));
            assert_eq!(end.over(), expected, "end {nth}, {first:#x} {payload:?}");
        }
    }
}

#[test]
fn no_time_at_all_is_over_at_once_at_both_ends() {
    let is_due = |end: &mut Script<ends::Conn>| {
        let now = end.effects().now();
        ends::deadline(end).is_some_and(|at| at <= now)
    };
    let begun = |nth: usize, end: &mut Script<ends::Conn>| _ = end.feed(&at_end(nth, TEXT, ""));
    let closed = |_: usize, end: &mut Script<ends::Conn>| _ = end.mail(Mail::Close);
    let idle = |_: usize, _: &mut Script<ends::Conn>| ();
    type Prepare = fn(usize, &mut Script<ends::Conn>);
    let cases: [(Prepare, usize, &str); 3] = [
        (begun, 1, reason::ASSEMBLY_TIMED_OUT),
        (closed, 1, reason::CLOSE_TIMED_OUT),
        // Asked, and then left.
        (idle, 2, reason::NO_PONG),
    ];
    for (prepare, expires, why) in cases {
        for (nth, end) in both(NO_TIME).iter_mut().enumerate() {
            prepare(nth, end);
            for _ in 0..expires {
                assert!(end.over().is_none() && is_due(end), "end {nth}, {why}");
                end.expire(Reason::Own);
            }
            assert_eq!(end.over(), Some(Err(Fault::Peer(why))), "end {nth}");
        }
    }
}

#[test]
fn a_limit_of_everything_is_none() {
    for (nth, end) in both(ALL).iter_mut().enumerate() {
        assert_eq!(ends::deadline(end), None, "idle");
        end.feed(&at_end(nth, TEXT, "a"));
        for _ in 0..3_000 {
            end.feed(&at_end(nth, CONTINUE, "")).feed(&at_end(nth, FIN | PONG, ""));
        }
        assert_eq!(ends::deadline(end), None, "inside a message");
        end.wait(Duration::from_secs(1 << 30)).expire(Reason::Own);
        end.feed(&at_end(nth, FIN | CONTINUE, "b"));
        assert_eq!(ends::heard(end)[1..], ["text ab"]);
        end.mail(Mail::Close);
        assert_eq!((ends::deadline(end), end.over()), (None, None), "behind our close");
    }
}
