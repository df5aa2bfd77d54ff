//! C18: nothing that a service gives can end a line of its answer.

use std::time::SystemTime;

use readily_protocols::http1::wire::{Length, ServerSide, date};
use readily_protocols::http1::{Limits, Name, Starts, Status, Value};

use crate::seeds::Random;
use crate::support::{get, site};

#[test]
fn values_that_could_split_an_answer_cannot_be_built() {
    const NASTY: &[&str] = &[
        "\r",
        "\n",
        "\r\n",
        "\0",
        "\u{a}",
        "\r\n\r\n",
        "HTTP/1.1 200 OK",
        "x: y",
        "%0d%0a",
        "\u{10a}",
        "\x0b",
        "\u{85}",
        " ",
        "\t",
        "\x7f",
    ];
    let mut random = Random(18);
    let mut built = 0;
    for _ in 0..100_000 {
        let mut bytes = Vec::new();
        for _ in 0..random.below(6) {
            match random.below(3) {
                0 => bytes.extend_from_slice(NASTY[random.below(NASTY.len())].as_bytes()),
                1 => bytes.push(random.next() as u8),
                _ => bytes.extend_from_slice(b"value"),
            }
        }
        let is_good = !bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        match Value::new(&bytes) {
            Ok(value) => {
                assert!(is_good, "{}", bytes.escape_ascii());
                assert_eq!(value.as_bytes(), bytes);
                built += 1;
            }
            Err(bad) => assert!(bytes.contains(&bad.0)),
        }
    }
    assert!(built > 10_000, "{built}");
}

#[test]
fn an_answer_has_as_many_lines_as_it_has_fields() {
    let mut random = Random(19);
    let mut echoed = 0;
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..random.below(20)).map(|_| random.next() as u8).collect();
        let mut request = get("/value", "X-Value: ");
        request.truncate(request.len() - 2);
        request.extend_from_slice(&bytes);
        request.extend_from_slice(b"\r\n\r\n");
        let mut script = site();
        script.feed(&request);
        let sent = script.sent();
        if !sent.starts_with(b"HTTP/1.1 200") {
            continue;
        }
        echoed += 1;
        // Status, date, x-value, etag, content-length, and the empty line.
        assert_eq!(
            sent.iter().filter(|byte| **byte == b'\n').count(),
            6,
            "{}",
            bytes.escape_ascii()
        );
        assert_eq!(sent.iter().filter(|byte| **byte == b'\r').count(), 6);
        assert!(!sent.contains(&0));
    }
    assert!(echoed > 1000, "{echoed}");
}

/// Bytes of which many could do harm.
fn nasty(random: &mut Random, most: usize) -> Vec<u8> {
    let one = |random: &mut Random| match random.below(4) {
        0 => b"\r\n\0: \t,;"[random.below(8)],
        1 => random.next() as u8,
        _ => b'a' + random.below(26) as u8,
    };
    (0..random.below(most)).map(|_| one(random)).collect()
}

#[test]
fn an_answer_is_the_lines_that_were_given_whatever_they_hold() {
    const NAMES: [Name; 6] = [
        Name::CONTENT_TYPE,
        Name::ETAG,
        Name::LOCATION,
        Name::VARY,
        Name::new("X-!#$%&'*+-.^_`|~9"),
        Name::new("content-lengt"),
    ];
    let now = date(SystemTime::UNIX_EPOCH);
    let (mut random, mut fields_built) = (Random(9), 0);
    for case in 0..100_000 {
        let (mut http, mut starts, mut out) = (ServerSide::new(), Starts::new(), Vec::new());
        let lines = if random.below(4) == 0 { "Connection: close\r\n" } else { "" };
        let request = get("/", lines);
        let head = http.receive(&request, &Limits::DEFAULT, &mut starts);
        let used = head.expect("a good request").used;
        http.receive(&request[used..], &Limits::DEFAULT, &mut starts).expect("its end");
        let values: Vec<Vec<u8>> = (0..random.below(5)).map(|_| nasty(&mut random, 12)).collect();
        let fields: Vec<(Name, Value<'_>)> = values
            .iter()
            .filter_map(|value| Some((NAMES[random.below(6)], Value::new(value).ok()?)))
            .collect();
        fields_built += fields.len();
        let status = Status::new(200 + random.below(400) as u16).expect("a final one");
        let body = nasty(&mut random, 40);
        let length = match random.below(2) {
            0 => Length::Known(body.len() as u64),
            _ => Length::Unknown,
        };
        http.respond(status, &fields, length, &now, &mut out).expect("it was asked");
        let head = out.clone();
        http.send(&body, &mut out).expect("as long as it says");
        http.finish(&[], &mut out).expect("as long as it says");

        // The lines, written by hand from what was given.
        let mut lines = vec![format!("HTTP/1.1 {} {}", status.code(), status.text()).into_bytes()];
        lines.push(b"date: Thu, 01 Jan 1970 00:00:00 GMT".to_vec());
        let given = fields
            .iter()
            .map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes()].concat());
        lines.extend(given);
        let whole = head.strip_suffix(b"\r\n\r\n").expect("one empty line, at the end");
        let mut found: Vec<&[u8]> = whole.split(|byte| *byte == b'\n').collect();
        for line in &mut found {
            *line = line.strip_suffix(b"\r").unwrap_or(line);
            assert!(!line.iter().any(|byte| b"\r\n\0".contains(byte)), "case {case}");
        }
        let (front, framing) = found.split_at(lines.len());
        assert_eq!(front, lines, "case {case}");
        assert!(framing.len() <= 2, "case {case}: {framing:?}");
        for line in framing {
            let framing =
                [&b"content-length: "[..], b"transfer-encoding: chunked", b"connection: close"];
            assert!(framing.iter().any(|start| line.starts_with(start)), "case {case}");
        }
        assert!(out.starts_with(&head), "the body is behind it");
    }
    assert!(fields_built > 100_000, "{fields_built}");
}

#[test]
fn a_content_type_with_a_line_end_is_refused_loudly() {
    let outcome = std::panic::catch_unwind(|| Value::from_static("text/html\r\nx: y"));
    assert!(outcome.is_err());
    let outcome = std::panic::catch_unwind(|| Name::new("x\r\ny"));
    assert!(outcome.is_err());
}
