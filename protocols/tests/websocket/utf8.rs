//! Texts: UTF-8 as the standard library knows it, failed at the first byte that cannot be.

use readily_protocols::contract::Fault;
use readily_protocols::websocket::reason;

use crate::client::*;
use crate::story::Story;

/// One byte of each class that RFC 3629 tells apart, and the edges of each.
const CLASSES: [u8; 18] = [
    0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xf0, 0xf3,
    0xf4, 0xf5,
];

/// All sequences of `len` classes.
fn sequences(len: u32) -> impl Iterator<Item = Vec<u8>> {
    let base = CLASSES.len();
    (0..base.pow(len))
        .map(move |n| (0..len).map(|digit| CLASSES[n / base.pow(digit) % base]).collect())
}

/// How many bytes are taken before the first that no text can have there; all, if none is so.
fn possible(bytes: &[u8]) -> usize {
    let fails = |n: &usize| {
        std::str::from_utf8(&bytes[..*n]).is_err_and(|error| error.error_len().is_some())
    };
    (1..=bytes.len()).find(fails).map_or(bytes.len(), |n| n - 1)
}

fn is_refused(story: &Story) -> bool {
    let refused = story.over() == Some(Err(Fault::Peer(reason::NOT_UTF8)));
    assert!(refused || story.over().is_none());
    if refused {
        assert_eq!(story.sent(), ["close 1007 a text is not UTF-8"]);
    }
    refused
}

/// Whether a text message of this, whose payload comes in these frames, is refused.
fn refuses(frames: &[&[u8]]) -> bool {
    let mut story = Story::new();
    for (nth, payload) in frames.iter().enumerate() {
        let opcode = if nth == 0 { TEXT } else { CONTINUE };
        let fin = if nth + 1 == frames.len() { FIN } else { 0 };
        story.feed(frame(fin | opcode, payload));
    }
    is_refused(&story)
}

#[test]
fn every_sequence_of_classes_in_one_frame_and_split_into_two() {
    for len in 1..=4 {
        for bytes in sequences(len) {
            let wrong = std::str::from_utf8(&bytes).is_err();
            assert_eq!(refuses(&[&bytes]), wrong, "{bytes:x?}");
            for split in 0..=bytes.len() {
                let (first, second) = bytes.split_at(split);
                assert_eq!(refuses(&[first, second]), wrong, "{first:x?} {second:x?}");
            }
        }
    }
}

#[test]
fn a_text_is_refused_at_its_first_impossible_byte() {
    // Inside a frame that is not whole: byte by byte, behind a whole message to be sure of state.
    for len in 1..=3 {
        for bytes in sequences(len) {
            let mut payload = b"ab".to_vec();
            payload.extend(&bytes);
            let good = possible(&payload);
            let whole = frame(FIN | TEXT, [&payload[..], &[b'x'; 20]].concat());
            let mut story = Story::new();
            story.feed(&whole[..6]);
            for (nth, byte) in whole[6..6 + payload.len()].iter().enumerate() {
                assert!(!is_refused(&story), "{bytes:x?}: too early, before byte {nth}");
                story.feed([*byte]);
                assert_eq!(story.over().is_some(), nth >= good, "{bytes:x?}: byte {nth}");
                if story.over().is_some() {
                    break;
                }
            }
        }
    }
}

#[test]
fn every_character_survives_every_split() {
    let text: String =
        ['\0', 'a', '\u{7f}', '\u{80}', '\u{7ff}', '\u{800}', '\u{d7ff}', '\u{e000}']
            .into_iter()
            .chain(['\u{feff}', '\u{ffff}', '\u{10000}', '\u{10ffff}'])
            .collect();
    for first in 0..=text.len() {
        for second in first..=text.len() {
            let bytes = text.as_bytes();
            let mut story = Story::new();
            story.feed(frame(TEXT, &bytes[..first]));
            story.feed(frame(CONTINUE, &bytes[first..second]));
            story.feed(frame(FIN | CONTINUE, &bytes[second..]));
            assert_eq!(story.events(), [format!("text {}", show(bytes))], "{first}, {second}");
        }
    }
}
