//! Deadlines: when each passes, and what is said then.

use std::time::{Duration, Instant};

use readily_protocols::contract::{Fault, Machine, Reason};
use readily_protocols::http1::Limits;
use readily_protocols::http1::reason::*;
use readily_protocols::testing::Script;

use crate::support::{Conn, codes, get, limited, post, post_to, site};

/// How long until the deadline; none where there is none.
fn left(script: &mut Script<Conn>) -> Option<Duration> {
    let now: Instant = script.effects().now();
    script.machine().deadline().map(|at| at.saturating_duration_since(now))
}

fn secs(secs: u64) -> Option<Duration> {
    Some(Duration::from_secs(secs))
}

/// Lets that much time pass.
fn wait(script: &mut Script<Conn>, secs: u64) {
    script.wait(Duration::from_secs(secs));
}

#[test]
fn a_head_has_its_time_from_the_accept_however_it_comes() {
    let mut script = site();
    assert_eq!(left(&mut script), Some(Limits::HEAD_TIME));
    for (at, byte) in b"GET / HTT".iter().enumerate() {
        wait(&mut script, 1);
        script.feed(&[*byte]);
        assert_eq!(left(&mut script), secs(9 - at as u64));
    }
    wait(&mut script, 1);
    script.expire(Reason::Own);
    assert_eq!(
        (codes(&script), script.over()),
        (vec![408], Some(Err(Fault::Peer(HEAD_TIMED_OUT))))
    );
}

#[test]
fn each_time_is_what_the_limits_say() {
    type Set = fn(&mut Limits, Duration);
    let some_body = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx".to_vec();
    let rows: [(&str, Set, Vec<u8>); 6] = [
        ("head_time, first", |limits, time| limits.head_time = time, Vec::new()),
        ("head_time", |limits, time| limits.head_time = time, [&get("/", "")[..], b"G"].concat()),
        ("idle_time", |limits, time| limits.idle_time = time, get("/", "")),
        ("request_time", |limits, time| limits.request_time = time, some_body.clone()),
        ("body_window", |limits, time| limits.body_window = time, some_body),
        ("answer_time", |limits, time| limits.answer_time = time, get("/later", "")),
    ];
    for (name, set, input) in rows {
        for time in [Duration::from_millis(1), Duration::from_secs(3), Duration::MAX] {
            let mut limits = Limits {
                head_time: Duration::MAX,
                idle_time: Duration::MAX,
                request_time: Duration::MAX,
                body_window: Duration::MAX,
                answer_time: Duration::MAX,
                ..Limits::DEFAULT
            };
            set(&mut limits, time);
            let mut script = limited(limits);
            if !input.is_empty() {
                script.feed(&input);
            }
            let expected = (time != Duration::MAX).then_some(time);
            assert_eq!(left(&mut script), expected, "{name}");
            assert_eq!(script.over(), None, "{name}");
        }
    }
}

#[test]
fn how_much_of_a_body_a_window_needs() {
    for bytes in [0_u32, 1, 100] {
        for came in [bytes.saturating_sub(1), bytes, bytes + 1] {
            for target in ["/echo", "/take"] {
                let limits = Limits { body_window_bytes: bytes, ..Limits::DEFAULT };
                let mut script = limited(limits);
                let input = post_to(target, &[b'x'; 1000]);
                let start = input.len() - 1000;
                script.feed(&input[..start]).feed(&input[start..start + came as usize]);
                script.wait(Limits::BODY_WINDOW).expire(Reason::Own);
                let over = (came < bytes).then_some(Err(Fault::Peer(BODY_TOO_SLOW)));
                assert_eq!(script.over(), over, "{target}: {came} of {bytes}");
                assert_eq!(codes(&script), [408; 1][..usize::from(came < bytes)]);
            }
        }
    }
}

#[test]
fn who_says_nothing_is_told_nothing() {
    let mut script = site();
    script.expire(Reason::Own);
    assert_eq!((codes(&script), script.over()), (vec![], Some(Ok(()))));
    assert_eq!(script.effects().tally().of(SILENT), 1);
}

#[test]
fn between_two_requests_it_may_be_idle_for_a_while() {
    let mut script = site();
    wait(&mut script, 5);
    script.feed(&get("/", ""));
    assert_eq!(left(&mut script), Some(Limits::IDLE_TIME));
    // An empty line is nothing yet, nor is a call that brings nothing.
    wait(&mut script, 5);
    script.feed(b"\r\n").unblock();
    assert_eq!(left(&mut script), secs(10));
    // From its first byte on the head has its own time.
    script.feed(b"G");
    assert_eq!(left(&mut script), secs(10));
    wait(&mut script, 4);
    script.feed(b"ET /");
    assert_eq!(left(&mut script), secs(6));
    script.feed(b" HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(left(&mut script), Some(Limits::IDLE_TIME));
    script.expire(Reason::Own);
    assert_eq!((codes(&script), script.over()), (vec![200, 200], Some(Ok(()))));
    assert_eq!(script.effects().tally().of(IDLE), 1);
}

#[test]
fn a_head_behind_an_answer_has_its_own_time() {
    let mut script = site();
    wait(&mut script, 5);
    script.feed(&[&get("/", "")[..], b"GET /"].concat());
    assert_eq!(left(&mut script), Some(Limits::HEAD_TIME));
    wait(&mut script, 10);
    script.expire(Reason::Own);
    assert_eq!(codes(&script), [200, 408]);
}

#[test]
fn who_reads_slowly_is_not_idle() {
    let mut script = site();
    script.block().feed(&get("/", ""));
    wait(&mut script, 15);
    script.expire(Reason::Own);
    assert_eq!((script.over(), left(&mut script)), (None, Some(Limits::IDLE_TIME)));
    // While no more is answered, the deadline is the carrier's.
    script.feed(&get("/large", ""));
    script.feed(b"GET /");
    assert_eq!(left(&mut script), None);
    script.unblock();
    assert_eq!(left(&mut script), Some(Limits::HEAD_TIME));
}

#[test]
fn a_body_must_come_fast_enough() {
    let body = vec![b'x'; 100_000];
    let input = post(&body);
    let start = input.len() - body.len();
    let window = Limits::BODY_WINDOW_BYTES as usize;
    for (came, is_slow) in [(window - 1, true), (window, false), (window + 1, false)] {
        for first in [0, 1000] {
            let mut script = site();
            script.feed(&input[..start + first]);
            assert_eq!(left(&mut script), Some(Limits::BODY_WINDOW));
            wait(&mut script, 4);
            script.feed(&input[start + first..start + came]);
            assert_eq!(left(&mut script), secs(6), "progress changes nothing");
            wait(&mut script, 6);
            script.expire(Reason::Own);
            let over = is_slow.then_some(Err(Fault::Peer(BODY_TOO_SLOW)));
            assert_eq!(script.over(), over, "{came}");
            assert_eq!(codes(&script), if is_slow { vec![408] } else { vec![] });
        }
    }
}

#[test]
fn each_window_counts_anew() {
    // Whether it waits in the receive buffer or was moved.
    for size in [50_000, 500_000] {
        let body = vec![b'x'; size];
        let input = post(&body);
        let start = input.len() - body.len();
        let window = Limits::BODY_WINDOW_BYTES as usize;
        let mut script = site();
        script.feed(&input[..start + 2 * window]);
        wait(&mut script, 10);
        script.expire(Reason::Own);
        assert_eq!((script.over(), left(&mut script)), (None, Some(Limits::BODY_WINDOW)));
        script.feed(&input[start + 2 * window..start + 3 * window - 1]);
        wait(&mut script, 10);
        script.expire(Reason::Own);
        assert_eq!(script.over(), Some(Err(Fault::Peer(BODY_TOO_SLOW))), "{size}");
    }
}

#[test]
fn a_request_has_its_time_from_its_first_byte() {
    let body = vec![b'x'; 1_000_000];
    let input = post(&body);
    let start = input.len() - body.len();
    for head_took in [0, 9] {
        let mut script = site();
        script.feed(&input[..5]);
        wait(&mut script, head_took);
        script.feed(&input[5..start]);
        let mut sent = start;
        let mut passed = head_took;
        while let Some(step) = left(&mut script).filter(|_| script.over().is_none()) {
            script.wait(step);
            passed += step.as_secs();
            script.feed(&input[sent..sent + 20_000]);
            sent += 20_000;
            script.expire(Reason::Own);
        }
        assert_eq!(script.over(), Some(Err(Fault::Peer(REQUEST_TIMED_OUT))));
        assert_eq!((passed, codes(&script)), (60, vec![408]), "the head took {head_took} s");
    }
}
