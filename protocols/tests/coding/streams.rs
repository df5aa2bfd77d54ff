//! Bodies that are compressed as they are sent.

use readily_protocols::http1::coding::{BUSY, Coding, Codings, Compressor, Level, Rules};
use readily_protocols::testing::Script;

use crate::site::{Conn, Reading, request, unchunked, visit};
use crate::support::{decoded, readable, rows};

fn lines(coding: Coding) -> String {
    format!("accept-encoding: {coding}\r\n")
}

/// The peer takes all there is, until the last chunk has come.
fn drain(script: &mut Script<Conn>) {
    for _ in 0..1000 {
        if script.unblock().sent().ends_with(b"\r\n0\r\n\r\n") {
            return;
        }
    }
    panic!("it does not end: {} bytes came", script.sent().len());
}

#[test]
fn a_stream_is_the_content_in_a_coding() {
    for coding in Coding::ALL {
        for path in ["/stream/1000000", "/known/500000", "/stream/10", "/stream/0"] {
            let mut script = visit(&Codings::default());
            script.feed(request("GET", path, &lines(coding)).as_bytes());
            let answer = Reading::of(script.sent());
            assert_eq!(answer.field("content-encoding"), Some(coding.token()), "{path}");
            assert_eq!(answer.field("vary"), Some("accept-encoding"), "{path}");
            assert_eq!(answer.field("content-length"), None, "{path}");
            let size = path.rsplit('/').next().and_then(|size| size.parse().ok()).expect("a size");
            assert!(decoded(coding, &answer.body) == rows(size), "{coding} {path}");
            assert_eq!(script.machine().0.service().squeeze().held(), 0, "it is given back");
        }
    }
}

#[test]
fn a_stream_that_is_not_compressed_passes_through() {
    for (method, path, length) in [
        ("GET", "/stream/500000", None),
        ("GET", "/known/500000", Some("500000")),
        ("HEAD", "/known/500000", Some("500000")),
    ] {
        let mut script = visit(&Codings::default());
        let lines = if method == "HEAD" { lines(Coding::Gzip) } else { String::new() };
        script.feed(request(method, path, &lines).as_bytes());
        let answer = Reading::of(script.sent());
        let fields = ["content-encoding", "vary", "content-length"].map(|name| answer.field(name));
        assert_eq!(fields, [None, Some("accept-encoding"), length], "{method} {path}");
        assert!(method == "HEAD" || answer.body == rows(500_000), "{path}");
    }
}

#[test]
fn a_peer_that_takes_nothing_holds_it_up_within_bounds() {
    for coding in Coding::ALL {
        let mut script = visit(&Codings::default());
        script.block();
        script.feed(request("GET", "/stream/3000000", &lines(coding)).as_bytes());
        let waiting = script.ends().1.charge();
        assert!(waiting <= 300 * 1024, "{coding}: {waiting} bytes wait");
        let held = script.machine().0.service().squeeze().held();
        let most = Compressor::held_most(coding, Level::Balanced);
        assert!((1..=most).contains(&held), "{coding} holds {held}");
        drain(&mut script);
        let answer = Reading::of(script.sent());
        assert!(decoded(coding, &answer.body) == rows(3_000_000), "{coding}");
    }
}

#[test]
fn rows_are_written_whole() {
    for lines in [String::new(), lines(Coding::Gzip), lines(Coding::Brotli), lines(Coding::Zstd)] {
        let mut script = visit(&Codings::default());
        script.block();
        script.feed(request("GET", "/rows/3000000", &lines).as_bytes());
        let waiting = script.ends().1.charge();
        assert!(waiting <= (256 + 256) * 1024, "{lines}: {waiting} bytes wait");
        drain(&mut script);
        let answer = Reading::of(script.sent());
        let coding = Coding::ALL.into_iter().find(|coding| lines.contains(coding.token()));
        let content = coding.map_or(answer.body.clone(), |coding| decoded(coding, &answer.body));
        assert!(content == rows(3_000_000), "{lines}");
    }
}

#[test]
fn each_event_can_be_read_when_it_was_sent() {
    for coding in Coding::ALL {
        let mut script = visit(&Codings::default());
        script.feed(request("GET", "/events/1050", &lines(coding)).as_bytes());
        let content = rows(1050);
        for event in 1..=10 {
            let end = script.sent().windows(4).position(|bytes| bytes == b"\r\n\r\n");
            let body = unchunked(&script.sent()[end.expect("a head") + 4..]);
            assert_eq!(readable(coding, &body), &content[..event * 100], "{coding} {event}");
            script.wake();
        }
        let answer = Reading::of(script.sent());
        assert_eq!(decoded(coding, &answer.body), content, "{coding}");
        assert!(script.sent().ends_with(b"\r\n0\r\n\r\n"));
    }
}

#[test]
fn streams_beyond_the_most_go_out_as_they_are() {
    let codings = Codings::new(Rules { streams: 2, ..Rules::default() });
    let ask = request("GET", "/events/1000", &lines(Coding::Gzip));
    let mut scripts = [(); 3].map(|()| visit(&codings));
    let found = scripts.each_mut().map(|script| {
        script.feed(ask.as_bytes());
        let coding = Reading::of(script.sent()).field("content-encoding").is_some();
        (coding, script.effects().tally().of(BUSY))
    });
    assert_eq!(found, [(true, 0), (true, 0), (false, 1)]);
    // An answer in one piece is done with its own at once.
    let mut other = visit(&codings);
    other.feed(request("GET", "/json/5000", &lines(Coding::Gzip)).as_bytes());
    assert_eq!(Reading::of(other.sent()).field("content-encoding"), Some("gzip"));
    // One is cut, and the next stream has its place.
    let [_, cut, _] = scripts;
    drop(cut);
    let mut next = visit(&codings);
    next.feed(ask.as_bytes());
    assert_eq!(Reading::of(next.sent()).field("content-encoding"), Some("gzip"));
}

#[test]
fn what_a_cut_stream_left_is_not_in_the_next_answer() {
    let codings = Codings::default();
    for coding in Coding::ALL {
        let mut cut = visit(&codings);
        cut.feed(request("GET", "/events/5000", &lines(coding)).as_bytes());
        drop(cut);
        let mut script = visit(&codings);
        script.feed(request("GET", "/json/2000", &lines(coding)).as_bytes());
        assert_eq!(decoded(coding, &Reading::of(script.sent()).body), rows(2000), "{coding}");
    }
}
