//! Whether a connection is used again, and whether a request is made again: attack rows I2 to I4.

use readily_protocols::contract::Fault;
use readily_protocols::http1::client::{ClientLimits, Wanted, reason};

use crate::support::{Ask, GET, client, limited, seen};

const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/// I3: whatever is behind a response, and however many bytes of it, is never the next one.
#[test]
fn bytes_behind_a_response_answer_nothing() {
    for frame in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ] {
        for extra in 1..=HELLO.len() {
            let mut script = client(&[GET, Ask::Post("secret")]);
            script.feed(&[frame, &HELLO[..extra]].concat());
            let lines = seen(&mut script);
            assert_eq!((lines.len(), &lines[1][..]), (2, "closed, 1 left"), "{extra}");
            assert_eq!(script.over(), Some(Err(Fault::Peer(reason::UNASKED))));
            let sent = String::from_utf8_lossy(script.sent());
            assert!(!sent.contains("secret"), "nothing more is asked");
        }
    }
}

#[test]
fn bytes_that_come_while_nothing_is_asked_end_the_connection() {
    let mut script = client(&[GET]);
    script.feed(HELLO);
    script.feed(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(seen(&mut script), ["200 hello", "closed, 0 left"]);
    assert_eq!(script.over(), Some(Err(Fault::Peer(reason::UNASKED))));
}

#[test]
fn a_response_that_comes_before_its_request_left_answers_nothing() {
    let mut script = client(&[GET]);
    script.feed(HELLO).block().mail(Ask::Post("x"));
    script.feed(HELLO);
    let lines = seen(&mut script);
    let failed = "failed: bytes that no request asked for; NotSent, again";
    assert_eq!(lines[1..], [failed, "closed, 0 left"]);
}

/// I4: the server ends the connection between two requests, before the next is made.
#[test]
fn a_connection_that_has_ended_is_not_used() {
    let mut script = client(&[GET]);
    script.feed(HELLO).end();
    assert_eq!(seen(&mut script), ["200 hello", "closed, 0 left"]);
    assert_eq!(script.over(), Some(Ok(())));
    // It has ended with the response, and more is to be asked: that goes elsewhere.
    let mut script = client(&[GET, GET, GET]);
    script.feed(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello");
    assert_eq!(seen(&mut script), ["200 hello", "closed, 2 left"]);
    assert_eq!(script.over(), Some(Ok(())));
}

/// I2 and I4: the end comes as the next request is on its way. Each: the request, how many bytes of
/// the response came, and what is to be done.
#[test]
fn only_what_cannot_be_done_twice_is_made_again() {
    let unanswered = "failed: closed before a response; Unanswered, ";
    let head = "failed: the end came within a head; Partly, never again";
    let body = "failed: the end came within a body; Partly, never again";
    for (ask, came, line) in [
        (GET, 0, format!("{unanswered}again")),
        (Ask::Plain("HEAD"), 0, format!("{unanswered}again")),
        (Ask::Plain("PUT"), 0, format!("{unanswered}again")),
        (Ask::Plain("DELETE"), 0, format!("{unanswered}again")),
        (Ask::Plain("OPTIONS"), 0, format!("{unanswered}again")),
        (Ask::Plain("POST"), 0, format!("{unanswered}never again")),
        (Ask::Plain("PATCH"), 0, format!("{unanswered}never again")),
        (Ask::Plain("CONNECT"), 0, format!("{unanswered}never again")),
        (Ask::Plain("get"), 0, format!("{unanswered}never again")),
        (GET, 1, head.to_owned()),
        (GET, HELLO.len() - 6, head.to_owned()),
        (GET, HELLO.len() - 5, body.to_owned()),
        (GET, HELLO.len() - 1, body.to_owned()),
    ] {
        let mut script = client(&[GET]);
        script.feed(HELLO).mail(ask);
        script.feed(&HELLO[..came]).end();
        assert_eq!(seen(&mut script)[1..], [line, "closed, 0 left".to_owned()], "{ask:?}, {came}");
    }
    // Nothing of it has left.
    let mut script = client(&[GET]);
    script.feed(HELLO).block().mail(Ask::Post("x")).end();
    assert_eq!(seen(&mut script)[1], "failed: closed before a response; NotSent, again");
}

#[test]
fn a_connection_is_left_after_its_last_request() {
    let limits = ClientLimits { requests: 2, ..ClientLimits::DEFAULT };
    let mut script = limited(&[GET, GET, GET], Wanted::Whole, limits);
    script.feed(HELLO).feed(HELLO);
    assert_eq!(seen(&mut script), ["200 hello", "200 hello", "closed, 1 left"]);
    assert_eq!(script.over(), Some(Ok(())));
    assert_eq!(script.effects().tally().of(reason::REQUESTS), 1);
    let mut script = client(&[GET, Ask::Leave]);
    script.feed(HELLO);
    assert_eq!((seen(&mut script).len(), script.over()), (2, Some(Ok(()))));
}

#[test]
fn a_connection_that_is_free_ends_with_the_loop() {
    let mut script = client(&[GET]);
    script.effects().set_draining();
    script.feed(HELLO);
    assert_eq!(seen(&mut script), ["200 hello", "closed, 0 left"]);
}
