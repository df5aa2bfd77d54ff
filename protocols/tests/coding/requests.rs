//! Bodies of requests are not decoded (attack C24): a service sees what was sent.

use readily_protocols::http1::coding::{Coding, Compressor, Level};

use crate::site::{answer, request};
use crate::support::coded;

#[test]
fn a_bomb_arrives_as_it_was_sent() {
    for (coding, field) in [
        (Coding::Gzip, "gzip"),
        (Coding::Brotli, "br"),
        (Coding::Zstd, "zstd"),
        (Coding::Gzip, "gzip, gzip"),
        (Coding::Gzip, "deflate"),
        (Coding::Gzip, "identity"),
    ] {
        let bomb = coded(&mut Compressor::new(coding, Level::Small), &vec![0; 3_000_000]);
        assert!(bomb.len() < 50_000, "{coding}: {}", bomb.len());
        let lines = format!("content-encoding: {field}\r\ncontent-length: {}\r\n", bomb.len());
        let head = request("POST", "/echo/0", &lines);
        // Bytes of a body are no text: fed behind the head.
        let echoed = answer_to(&head, &bomb);
        assert!(echoed == [field.as_bytes(), b": ", &bomb].concat(), "{field}");
    }
}

#[test]
fn a_coding_of_the_transfer_but_chunked_is_refused() {
    for field in ["gzip, chunked", "gzip", "chunked, gzip"] {
        let lines = format!("transfer-encoding: {field}\r\n");
        let head = answer(&request("POST", "/echo/0", &lines)).head;
        let is_refused =
            ["HTTP/1.1 400 ", "HTTP/1.1 501 "].iter().any(|status| head.starts_with(status));
        assert!(is_refused, "{field}: {head}");
    }
}

fn answer_to(head: &str, body: &[u8]) -> Vec<u8> {
    let mut script = crate::site::visit(&Default::default());
    script.feed(head.as_bytes()).feed(body);
    crate::site::Reading::of(script.sent()).body
}
