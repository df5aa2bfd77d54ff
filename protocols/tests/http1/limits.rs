//! Every limit at its edge: one below, at it, and one above.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::SystemTime;

use readily_protocols::contract::{
    Block, Effects, Fault, Id, Io, Machine, Marks, Next, Outbox, Peer, Reason, Remote, Rx, Signals,
    Tx,
};
use readily_protocols::http1::reason::*;
use readily_protocols::http1::{HEADERS_MOST, Limits, Server};

use crate::site::Site;
use crate::support::{Conn, World, codes, get, limited, post, site};

const L: Limits = Limits::DEFAULT;

/// Feeds it whole, and byte by byte: it must come to the same.
fn outcome(limits: Limits, input: &[u8]) -> (Vec<u16>, Option<Result<(), Fault>>) {
    let mut whole = limited(limits);
    whole.feed(input);
    let mut drip = limited(limits);
    for byte in input {
        drip.feed(&[*byte]);
    }
    let outcome = (codes(&whole), whole.over());
    assert_eq!((codes(&drip), drip.over()), outcome);
    outcome
}

fn check(limits: Limits, input: &[u8], refused: Option<(u16, &'static str)>, what: &str) {
    let expected = match refused {
        None => (vec![404], None),
        Some((code, reason)) => (vec![code], Some(Err(Fault::Peer(reason)))),
    };
    assert_eq!(outcome(limits, input), expected, "{what}");
}

#[test]
fn the_request_line() {
    for (length, refused) in [
        (Limits::LINE - 1, None),
        (Limits::LINE, None),
        (Limits::LINE + 1, Some((414, TARGET_TOO_LONG))),
        (2 * Limits::LINE, Some((414, TARGET_TOO_LONG))),
    ] {
        let target = format!("/{}", "a".repeat(length - "GET / HTTP/1.1".len()));
        check(L, &get(&target, ""), refused, &length.to_string());
    }
}

#[test]
fn a_header_line() {
    for (length, refused) in [
        (Limits::LINE - 1, None),
        (Limits::LINE, None),
        (Limits::LINE + 1, Some((431, HEADER_TOO_LONG))),
    ] {
        let line = format!("A: {}\r\n", "b".repeat(length - "A: ".len()));
        check(L, &get("/none", &line), refused, &length.to_string());
    }
}

#[test]
fn a_head() {
    let start = get("/none", "").len() - 2;
    for most in [Limits::HEAD, 300, 30_000] {
        for (length, refused) in
            [(most - 1, None), (most, None), (most + 1, Some((431, HEAD_TOO_LARGE)))]
        {
            let mut left = length - start - 2;
            let mut lines = String::new();
            while left > 0 {
                let line = if left > 8000 { 5000 } else { left };
                lines += &format!("A: {}\r\n", "b".repeat(line - "A: \r\n".len()));
                left -= line;
            }
            let input = get("/none", &lines);
            assert_eq!(input.len(), length);
            check(Limits { head: most, ..L }, &input, refused, &length.to_string());
        }
    }
}

#[test]
fn headers() {
    for most in [0, 1, Limits::HEADERS, HEADERS_MOST, HEADERS_MOST + 9] {
        let limit = most.min(HEADERS_MOST);
        for count in [limit.saturating_sub(1), limit, limit + 1] {
            let lines: String = (0..count).map(|n| format!("A{n}: b\r\n")).collect();
            let input = format!("GET /none HTTP/1.0\r\nConnection: keep-alive\r\n{lines}\r\n");
            // The first line counts.
            let refused = (count + 1 > limit).then_some((431, TOO_MANY_HEADERS));
            let limits = Limits { headers: most, ..L };
            check(limits, input.as_bytes(), refused, &format!("{count} of {most}"));
        }
    }
}

#[test]
fn a_body() {
    for most in [0, 10, Limits::BODY] {
        for length in [most.saturating_sub(1), most, most + 1] {
            let head =
                format!("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
            let input = [head.as_bytes(), &vec![b'x'; length as usize]].concat();
            let mut script = limited(Limits { body: most, ..L });
            script.feed(&input);
            if length <= most {
                assert_eq!((codes(&script), script.over()), (vec![404], None), "{length}");
                assert_eq!(script.app().bodies[0].len(), length as usize);
            } else {
                let over = Some(Err(Fault::Peer(BODY_TOO_LARGE)));
                assert_eq!((codes(&script), script.over()), (vec![413], over), "{length}");
            }
        }
    }
}

#[test]
fn a_large_body_is_moved_out_as_it_comes() {
    // Nothing of it stays in the receive buffer, and no more is held than twice what came.
    let input = post(&vec![b'x'; Limits::BODY as usize]);
    let mut script = site();
    for piece in input.chunks(1000) {
        script.feed(piece);
        assert!(script.ends().0.is_empty());
    }
    assert_eq!(script.app().bodies[0].len(), Limits::BODY as usize);
}

/// One call with that input: how many were answered, and what is next.
fn turn(limits: Limits, input: &[u8], receive_max: usize) -> (usize, Result<Next, Fault>) {
    let mut script = limited(limits);
    let now = script.effects().now();
    let outbox = Outbox::new(0, Box::new(|| ()));
    let mut fx = Effects::new(now, SystemTime::UNIX_EPOCH, 1, outbox.into());
    let (mut app, mut rx, mut tx) =
        (World::default(), Rx::new(receive_max), Tx::new(Marks::default()));
    rx.lend(Block::new(input.len()));
    rx.space().copy_from_slice(input);
    rx.commit(input.len());
    let remote = Remote::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1));
    let (ends, link) = ((&mut rx, &mut tx), (Peer::None, Signals(0)));
    let id = Id { index: 0, generation: 1 };
    let mut io = Io::new(id, &remote, ends, link, &mut app, &mut fx);
    let next = Conn::Http(Server::new(Site::new(limits))).advance(&mut io);
    (app.seen.len(), next)
}

#[test]
fn requests_in_one_turn() {
    for (most, limit) in [(0, 1), (1, 1), (3, 3), (Limits::PIPELINED, 16)] {
        let limits = Limits { pipelined: most, ..L };
        for asked in [limit - 1, limit, limit + 1, 3 * limit] {
            let input = [&get("/", "").repeat(asked)[..], b"GET"].concat();
            let next = if asked < limit { Next::Wait } else { Next::Yield };
            let outcome = turn(limits, &input, 1 << 20);
            assert_eq!(outcome, (asked.min(limit), Ok(next)), "{asked} of {most}");
        }
    }
}

#[test]
fn a_receive_buffer_that_is_smaller_than_a_head_may_be() {
    for (length, next) in [
        (999, Ok(Next::Wait)),
        (1000, Err(Fault::Peer(HEAD_TOO_LARGE))),
        (1001, Err(Fault::Peer(HEAD_TOO_LARGE))),
    ] {
        let head = get(&"/a".repeat(1000), "");
        assert_eq!(turn(L, &head[..length], 1000), (0, next), "{length}");
    }
}

#[test]
fn requests_on_one_connection() {
    for (requests, asked) in [(1, 1), (1, 2), (3, 2), (3, 3), (3, 4), (1000, 1000)] {
        let mut script = limited(Limits { requests, ..L });
        for _ in 0..asked {
            script.feed(&get("/none", ""));
        }
        let is_over = asked >= requests;
        let answers = asked.min(requests) as usize;
        assert_eq!(codes(&script).len(), answers, "{asked} of {requests}");
        assert_eq!(script.over(), is_over.then_some(Ok(())));
        assert_eq!(script.effects().tally().of(REQUESTS), u64::from(is_over));
        let sent = String::from_utf8_lossy(script.sent()).into_owned();
        assert_eq!(sent.matches("connection: close").count(), usize::from(is_over));
        let last = sent.rfind("HTTP/1.1 ").expect("an answer");
        assert_eq!(sent[last..].contains("connection: close"), is_over, "the last one says so");
    }
}

#[test]
fn a_deadline_of_the_user_is_not_ours() {
    for why in [Reason::Idle, Reason::Within] {
        let mut script = site();
        script.expire(why);
        assert_eq!((codes(&script), script.over()), (vec![], Some(Err(Fault::TimedOut(why)))));
    }
}
