//! C14: what comes byte by byte costs as much as what comes at once, but for the calls.

use readily_protocols::http1::wire::{Event, ServerSide};
use readily_protocols::http1::{Limits, Starts};

use crate::support::{chunked, get, site};

/// The largest head that is allowed, of lines as long as they may be.
fn largest_head() -> Vec<u8> {
    let mut lines = String::new();
    let start = get("/none", "").len();
    let mut left = Limits::HEAD - start;
    while left > 0 {
        let line = if left > 8000 { 5000 } else { left };
        lines += &format!("A:{}\r\n", "b".repeat(line - "A:\r\n".len()));
        left -= line;
    }
    get("/none", &lines)
}

#[test]
fn a_byte_of_a_head_is_looked_at_once_for_its_line_end() {
    for input in [get("/none", "A: b\r\n"), largest_head()] {
        let (mut http, mut starts) = (ServerSide::new(), Starts::new());
        let mut there = Vec::new();
        for (at, byte) in input.iter().enumerate() {
            there.push(*byte);
            // The head is read once more, when it is whole.
            let is_last = at + 1 == input.len();
            if is_last {
                there.copy_from_slice(&input);
            }
            let received = http.receive(&there, &Limits::DEFAULT, &mut starts);
            match received.map(|received| received.event) {
                Ok(Event::Wanting) => assert!(!is_last, "at {at}"),
                Ok(Event::Request(head)) => assert!(is_last && head.target() == "/none"),
                other => panic!("{other:?} at {at}"),
            }
            // Spoilt before the next byte comes: to look at it again would be to refuse it. Only a
            // CR waits for its LF.
            let seen = at + usize::from(*byte != b'\r');
            there[..seen].fill(b'\n');
        }
    }
}

/// How many bytes a connection is shown for an input in pieces of that size, when what it is done
/// with is not shown again: the most that it could look at.
fn shown(input: &[u8], size: usize) -> usize {
    let (mut http, mut starts, limits) = (ServerSide::new(), Starts::new(), Limits::DEFAULT);
    let (mut unread, mut shown) = (Vec::new(), 0);
    for piece in input.chunks(size) {
        unread.extend_from_slice(piece);
        loop {
            shown += unread.len();
            let received = http.receive(&unread, &limits, &mut starts).expect("a good request");
            let is_over = matches!(received.event, Event::Wanting | Event::End(_));
            let used = received.used;
            unread.drain(..used);
            if is_over {
                break;
            }
        }
    }
    shown
}

#[test]
fn chunks_that_drip_are_shown_no_more_than_three_times_what_they_are() {
    let mut frame = Vec::new();
    for _ in 0..1000 {
        frame.extend_from_slice(b"5;a=b\r\nhello\r\n");
    }
    frame.extend_from_slice(b"0\r\n\r\n");
    let head = chunked("/take", b"");
    let input = [&head[..], &frame].concat();
    // The head is a constant; every byte of the frame is done with as it comes.
    let of_head = shown(&head, 1);
    let dripped = shown(&input, 1) - of_head;
    assert!(dripped <= 3 * frame.len(), "{dripped} for {}", frame.len());
}

#[test]
fn a_body_that_drips_is_moved_once() {
    // Nothing that was put together is moved with each byte: it grows by doubling.
    let mut script = site();
    script.feed(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n");
    let mut sizes = Vec::new();
    for _ in 0..9999 {
        script.feed(b"x");
        assert!(script.ends().0.is_empty());
        sizes.push(readily_protocols::contract::Machine::held(script.machine()));
    }
    sizes.dedup();
    assert!(sizes.len() <= 14, "{sizes:?}");
    script.feed(b"x");
    assert_eq!(script.app().bodies[0].len(), 10_000);
}
