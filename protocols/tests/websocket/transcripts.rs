//! Conversations as lists: what the peer sends, what the handler sees, what is sent, how it ends.

use readily_protocols::contract::Fault;
use readily_protocols::websocket::{CloseCode, Encoded, reason};

use crate::client::*;
use crate::story::{Answers, Mail, Story};

/// One conversation.
struct Case {
    name: &'static str,
    peer: Vec<Vec<u8>>,
    sees: &'static [&'static str],
    sends: &'static [&'static str],
    /// The reason of the fault it ends with; empty for an end in order, none while it lasts.
    ends: Option<&'static str>,
}

fn check(cases: impl IntoIterator<Item = Case>) {
    for Case { name, peer, sees, sends, ends } in cases {
        let mut story = Story::with(Answers::Same, Default::default());
        for bytes in peer {
            story.feed(bytes);
        }
        assert_eq!(story.events(), sees, "{name}: sees");
        assert_eq!(story.sent(), sends, "{name}: sends");
        let over = story.over().map(|over| over.err().map_or("", fault_text));
        assert_eq!(over, ends, "{name}: ends");
    }
}

fn fault_text(fault: Fault) -> &'static str {
    match fault {
        Fault::Peer(why) | Fault::Local(why) => why,
        Fault::TimedOut(_) => "timed out",
    }
}

fn case(
    name: &'static str,
    peer: Vec<Vec<u8>>,
    sees: &'static [&'static str],
    sends: &'static [&'static str],
    ends: Option<&'static str>,
) -> Case {
    Case { name, peer, sees, sends, ends }
}

#[test]
fn what_is_in_order() {
    check([
        case("a text", vec![text("hello")], &["text hello"], &["text hello"], None),
        case("bytes", vec![binary([0, 255])], &["binary \\x00\\xff"], &["binary \\x00\\xff"], None),
        case(
            "empty messages",
            vec![text(""), binary("")],
            &["text ", "binary "],
            &["text", "binary"],
            None,
        ),
        case(
            "fragments, with control frames between them",
            vec![
                frame(TEXT, "he"),
                ping("1"),
                frame(CONTINUE, "l"),
                pong("unasked"),
                frame(CONTINUE, ""),
                frame(FIN | CONTINUE, "lo"),
            ],
            &["text hello"],
            &["pong 1", "text hello"],
            None,
        ),
        case("a ping", vec![ping("are you there")], &[], &["pong are you there"], None),
        case("an empty ping", vec![ping("")], &[], &["pong"], None),
        case("a close", vec![close(1000, "bye")], &["closed 1000 bye"], &["close 1000"], Some("")),
        case("a close of nothing", vec![close_empty()], &["closed nothing"], &["close"], Some("")),
        case(
            "a close inside a message",
            vec![frame(TEXT, "he"), close(1001, "")],
            &["closed 1001"],
            &["close 1001"],
            Some(""),
        ),
        case(
            "data after the peer's close",
            vec![[close(1000, ""), text("more"), ping("more")].concat()],
            &["closed 1000"],
            &["close 1000"],
            Some(""),
        ),
        case(
            "data after our close, until the peer's",
            vec![
                text("leave"),
                text("dropped"),
                ping("dropped"),
                frame(BINARY, "dropped"),
                frame(CONTINUE, ""),
                frame(FIN | CONTINUE, [0xff; 300]),
                text([0xff]),
                close(1000, "too"),
            ],
            &["text leave", "closed 1000 too"],
            &["close 1000 as you wish"],
            Some(""),
        ),
        case(
            "a handler's fault",
            vec![text("fail"), text("never seen")],
            &[],
            &["close 1008"],
            Some("the handler did not like it"),
        ),
    ]);
}

fn close_empty() -> Vec<u8> {
    frame(FIN | CLOSE, "")
}

#[test]
fn each_length_is_written_in_its_fewest_bytes() {
    for (len, head) in [
        (0, &[0x82, 0][..]),
        (125, &[0x82, 125]),
        (126, &[0x82, 126, 0, 126]),
        (65535, &[0x82, 126, 255, 255]),
        (65536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let payload: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
        let mut story = Story::with(Answers::Same, Default::default());
        story.feed(binary(&payload));
        assert!(story.0.sent() == [head, &payload].concat(), "{len}");
        story.0.take_sent();
        story.0.mail(Mail::Send(Encoded::binary(&payload)));
        assert!(story.0.sent() == [head, &payload].concat(), "{len}, encoded once");
    }
}

#[test]
fn what_is_refused() {
    let mut unmasked = text("hello");
    unmasked[1] &= 0x7f;
    let bad = |name, peer, sends, ends| case(name, vec![peer], &[], sends, Some(ends));
    check([
        bad("unmasked", unmasked, &["close 1002 a frame is not masked"], reason::UNMASKED),
        bad(
            "a reserved bit",
            frame(FIN | 0x40 | TEXT, "x"),
            &["close 1002 a reserved bit is set"],
            reason::RESERVED_BITS,
        ),
        bad(
            "a reserved opcode",
            frame(FIN | 0x3, "x"),
            &["close 1002 a reserved opcode"],
            reason::RESERVED_OPCODE,
        ),
        bad(
            "a fragmented ping",
            frame(PING, "x"),
            &["close 1002 a control frame is fragmented"],
            reason::CONTROL_FRAGMENT,
        ),
        bad(
            "a long ping",
            frame(FIN | PING, [0; 126]),
            &["close 1002 a control frame is too long"],
            reason::CONTROL_TOO_LONG,
        ),
        bad(
            "a stray continuation",
            frame(FIN | CONTINUE, "x"),
            &["close 1002 a continuation without a message"],
            reason::STRAY_CONTINUATION,
        ),
        bad(
            "a message in a message",
            [frame(TEXT, "x"), text("y")].concat(),
            &["close 1002 a message inside a message"],
            reason::MESSAGE_IN_MESSAGE,
        ),
        bad(
            "a length in too many bytes",
            [&[FIN | BINARY, 0x80 | 126, 0, 125], &MASK[..]].concat(),
            &["close 1002 a length is not minimal"],
            reason::LENGTH_NOT_MINIMAL,
        ),
        bad(
            "a length in far too many bytes",
            [&[FIN | BINARY, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], &MASK[..]].concat(),
            &["close 1002 a length is not minimal"],
            reason::LENGTH_NOT_MINIMAL,
        ),
        bad(
            "the top bit of a length",
            [&[FIN | BINARY, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], &MASK[..]].concat(),
            &["close 1002 the top bit of a length is set"],
            reason::LENGTH_TOP_BIT,
        ),
        bad(
            "a giant frame",
            [&[FIN | BINARY, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0], &MASK[..]].concat(),
            &["close 1009 a frame is too large"],
            reason::FRAME_TOO_LARGE,
        ),
        bad(
            "half a close code",
            frame(FIN | CLOSE, [3]),
            &["close 1002 a close code of one byte"],
            reason::CLOSE_TOO_SHORT,
        ),
        bad(
            "a close reason that is not UTF-8",
            close(1000, [b'a', 0xff]),
            &["close 1007 the reason of a close is not UTF-8"],
            reason::CLOSE_NOT_UTF8,
        ),
        bad(
            "a text that is not UTF-8",
            text([b'a', 0xc0]),
            &["close 1007 a text is not UTF-8"],
            reason::NOT_UTF8,
        ),
        bad(
            "a text that ends inside a character",
            [frame(TEXT, [0xe2, 0x82]), frame(FIN | CONTINUE, "")].concat(),
            &["close 1007 a text is not UTF-8"],
            reason::NOT_UTF8,
        ),
    ]);
}

#[test]
fn exactly_one_close_is_sent() {
    // Whatever goes wrong behind our close is counted, and no second one is sent.
    for wrong in [frame(FIN | 0x40 | TEXT, "x"), close(1005, ""), frame(FIN | CONTINUE, "x")] {
        let mut story = Story::new();
        story.feed(text("leave")).feed(wrong);
        assert_eq!(story.sent(), ["close 1000 as you wish"]);
        assert!(matches!(story.over(), Some(Err(Fault::Peer(_)))), "{:?}", story.over());
    }
    // Twice by the handler.
    let mut story = Story::new();
    story.0.mail(Mail::Close(CloseCode::AGAIN, "later")).mail(Mail::Close(CloseCode::AWAY, ""));
    assert_eq!(story.sent(), ["close 1013 later"]);
    // By the handler, and by the drain.
    let mut story = Story::new();
    story.0.mail(Mail::Close(CloseCode::AGAIN, "later")).effects().set_draining();
    story.0.unblock();
    assert_eq!(story.sent(), ["close 1013 later"]);
    // By a handler that fails after it has closed.
    story.0.mail(Mail::Fail(Fault::Peer("late")));
    assert_eq!((story.sent().len(), story.over()), (1, None), "a closed socket hears no mail");
}

#[test]
fn every_close_code_is_answered_as_the_registry_says() {
    for code in 0..=u16::MAX {
        // RFC 6455, section 7.4, and what IANA registered since.
        let may = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        assert_eq!(CloseCode::new(code).is_some(), may, "{code}");
        let mut story = Story::new();
        story.feed(close(code, "why"));
        let (sends, over) = if may {
            (format!("close {code}"), Some(Ok(())))
        } else {
            let sends = "close 1002 a close code that must not be sent".into();
            (sends, Some(Err(Fault::Peer(reason::CLOSE_CODE))))
        };
        assert_eq!((story.sent(), story.over()), (vec![sends], over), "{code}");
    }
}

#[test]
fn the_end_of_the_stream() {
    let ends = |bytes: Vec<u8>| {
        let mut story = Story::new();
        story.feed(bytes).0.end();
        (story.sent(), story.over())
    };
    let cut = Some(Err(Fault::Peer(reason::NO_CLOSE)));
    assert_eq!(ends(vec![]), (vec![], cut));
    assert_eq!(ends(text("whole")), (vec![], cut));
    assert_eq!(ends(frame(TEXT, "half")), (vec![], cut));
    assert_eq!(ends(text("half")[..4].to_vec()), (vec![], cut));
    let ours = vec!["close 1000 as you wish".to_owned()];
    assert_eq!(ends(text("leave")), (ours, Some(Ok(()))));
}

#[test]
fn a_drain_closes_behind_what_has_arrived() {
    let mut story = Story::with(Answers::Same, Default::default());
    story.feed(frame(TEXT, "ha")).0.effects().set_draining();
    story.feed([frame(FIN | CONTINUE, "lf"), text("whole")].concat());
    assert_eq!(story.sent(), ["text half", "text whole", "close 1001 the server shuts down"]);
    assert_eq!(story.over(), None);
    story.feed([text("late"), close(1001, "")].concat());
    assert_eq!((story.sent().len(), story.over()), (3, Some(Ok(()))));
}

#[test]
fn mail_is_sent_by_reference_and_after_a_close_not_at_all() {
    let mut story = Story::new();
    let long = Encoded::binary(&[7; 1000]);
    story.0.mail(Mail::Send(Encoded::text("short"))).mail(Mail::Send(long.clone()));
    story.0.mail(Mail::Unknown).mail(Mail::Close(CloseCode::NORMAL, ""));
    story.0.mail(Mail::Send(long));
    assert_eq!(story.sent(), ["text short", "binary [1000]", "close 1000"]);
    assert!(story.events().is_empty());
}

#[test]
fn a_long_reason_is_cut_between_two_characters() {
    // 123 bytes are left for it: 61 characters of two bytes.
    let why: &'static str = Box::leak("é".repeat(100).into_boxed_str());
    let mut story = Story::new();
    story.0.mail(Mail::Close(CloseCode::NORMAL, why));
    assert_eq!(&story.0.sent()[..4], [0x88, 2 + 122, 0x03, 0xe8]);
    assert_eq!(&story.0.sent()[4..], "é".repeat(61).as_bytes());
}
