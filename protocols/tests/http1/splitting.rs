//! C18: nothing that a service gives can end a line of its answer.

use readily_protocols::http1::{Name, Value};

use crate::support::{get, site};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

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

#[test]
fn a_content_type_with_a_line_end_is_refused_loudly() {
    let outcome = std::panic::catch_unwind(|| Value::from_static("text/html\r\nx: y"));
    assert!(outcome.is_err());
    let outcome = std::panic::catch_unwind(|| Name::new("x\r\ny"));
    assert!(outcome.is_err());
}
