//! The same bytes in other pieces: the same events, the same output, the same end.

use std::fmt::Debug;

use readily_protocols::contract::Fault;
use readily_protocols::websocket::{Deflate, Intake, Limits};

use crate::client::*;
use crate::ends::{End, client, converse, heard, server};
use crate::story::{Answers, Outcome, Story};

fn told(pieces: &[&[u8]]) -> Outcome {
    let limits = Limits { fragments_max: 8, message_max: 400, ..Limits::DEFAULT };
    let mut story = Story::with(Answers::Same, limits);
    for piece in pieces {
        story.feed(piece);
    }
    story.outcome()
}

/// What is recorded of clients, well-behaved and not.
fn conversations() -> Vec<(&'static str, Vec<u8>)> {
    let euro = "€".as_bytes();
    vec![
        ("messages", [text("hello"), binary([0, 1, 2]), text(""), text("€")].concat()),
        ("two lengths", [binary([7; 125]), binary([8; 126]), close(1000, "enough")].concat()),
        (
            "fragments and pings",
            [
                frame(TEXT, &euro[..1]),
                ping("one"),
                frame(CONTINUE, &euro[1..2]),
                frame(CONTINUE, ""),
                ping(""),
                frame(FIN | CONTINUE, &euro[2..]),
                pong("?"),
                frame(BINARY, ""),
                frame(FIN | CONTINUE, "x"),
            ]
            .concat(),
        ),
        ("a close, then noise", [text("a"), close(4999, "ü"), text("b"), vec![0xff; 9]].concat()),
        (
            "our close, then noise",
            [text("leave"), frame(TEXT, [0xff; 50]), frame(FIN | CONTINUE, ""), close(1000, "")]
                .concat(),
        ),
        ("our close, then worse", [text("leave"), text("a"), vec![0xf0]].concat()),
        ("a handler's fault", [text("a"), text("fail"), text("b")].concat()),
        ("a bad text", [text("fine"), text(b"fi\xffne"), text("fine")].concat()),
        ("a bad text in parts", [frame(TEXT, b"\xed"), frame(FIN | CONTINUE, b"\xa0")].concat()),
        ("half a character", [frame(TEXT, &euro[..2]), frame(FIN | CONTINUE, "")].concat()),
        ("unmasked", [text("a"), vec![0x81, 0x01, b'b'], text("c")].concat()),
        ("a reserved bit", [frame(TEXT, "a"), frame(FIN | 0x10, "b")].concat()),
        ("a long ping", [frame(TEXT, "a"), frame(FIN | PING, [1; 126])].concat()),
        ("a length not minimal", vec![0x82, 0xfe, 0, 5, 1, 2, 3, 4, 1, 2, 3, 4, 5]),
        ("a giant", [vec![0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4], vec![0; 20]].concat()),
        ("too long in parts", [frame(BINARY, [0; 300]), frame(FIN | CONTINUE, [0; 101])].concat()),
        ("too many parts", [frame(BINARY, "x"), frame(CONTINUE, "").repeat(8)].concat()),
        ("a bad close", [frame(TEXT, "a"), close(1005, "no"), close(1000, "")].concat()),
        ("too many pings", ping("x").repeat(102)),
    ]
}

/// What comes of the bytes at once comes of them in two pieces, wherever they are cut, and one by
/// one; gives it back.
pub(crate) fn every_cut<T: PartialEq + Debug>(
    name: &str,
    bytes: &[u8],
    tell: impl Fn(&[&[u8]]) -> T,
) -> T {
    let whole = tell(&[bytes]);
    for cut in 0..=bytes.len() {
        assert_eq!(tell(&[&bytes[..cut], &bytes[cut..]]), whole, "{name}, cut at {cut}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(tell(&single), whole, "{name}, byte by byte");
    whole
}

#[test]
fn every_cut_of_a_conversation_comes_out_the_same() {
    for (name, bytes) in conversations() {
        every_cut(name, &bytes, told);
    }
}

#[test]
fn every_two_cuts_of_a_short_one_come_out_the_same() {
    for (name, bytes) in conversations().into_iter().filter(|(_, bytes)| bytes.len() < 100) {
        let whole = told(&[&bytes]);
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                assert_eq!(told(&pieces), whole, "{name}, cut at {first} and {second}");
            }
        }
    }
}

/// What a server hears that takes messages in parts: each message put together again, what was
/// sent, and the end.
fn streamed(pieces: &[&[u8]]) -> (Vec<String>, Vec<u8>, Option<Result<(), Fault>>) {
    let limits = Limits { fragments_max: 8, message_max: 400, ..Limits::STREAMED };
    let mut server = server(End { limits, intake: Intake::Stream, ..End::new(Deflate::Off) });
    let mut client = client(End::new(Deflate::Off));
    converse(&mut client, &mut server, usize::MAX);
    pieces.iter().for_each(|piece| _ = server.feed(piece));
    let (mut messages, mut open) = (Vec::new(), None);
    for told in &heard(&server)[1..] {
        let (place, part) = told.split_once(' ').expect("a place");
        let (kind, part) = part.split_once(' ').expect("a kind");
        let part = part.trim_matches(['[', ']']);
        let (begins, ends) =
            (["First", "Only"].contains(&place), ["Last", "Only"].contains(&place));
        assert_eq!(open.is_none(), begins, "{told} behind {messages:?}");
        let (whole_kind, whole) = open.get_or_insert_with(|| (kind.to_owned(), String::new()));
        assert_eq!(whole_kind, kind);
        let is_list = kind == "binary" && !whole.is_empty() && !part.is_empty();
        whole.push_str(if is_list { ", " } else { "" });
        whole.push_str(part);
        if ends {
            messages.extend(open.take().map(|(kind, whole)| format!("{kind} {whole}")));
        }
    }
    (messages, server.take_sent(), server.over())
}

#[test]
fn every_cut_of_messages_in_parts_comes_out_the_same() {
    for (name, bytes) in conversations() {
        every_cut(name, &bytes, streamed);
    }
}

#[test]
fn nothing_is_held_between_two_messages() {
    let messages = [text("hello"), frame(TEXT, "he"), ping("1"), frame(FIN | CONTINUE, "llo")];
    let mut story = Story::new();
    for (message, holds) in messages.iter().zip([false, true, true, false]) {
        for byte in message {
            story.feed([*byte]);
        }
        assert_eq!(story.socket().held() > 0, holds);
        assert!(story.0.ends().0.is_empty());
    }
}
