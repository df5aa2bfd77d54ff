//! Bodies of requests: as the server takes them, and when it wants them.

use std::time::Duration;

use readily_protocols::contract::{Fault, Reason};
use readily_protocols::http1::client::reason;
use readily_protocols::http1::wire::Length;

use crate::support::{Ask, client, seen};

const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const LARGE: &[u8] = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n";

#[test]
fn a_body_is_sent_in_its_frame() {
    for (length, frame) in [
        (Length::Known(5), "content-length: 5\r\n\r\nabcde"),
        (Length::Unknown, "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
    ] {
        let mut script = client(&[Ask::Stream(length, &["abc", "de"]), Ask::Last]);
        let head = "POST / HTTP/1.1\r\nhost: a\r\n";
        assert_eq!(String::from_utf8_lossy(&script.take_sent()), format!("{head}{frame}"));
        script.feed(HELLO);
        assert_eq!(seen(&mut script), ["200 hello"]);
        assert!(script.sent().starts_with(b"GET "), "the connection is used again");
    }
}

#[test]
fn a_body_that_is_not_as_long_as_its_head_says_is_cut() {
    for (pieces, reason) in [
        (&["abc"][..], reason::WRONG_LENGTH),
        (&["abc", "def"], reason::WRONG_LENGTH),
        (&["abc", "abort"], reason::GIVEN_UP),
    ] {
        let mut script = client(&[Ask::Stream(Length::Known(5), pieces)]);
        assert_eq!(script.over(), Some(Err(Fault::Local(reason))), "{pieces:?}");
        assert!(seen(&mut script)[0].ends_with("never again"));
    }
}

/// I16: an error stops a body that is under way, and the connection ends; a success does not.
#[test]
fn an_early_response_decides_what_becomes_of_the_body() {
    let ask = Ask::Stream(Length::Unknown, &["abc", "wait", "de"]);
    let mut script = client(&[ask, Ask::Last]);
    script.take_sent();
    script.feed(LARGE);
    assert_eq!(seen(&mut script), ["413 ", "closed, 1 left"]);
    assert_eq!(script.sent(), b"");
    assert_eq!(script.over(), Some(Ok(())));
    // A success that comes in pieces: the body goes on meanwhile.
    let mut script = client(&[ask, Ask::Last]);
    script.take_sent();
    script.feed(&HELLO[..HELLO.len() - 1]);
    assert!(script.sent().starts_with(b"2\r\nde\r\n0\r\n\r\n"));
    script.feed(b"o");
    assert_eq!(seen(&mut script), ["200 hello"]);
    assert!(script.sent().ends_with(b"connection: close\r\n\r\n"), "and it is used again");
}

#[test]
fn a_body_waits_for_the_word_of_the_server() {
    let expect = || {
        let mut script = client(&[Ask::Expect(&["abc"]), Ask::Last]);
        let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\
            transfer-encoding: chunked\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&script.take_sent()), head);
        script
    };
    let body = b"3\r\nabc\r\n0\r\n\r\n";
    // It says so; another interim response does not.
    let mut script = expect();
    script.feed(b"HTTP/1.1 102 Processing\r\n\r\n");
    assert_eq!(script.sent(), b"");
    script.feed(b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(script.take_sent(), body);
    script.feed(HELLO);
    assert!(script.sent().starts_with(b"GET "), "the connection is used again");
    // It says nothing for a second.
    let mut script = expect();
    script.wait(Duration::from_secs(1)).expire(Reason::Own);
    assert_eq!(script.sent(), body);
    script.feed(b"HTTP/1.1 100 Continue\r\n\r\n").feed(HELLO);
    assert_eq!(seen(&mut script), ["interim 100", "200 hello"]);
    // It answers at once: nothing is sent, and nothing more is asked.
    for answer in [LARGE, HELLO] {
        let mut script = expect();
        script.feed(answer);
        assert_eq!((script.sent(), script.over()), (&b""[..], Some(Ok(()))));
        assert_eq!(seen(&mut script)[1], "closed, 1 left");
    }
}
