//! All first two bytes of a frame, against the RFC read once more.

use readily_protocols::contract::Fault;
use readily_protocols::websocket::{Deflate, Terms, reason};

use crate::client::{MASK, TEXT, frame};
use crate::ends::{End, client, converse, server};
use crate::story::Story;

/// Who judges a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Judge {
    is_client: bool,
    /// Compression was agreed.
    inflates: bool,
}

const SERVER: Judge = Judge { is_client: false, inflates: false };

/// What a frame that begins with these two bytes is refused for, and with which close code: RFC
/// 6455, sections 5.1 to 5.5, and RFC 7692, section 6, written as questions of one bit each.
fn oracle(judge: Judge, first: u8, second: u8, inside: bool) -> Option<(&'static str, u16)> {
    let bit = |byte: u8, nth: u32| byte & (1 << nth) != 0;
    let opcode = first % 16;
    let length = second % 128;
    let protocol = |why| Some((why, 1002));
    if bit(first, 5) || bit(first, 4) || (bit(first, 6) && !judge.inflates) {
        return protocol(reason::RESERVED_BITS);
    }
    if ![0, 1, 2, 8, 9, 10].contains(&opcode) {
        return protocol(reason::RESERVED_OPCODE);
    }
    if bit(first, 6) && ![1, 2].contains(&opcode) {
        return protocol(reason::RESERVED_BITS);
    }
    if opcode >= 8 && !bit(first, 7) {
        return protocol(reason::CONTROL_FRAGMENT);
    }
    if bit(second, 7) == judge.is_client {
        return protocol(if judge.is_client { reason::MASKED } else { reason::UNMASKED });
    }
    if opcode >= 8 && length > 125 {
        return protocol(reason::CONTROL_TOO_LONG);
    }
    match (opcode, inside) {
        (0, false) => protocol(reason::STRAY_CONTINUATION),
        (1 | 2, true) => protocol(reason::MESSAGE_IN_MESSAGE),
        _ => None,
    }
}

#[test]
fn each_of_65536_heads_is_taken_or_refused_as_the_rfc_says() {
    let mut refused = 0;
    for inside in [false, true] {
        for head in 0..=u16::MAX {
            let [first, second] = head.to_be_bytes();
            let length = match second % 128 {
                126 => vec![0, 126],
                127 => vec![0, 0, 0, 0, 0, 1, 0, 0],
                _ => vec![],
            };
            let mut story = Story::new();
            if inside {
                story.feed(frame(TEXT, "a"));
            }
            story.feed([first, second]).feed(length).feed(MASK);
            let expected = oracle(SERVER, first, second, inside);
            let told = story.sent().first().cloned().unwrap_or_default();
            match expected {
                Some((why, code)) => {
                    refused += 1;
                    let why_said = why.strip_prefix("websocket: ").expect("a prefix");
                    assert_eq!(told, format!("close {code} {why_said}"), "{head:#06x}");
                    assert_eq!(story.over(), Some(Err(Fault::Peer(why))), "{head:#06x}");
                }
                // An empty close is the only thing that ends a connection in order.
                None if (first, second) == (0x88, 0x80) => {
                    assert_eq!((told.as_str(), story.over()), ("close", Some(Ok(()))));
                }
                None => assert_eq!(story.over(), None, "{head:#06x}: {told}"),
            }
        }
    }
    // Of 512 first bytes outside and inside a message 9 and 7 are fine, with 128 lengths each for
    // those of messages and 126 for the three control frames.
    let taken = (4 + 2) * 128 + 2 * 3 * 126;
    assert_eq!(refused, 2 * 65536 - taken);
}

#[test]
fn each_first_byte_is_judged_so_by_both_ends_and_with_compression() {
    let lengths = [0, 1, 125, 126, 127];
    let seconds: Vec<u8> = lengths.into_iter().flat_map(|length| [length, 128 | length]).collect();
    for (is_client, inflates) in [(false, true), (true, false), (true, true)] {
        let judge = Judge { is_client, inflates };
        let deflate = if inflates { Deflate::On(Terms::SHARED) } else { Deflate::Off };
        let firsts = (0..=u8::MAX).flat_map(|first| [(first, false), (first, true)]);
        for ((first, inside), &second) in firsts.flat_map(|at| seconds.iter().map(move |s| (at, s)))
        {
            let mut server = server(End::new(deflate));
            let mut client = client(End::new(deflate));
            converse(&mut client, &mut server, usize::MAX);
            let end = if is_client { &mut client } else { &mut server };
            if inside {
                end.feed(&if is_client { vec![TEXT, 1, b'a'] } else { frame(TEXT, "a") });
            }
            let length: &[u8] = match second % 128 {
                126 => &[0, 126],
                127 => &[0, 0, 0, 0, 0, 1, 0, 0],
                _ => &[],
            };
            end.feed(&[first, second]).feed(length).feed(if is_client { &[] } else { &MASK });
            let expected = oracle(judge, first, second, inside).map(|(why, _)| why);
            let told = match end.over() {
                Some(Err(Fault::Peer(why))) => Some(why),
                // An empty close is the only thing that ends a connection in order.
                Some(Ok(())) if (first, second % 128) == (0x88, 0) => None,
                other => other.map(|over| panic!("{over:?}")),
            };
            assert_eq!(told, expected, "{judge:?} {first:#x} {second:#x} {inside}");
        }
    }
}
