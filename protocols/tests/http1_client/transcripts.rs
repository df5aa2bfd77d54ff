//! Conversations, said in full, whole and in any pieces.

use readily_protocols::contract::Fault;
use readily_protocols::http1::client::{ClientLimits, Wanted, reason};
use readily_protocols::http1::wire::INTERIMS_MOST;
use readily_protocols::http1::{Flaw, Limits};

use crate::support::{Ask, GET, client, hears, limited, seen, wants};

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

#[test]
fn requests_are_written_as_they_are_meant() {
    for (ask, bytes) in [
        (GET, "GET / HTTP/1.1\r\nhost: a\r\naccept: */*\r\n\r\n"),
        (
            Ask::Plain("POST"),
            "POST / HTTP/1.1\r\nhost: a\r\naccept: */*\r\ncontent-length: 0\r\n\r\n",
        ),
        (Ask::Plain("DELETE"), "DELETE / HTTP/1.1\r\nhost: a\r\naccept: */*\r\n\r\n"),
        (Ask::Plain("CONNECT"), "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n"),
        (Ask::Post("body"), "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody"),
        (Ask::Last, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
        (Ask::Upgrade, "GET / HTTP/1.1\r\nhost: a\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n"),
    ] {
        let script = client(&[ask]);
        assert_eq!(String::from_utf8_lossy(script.sent()), bytes);
    }
}

/// What comes for two GETs, what is seen of it, and how it ends when the stream does.
type Conversation = (String, Vec<&'static str>, Option<Result<(), Fault>>);

fn conversations() -> Vec<Conversation> {
    let fails = |reason| Some(Err(Fault::Peer(reason)));
    let done = Some(Ok(()));
    vec![
        (format!("{HELLO}{HELLO}"), vec!["200 hello"], fails(reason::UNASKED)),
        (
            format!("{CHUNKED}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nt: u\r\n\r\n"),
            vec!["200 abcde | t: u", "failed: closed before a response; Unanswered, again"],
            fails(reason::UNANSWERED),
        ),
        ("HTTP/1.1 200 OK\r\n\r\nup to the end".to_owned(), vec!["200 up to the end"], done),
        (
            format!("HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 100\r\n\r\n{HELLO}"),
            vec![
                "interim 103",
                "interim 100",
                "200 hello",
                "failed: closed before a response; Unanswered, again",
            ],
            fails(reason::UNANSWERED),
        ),
        (
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 2".to_owned(),
            vec!["204 "],
            fails(reason::UNASKED),
        ),
        (
            "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello, and more".to_owned(),
            vec!["200 hello"],
            done,
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
            vec!["interim 100", "failed: the end came within a head; Partly, never again"],
            fails(reason::HEAD_CUT),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello".to_owned(),
            vec!["failed: the end came within a body; Partly, never again"],
            fails(reason::BODY_CUT),
        ),
        (
            format!("{CHUNKED}5\r\nhello\r\n"),
            vec!["failed: the end came within a body; Partly, never again"],
            fails(reason::BODY_CUT),
        ),
        (
            format!("{CHUNKED}5\r\nhello\r\n0\r\n"),
            vec!["failed: the end came within a body; Partly, never again"],
            fails(reason::BODY_CUT),
        ),
        (
            format!("{CHUNKED}5\r\nhello!\r\n"),
            vec!["failed: a malformed chunk; Partly, never again"],
            fails(reason::BAD_CHUNK),
        ),
        (
            format!("{CHUNKED}0\r\ncontent-length: 5\r\n\r\n"),
            vec!["failed: a trailer that may not be one; Partly, never again"],
            fails(reason::BAD_TRAILER),
        ),
    ]
}

#[test]
fn what_is_heard_does_not_depend_on_how_it_comes() {
    for (bytes, wanted, over) in conversations() {
        let bytes = bytes.as_bytes();
        let run = |cuts: &[usize]| {
            let mut script = client(&[GET, GET]);
            let mut from = 0;
            for cut in cuts.iter().chain([&bytes.len()]) {
                script.feed(&bytes[from..*cut]);
                from = *cut;
            }
            script.end();
            (seen(&mut script), script.over())
        };
        let mut whole = run(&[]);
        let closed = whole.0.pop().expect("the connection is over");
        assert!(closed.starts_with("closed, "), "{closed}");
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(
            (whole.0.iter().map(|line| &line[..]).collect::<Vec<_>>(), whole.1),
            (wanted, over),
            "{text}"
        );
        // What comes behind a response is only known to be behind it when it comes with it.
        if over == Some(Err(Fault::Peer(reason::UNASKED))) {
            continue;
        }
        whole.0.push(closed);
        assert_eq!(run(&(1..bytes.len()).collect::<Vec<_>>()), whole, "byte by byte: {text}");
        for cut in 1..bytes.len() {
            assert_eq!(run(&[cut]), whole, "cut at {cut}: {text}");
        }
    }
}

#[test]
fn a_body_comes_as_it_is_wanted() {
    let body = format!("{CHUNKED}3\r\nabc\r\n2\r\nde\r\n0\r\nt: u\r\n\r\n");
    for (wanted, lines) in [
        (Wanted::Stream, &["head 200", "data abc", "data de", "ended, 1 trailers"][..]),
        (Wanted::StreamUpTo(5), &["head 200", "data abc", "data de", "ended, 1 trailers"]),
        (Wanted::Discard, &["head 200", "ended, 1 trailers"]),
        (Wanted::Close, &["head 200", "closed, 0 left"]),
        (Wanted::WholeUpTo(5), &["head 200", "200 abcde | t: u"]),
    ] {
        let mut script = wants(wanted, &[GET]);
        script.feed(body.as_bytes());
        assert_eq!(seen(&mut script), lines, "{wanted:?}");
    }
    for (wanted, lines) in [(Wanted::StreamUpTo(4), 2), (Wanted::WholeUpTo(4), 1)] {
        let mut script = wants(wanted, &[GET]);
        script.feed(body.as_bytes());
        let failed = "failed: the body is too large; Partly, never again";
        assert_eq!(seen(&mut script)[lines], failed, "{wanted:?}");
        assert_eq!(script.over(), Some(Err(Fault::Peer(reason::BODY_TOO_LARGE))));
    }
}

#[test]
fn a_body_that_is_not_taken_stays() {
    let mut script = wants(Wanted::Stream, &[GET, GET]);
    script.app().takes = 0;
    script.feed(HELLO.as_bytes());
    assert_eq!(seen(&mut script), ["head 200"]);
    for (takes, line) in [(1, "data h"), (3, "data ell")] {
        script.app().takes = takes;
        script.wake();
        assert_eq!(seen(&mut script).last().map(|last| &last[..]), Some(line));
    }
    script.take_sent();
    script.app().takes = usize::MAX;
    script.wake();
    assert_eq!(seen(&mut script)[3..], ["data o", "ended, 0 trailers"]);
    assert!(script.sent().starts_with(b"GET "));
}

#[test]
fn interim_responses_have_an_end() {
    let interim = "HTTP/1.1 102 Processing\r\n\r\n";
    let most = usize::from(INTERIMS_MOST);
    let (lines, over) = hears(Ask::Last, (interim.repeat(most) + HELLO).as_bytes());
    assert_eq!((lines.len(), over), (most + 2, Some(Ok(()))));
    let (_, over) = hears(Ask::Last, (interim.repeat(most + 1) + HELLO).as_bytes());
    assert_eq!(over, Some(Err(Fault::Peer(reason::TOO_MANY_INTERIMS))));
}

#[test]
fn a_switch_leaves_what_is_behind_it() {
    let head = "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    let mut script = client(&[Ask::Upgrade]);
    script.take_sent();
    script.feed(format!("{head}said early").as_bytes());
    assert_eq!(script.states(), ["Http", "Echo"]);
    assert_eq!(script.sent(), b"said early");
    assert_eq!(seen(&mut script), ["switched 101"]);
    // A tunnel, whatever its head says of a length.
    let mut script = client(&[Ask::Plain("CONNECT")]);
    script.take_sent();
    script.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nthrough");
    assert_eq!((script.sent(), script.states().len()), (&b"through"[..], 2));
    // Nobody asked.
    let (_, over) = hears(GET, head.as_bytes());
    assert_eq!(over, Some(Err(Fault::Peer(reason::BAD_SWITCH))));
    // It was asked for, and is declined.
    let (lines, _) = hears(Ask::Upgrade, HELLO.as_bytes());
    assert_eq!(lines[0], "200 hello");
}

#[test]
fn what_a_server_may_send_is_bounded() {
    let sizes = Limits { line: 40, head: 100, headers: 3, body: 10, ..Limits::DEFAULT };
    let limits = ClientLimits { sizes, ..ClientLimits::DEFAULT };
    let long = "x".repeat(41);
    for (bytes, flaw) in [
        (format!("HTTP/1.1 200 {long}"), Flaw::LineTooLong),
        (format!("HTTP/1.1 200 OK\r\n{long}"), Flaw::LineTooLong),
        (
            format!("HTTP/1.1 200 OK\r\n{}", "a: bcdefghijklmnopqrstuvwxyz0123\r\n".repeat(3)),
            Flaw::HeadTooLarge,
        ),
        (format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(4)), Flaw::TooManyHeaders),
        ("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n".to_owned(), Flaw::BodyTooLarge),
        (format!("{CHUNKED}b\r\n01234567890"), Flaw::BodyTooLarge),
        ("HTTP/1.1 200 OK\r\n\r\n01234567890".to_owned(), Flaw::BodyTooLarge),
    ] {
        for piece in [1, bytes.len()] {
            let mut script = limited(&[GET], Wanted::Whole, limits);
            bytes.as_bytes().chunks(piece).for_each(|piece| {
                script.feed(piece);
            });
            let over = Some(Err(Fault::Peer(flaw.reason())));
            assert_eq!(script.over(), over, "{bytes:?} in pieces of {piece}");
        }
    }
}
