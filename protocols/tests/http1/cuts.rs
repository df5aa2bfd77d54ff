//! However it is cut, it comes to the same.

use readily_protocols::http1::Limits;
use readily_protocols::testing::Script;

use crate::support::{Conn, get, post, said, site};

/// All that can be seen of a conversation.
fn seen(script: &mut Script<Conn>) -> impl PartialEq + std::fmt::Debug + use<> {
    let said = said(script);
    let world = script.app();
    let (requests, bodies) = (std::mem::take(&mut world.seen), std::mem::take(&mut world.bodies));
    (said, requests, bodies, script.states().to_vec(), script.over())
}

/// Conversations with everything in them, and each kind of end.
fn conversations() -> Vec<Vec<u8>> {
    let browser = get(
        "/?q=1",
        "User-Agent: Mozilla/5.0\r\nAccept: */*\r\nCookie: a=b\r\nConnection: keep-alive\r\n",
    );
    let upgrade = get("/upgrade", "Connection: Upgrade\r\nUpgrade: echo\r\n");
    vec![
        [&browser[..], &post(b"one\r\n\r\n"), b"\r\n", &browser].concat(),
        [&post(b""), &upgrade[..], b"bytes of the next state\r\n\r\n"].concat(),
        [&get("/close", "")[..], &browser].concat(),
        [
            &browser[..],
            b"HEAD /none HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
        ]
        .concat(),
        [&browser[..], b"GET / HTTP/1.1\r\nHost: a\r\nA: b\nC: d\r\n\r\n"].concat(),
        [&browser[..], b"GET / HTTP/1.1\r\nHost: a\r\nA : b\r\nB: \x01\r\n\r\n"].concat(),
        [
            &browser[..],
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1",
        ]
        .concat(),
        [&browser[..], b"GET / HTTP/2.0\r\n\r\n"].concat(),
        [&browser[..], b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"].concat(),
        [&browser[..], b"GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"].concat(),
        [&browser[..], b"GET / HTTP/1.1\r\nHost: a"].concat(),
    ]
}

#[test]
fn every_cut_of_every_conversation() {
    for input in conversations() {
        let mut whole = site();
        whole.feed(&input).end();
        let expected = seen(&mut whole);
        for cut in 0..=input.len() {
            let mut script = site();
            script.feed(&input[..cut]).feed(&input[cut..]).end();
            assert_eq!(seen(&mut script), expected, "cut at {cut}: {}", input.escape_ascii());
        }
        for size in 1..=17 {
            let mut script = site();
            for piece in input.chunks(size) {
                script.feed(piece);
            }
            script.end();
            assert_eq!(seen(&mut script), expected, "by {size}: {}", input.escape_ascii());
        }
    }
}

#[test]
fn every_pair_of_cuts_of_a_short_one() {
    let input = [&post(b"ab")[..], b"\r\nGET / HTTP/1.1\r\nHost: a\r\nB:\r\n\r\n"].concat();
    let mut whole = site();
    whole.feed(&input).end();
    let expected = seen(&mut whole);
    for first in 0..=input.len() {
        for second in first..=input.len() {
            let mut script = site();
            script.feed(&input[..first]).feed(&input[first..second]).feed(&input[second..]).end();
            assert_eq!(seen(&mut script), expected, "cut at {first} and {second}");
        }
    }
}

#[test]
fn a_peer_that_stops_reading_changes_nothing() {
    for input in conversations() {
        let mut whole = site();
        whole.feed(&input).end();
        let expected = seen(&mut whole);
        let mut script = site();
        script.block();
        for piece in input.chunks(50) {
            script.feed(piece);
        }
        script.end().unblock();
        assert_eq!(seen(&mut script), expected);
    }
}

#[test]
fn large_bodies_in_pieces_of_any_size() {
    for length in [60_000, 65_536, 70_000, Limits::BODY as usize] {
        let body: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let input = [&post(&body)[..], &get("/", "")].concat();
        let mut whole = site();
        whole.feed(&input).end();
        assert_eq!(whole.app().bodies, [&body[..], b""]);
        let expected = seen(&mut whole);
        for size in [997, 4096, 60_001, 65_535, input.len()] {
            let mut script = site();
            for piece in input.chunks(size) {
                script.feed(piece);
            }
            script.end();
            assert!(seen(&mut script) == expected, "{length} by {size}");
        }
    }
}
