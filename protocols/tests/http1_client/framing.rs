//! Where a response ends: RFC 9112, section 6.3, every rule, and the attack rows C19 and C5.

use readily_protocols::http1::client::reason;
use readily_protocols::http1::wire::{ClientEvent, ClientSide, Connection, Expect, How, Length};
use readily_protocols::http1::{Flaw, Limits, RequestLine, Starts, Value};

/// What a request has for an answer, by the fields that frame it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    /// No body, whatever is behind the head, and whether the connection can be used again.
    Nothing(Reuse),
    /// `hello`, by its length or in chunks.
    Body,
    /// All up to the end of the stream.
    Rest,
    /// Bytes of another protocol.
    Other,
    /// An interim response.
    Interim,
    Flaw(Flaw),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reuse {
    Yes,
    No,
}

const FRAMES: [(&str, &str); 4] = [
    ("content-length: 5\r\n", "hello"),
    ("transfer-encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    ("content-length: 5\r\ntransfer-encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    ("", ""),
];

/// A request of that method was made, and this comes: what it is.
fn answer(method: &str, bytes: &str) -> (Answer, Vec<u8>, bool) {
    let (mut http, mut starts, mut out) = (ClientSide::new(), Starts::new(), Vec::new());
    let (target, host) = if method == "CONNECT" { ("a:1", "a:1") } else { ("/", "a") };
    let line = RequestLine::new(method, target, host).expect("a sound line");
    let connection = match method {
        "GET" => Connection::Upgrade(Value::from_static("echo")),
        _ => Connection::Keep,
    };
    let how = How { connection, expect: Expect::Nothing };
    http.request(&line, &[], Length::Known(0), how, &mut out).expect("a free connection");
    http.finish(&[], &mut out).expect("no body");
    let (mut at, mut body, mut kind) = (0, Vec::new(), None);
    let mut has_ended = false;
    loop {
        let event = match http.receive(&bytes.as_bytes()[at..], &Limits::DEFAULT, &mut starts) {
            Ok(received) => {
                at += received.used;
                received.event
            }
            Err(flaw) => return (kind.unwrap_or(Answer::Flaw(flaw)), body, false),
        };
        match event {
            ClientEvent::Interim(_) => return (Answer::Interim, body, false),
            ClientEvent::Switched(_) => return (Answer::Other, body, false),
            ClientEvent::Data(data) => body.extend_from_slice(data),
            ClientEvent::End(_) if has_ended => return (Answer::Rest, body, http.keeps()),
            ClientEvent::End(_) if body.is_empty() => {
                let reuse = if http.keeps() { Reuse::Yes } else { Reuse::No };
                return (Answer::Nothing(reuse), body, http.keeps());
            }
            ClientEvent::End(_) => return (Answer::Body, body, http.keeps()),
            ClientEvent::Wanting => {
                has_ended = true;
                if let Err(cut) = http.end(bytes.len() - at) {
                    panic!("{method} {bytes:?}: {cut}");
                }
            }
            ClientEvent::Response(_) => kind = None,
            ClientEvent::Idle | ClientEvent::Closed => unreachable!("{method} {bytes:?}"),
        }
    }
}

/// C19: 5 statuses, 4 methods, 4 framings.
#[test]
fn a_response_ends_by_its_status_its_request_and_its_frame() {
    let both = Answer::Flaw(Flaw::LengthAndCoding);
    let (yes, no) = (Answer::Nothing(Reuse::Yes), Answer::Nothing(Reuse::No));
    let mut rows = 0;
    for (status, method, answers) in [
        (101, "GET", [Answer::Other, Answer::Other, both, Answer::Other]),
        (101, "HEAD", [Answer::Flaw(Flaw::BadSwitch); 4]),
        (101, "POST", [Answer::Flaw(Flaw::BadSwitch); 4]),
        (101, "CONNECT", [Answer::Flaw(Flaw::BadSwitch); 4]),
        (103, "GET", [Answer::Interim, Answer::Interim, both, Answer::Interim]),
        (103, "HEAD", [Answer::Interim, Answer::Interim, both, Answer::Interim]),
        (103, "POST", [Answer::Interim, Answer::Interim, both, Answer::Interim]),
        (103, "CONNECT", [Answer::Interim, Answer::Interim, both, Answer::Interim]),
        (200, "GET", [Answer::Body, Answer::Body, both, Answer::Rest]),
        (200, "HEAD", [yes, yes, both, yes]),
        (200, "POST", [Answer::Body, Answer::Body, both, Answer::Rest]),
        (200, "CONNECT", [Answer::Other; 4]),
        (204, "GET", [no, no, both, yes]),
        (204, "HEAD", [yes, yes, both, yes]),
        (204, "POST", [no, no, both, yes]),
        (204, "CONNECT", [Answer::Other; 4]),
        (304, "GET", [yes, yes, both, yes]),
        (304, "HEAD", [yes, yes, both, yes]),
        (304, "POST", [yes, yes, both, yes]),
        (304, "CONNECT", [yes, yes, both, yes]),
    ] {
        for ((fields, frame), wanted) in FRAMES.into_iter().zip(answers) {
            let switch =
                if status == 101 { "connection: upgrade\r\nupgrade: echo\r\n" } else { "" };
            let wanted = match (wanted, status, method) {
                // Two fields are refused first; a switch that was not asked for, later.
                (Answer::Flaw(Flaw::BadSwitch), ..) if fields.len() > 40 => both,
                (wanted, ..) => wanted,
            };
            let has_body = matches!(wanted, Answer::Body);
            let frame = if has_body { frame } else { "" };
            let bytes = format!("HTTP/1.1 {status} X\r\n{switch}{fields}\r\n{frame}");
            let (found, body, keeps) = answer(method, &bytes);
            assert_eq!(found, wanted, "{method}: {bytes:?}");
            assert_eq!(body, if has_body { &b"hello"[..] } else { b"" }, "{method}: {bytes:?}");
            let reused = matches!(found, Answer::Body | Answer::Nothing(Reuse::Yes));
            assert_eq!(keeps, reused, "{method}: {bytes:?}");
            rows += 1;
        }
    }
    assert_eq!(rows, 80);
}

/// Each: the fields of a 200 in HTTP/1.1, and what is wrong with them.
#[test]
fn what_may_be_read_in_two_ways_is_refused() {
    for (fields, flaw) in [
        ("content-length: 5, 5\r\n", Flaw::BadLength),
        ("content-length: 5\r\ncontent-length: 5\r\n", Flaw::BadLength),
        ("content-length: 5\r\ncontent-length: 6\r\n", Flaw::BadLength),
        ("content-length: +5\r\n", Flaw::BadLength),
        ("content-length: 5 5\r\n", Flaw::BadLength),
        ("content-length: 0x5\r\n", Flaw::BadLength),
        ("content-length:\r\n", Flaw::BadLength),
        ("content-length: 99999999999999999999\r\n", Flaw::BadLength),
        ("transfer-encoding: gzip\r\n", Flaw::BadCoding),
        ("transfer-encoding: gzip, chunked\r\n", Flaw::BadCoding),
        ("transfer-encoding: chunked, identity\r\n", Flaw::BadCoding),
        ("transfer-encoding: identity\r\n", Flaw::BadCoding),
        ("transfer-encoding: \r\n", Flaw::BadCoding),
        ("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", Flaw::BadCoding),
        ("transfer-encoding: \x0bchunked\r\n", Flaw::Malformed),
        ("transfer-encoding : chunked\r\n", Flaw::Malformed),
        ("a: b\r\n c\r\n", Flaw::Malformed),
        ("a: b\n", Flaw::BareLf),
        ("a: b\rc: d\r\n", Flaw::BareLf),
        ("a\r\n", Flaw::Malformed),
        (": a\r\n", Flaw::Malformed),
        ("a: \0\r\n", Flaw::Malformed),
    ] {
        let bytes = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        assert_eq!(answer("GET", &bytes).0, Answer::Flaw(flaw), "{fields:?}");
    }
    for (bytes, flaw) in [
        ("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", Flaw::BadCoding),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", Flaw::Malformed),
        ("HTTP/1.1 200 OK\n\n", Flaw::BareLf),
        ("HTTP/3.0 200 OK\r\n\r\n", Flaw::BadVersion),
        ("HTTP/1.1 999 OK\r\n\r\n", Flaw::BadStatus),
        ("SSH-2.0-x\r\n\r\n", Flaw::Malformed),
    ] {
        assert_eq!(answer("POST", bytes).0, Answer::Flaw(flaw), "{bytes:?}");
    }
}

/// Each: a head, and whether the connection goes on after it.
#[test]
fn a_connection_is_kept_as_the_version_and_its_options_say() {
    for (bytes, keeps) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", true),
        ("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx", false),
        ("HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 1\r\n\r\nx", false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx", false),
        ("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx", true),
        ("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\nx", false),
    ] {
        assert_eq!(answer("GET", bytes).2, keeps, "{bytes:?}");
    }
}

#[test]
fn every_flaw_has_its_name() {
    assert_eq!(Flaw::Unasked.reason(), reason::UNASKED);
    assert_eq!(Flaw::BadCoding.to_string(), reason::BAD_CODING);
}
