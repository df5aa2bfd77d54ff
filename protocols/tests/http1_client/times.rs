//! Each phase of an exchange has its time.

use std::time::Duration;

use readily_protocols::contract::{Fault, Machine, Reason};
use readily_protocols::http1::client::{ClientLimits, Wanted, reason};
use readily_protocols::testing::Script;

use crate::support::{Ask, Conn, GET, client, limited, seen, wants};

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n";

/// Sends that each second until the deadline has ended it; after how many seconds that was.
fn drip(script: &mut Script<Conn>, bytes: &[u8]) -> u64 {
    for second in 1..1000 {
        script.wait(Duration::from_secs(1));
        script.feed(bytes);
        let now = script.effects().now();
        if script.machine().deadline().is_some_and(|at| at <= now) {
            script.expire(Reason::Own);
        }
        if script.over().is_some() {
            return second;
        }
    }
    panic!("it never ends: {:?}", script.app().seen);
}

/// Each: what came, what drips, after how many seconds it ends, and how that is counted.
#[test]
fn a_server_that_is_too_slow_is_left() {
    for (came, drips, seconds, reason) in [
        (&b""[..], &b""[..], 15, reason::ANSWER_TIMED_OUT),
        (b"H", b"", 10, reason::HEAD_TIMED_OUT),
        (b"HTTP/1.1 200 OK\r\n", b"A", 10, reason::HEAD_TIMED_OUT),
        (HEAD, b"", 10, reason::BODY_TIMED_OUT),
        (HEAD, b"A", 10, reason::BODY_TIMED_OUT),
        (b"HTTP/1.1 200 OK\r\n\r\nA", b"A", 10, reason::BODY_TIMED_OUT),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            b"a",
            10,
            reason::BODY_TIMED_OUT,
        ),
    ] {
        for wanted in [Wanted::Whole, Wanted::Stream, Wanted::Discard] {
            let mut script = wants(wanted, &[GET]);
            script.feed(came);
            let text = String::from_utf8_lossy(came).into_owned();
            assert_eq!(drip(&mut script, drips), seconds, "{wanted:?}: {text:?}");
            assert_eq!(script.over(), Some(Err(Fault::Peer(reason))), "{wanted:?}: {text:?}");
            let lines = seen(&mut script);
            let failed = lines.iter().filter(|line| line.starts_with("failed")).count();
            assert_eq!((failed, &lines[lines.len() - 1][..]), (1, "closed, 0 left"));
            assert!(lines[lines.len() - 2].ends_with("never again"), "{lines:?}");
        }
    }
}

#[test]
fn a_body_that_comes_fast_enough_goes_on_up_to_the_total() {
    let total_time = Duration::from_secs(25);
    let limits = ClientLimits { total_time, ..ClientLimits::DEFAULT };
    let mut script = limited(&[GET], Wanted::Stream, limits);
    script.feed(HEAD);
    assert_eq!(drip(&mut script, &[b'x'; 1100]), 25);
    assert_eq!(script.over(), Some(Err(Fault::Peer(reason::TOTAL_TIMED_OUT))));
}

#[test]
fn a_caller_that_holds_a_body_back_is_not_the_servers_fault() {
    let mut script = wants(Wanted::Stream, &[GET]);
    script.app().takes = 0;
    script.feed(HEAD).feed(b"some");
    assert_eq!(script.machine().deadline(), None);
    script.app().takes = usize::MAX;
    script.wake();
    assert!(script.machine().deadline().is_some());
}

#[test]
fn a_connection_without_a_request_is_left() {
    let mut script = client(&[]);
    assert_eq!(drip(&mut script, b""), 30);
    assert_eq!((script.over(), seen(&mut script)), (Some(Ok(())), vec!["closed, 0 left".into()]));
    assert_eq!(script.effects().tally().of(reason::IDLE), 1);
}

#[test]
fn a_server_that_takes_nothing_is_left_by_the_loop() {
    let mut script = client(&[]);
    script.block().mail(Ask::Post("x")).expire(Reason::SendStall);
    assert_eq!(script.over(), Some(Err(Fault::TimedOut(Reason::SendStall))));
    assert_eq!(seen(&mut script)[0], "failed: a request was not taken in time; NotSent, again");
}

#[test]
fn the_time_for_an_answer_begins_when_the_request_is_taken() {
    let mut script = client(&[]);
    script.block().mail(GET);
    for _ in 0..3 {
        script.wait(Duration::from_secs(15)).expire(Reason::Own);
        assert_eq!(script.over(), None);
    }
    script.unblock();
    assert!(drip(&mut script, b"") <= 15);
}
