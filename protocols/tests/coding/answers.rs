//! Answers in one piece: which are compressed, and what their heads say.

use readily_protocols::http1::coding::{Coding, Codings, Level, Rules};

use crate::site::{Reading, answer, request, visit};
use crate::support::{decoded, noise, rows};

const ZSTD: &str = "accept-encoding: gzip, br, zstd\r\n";

/// Method, path and lines of a request; `content-encoding`, `vary` and `etag` of its answer.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const VARY: &str = "accept-encoding";

#[rustfmt::skip]
const CASES: &[Case] = &[
    // What the client takes.
    ("GET", "/json/5000", ZSTD, "zstd", VARY, ""),
    ("GET", "/json/5000", "accept-encoding: gzip\r\n", "gzip", VARY, ""),
    ("GET", "/json/5000", "accept-encoding: br\r\n", "br", VARY, ""),
    ("GET", "/json/5000", "accept-encoding: br;q=0\r\naccept-encoding: br\r\n", "", VARY, ""),
    ("GET", "/json/5000", "accept-encoding: x\r\nAccept-Encoding: br\r\n", "br", VARY, ""),
    ("GET", "/json/5000", "", "", VARY, ""),
    ("GET", "/json/5000", "accept-encoding: \r\n", "", VARY, ""),
    ("GET", "/json/5000", "accept-encoding: deflate\r\n", "", VARY, ""),
    ("GET", "/json/5000", "accept-encoding: identity;q=0\r\n", "", VARY, ""),
    // Methods: a HEAD would pay for what is not sent.
    ("POST", "/json/5000", "content-length: 0\r\naccept-encoding: gzip\r\n", "gzip", VARY, ""),
    ("HEAD", "/json/5000", ZSTD, "", VARY, ""),
    ("HEAD", "/tag/5000", ZSTD, "", VARY, "\"v1\""),
    // Sizes.
    ("GET", "/json/0", ZSTD, "", VARY, ""),
    ("GET", "/json/1023", ZSTD, "", VARY, ""),
    ("GET", "/json/1024", ZSTD, "zstd", VARY, ""),
    ("GET", "/json/262144", ZSTD, "zstd", VARY, ""),
    ("GET", "/json/262145", ZSTD, "", VARY, ""),
    ("GET", "/shared/5000", ZSTD, "zstd", VARY, ""),
    // Contents.
    ("GET", "/noise/5000", ZSTD, "", VARY, ""),
    ("GET", "/noise/5000", "accept-encoding: gzip\r\n", "", VARY, ""),
    ("GET", "/noise/5000", "accept-encoding: br\r\n", "", VARY, ""),
    // Types.
    ("GET", "/html/5000", ZSTD, "zstd", VARY, ""),
    ("GET", "/png/5000", ZSTD, "", "", ""),
    // Fields of the service.
    ("GET", "/tag/5000", ZSTD, "zstd", VARY, "W/\"v1\""),
    ("GET", "/tag/5000", "", "", VARY, "\"v1\""),
    ("GET", "/tag/1000", ZSTD, "", VARY, "\"v1\""),
    ("GET", "/weak/5000", ZSTD, "zstd", VARY, "W/\"v1\""),
    ("GET", "/frozen/5000", ZSTD, "", "", "\"v1\""),
    ("GET", "/public/5000", ZSTD, "zstd", VARY, ""),
    ("GET", "/coded/5000", ZSTD, "compress", "", ""),
    ("GET", "/close/5000", ZSTD, "zstd", VARY, ""),
    // Statuses.
    ("GET", "/status/200", ZSTD, "zstd", VARY, ""),
    ("GET", "/status/201", ZSTD, "zstd", VARY, ""),
    ("GET", "/status/404", ZSTD, "zstd", VARY, ""),
    ("GET", "/status/500", ZSTD, "zstd", VARY, ""),
    ("GET", "/status/204", ZSTD, "", "", ""),
    ("GET", "/status/205", ZSTD, "", "", ""),
    ("GET", "/status/206", ZSTD, "", "", ""),
    ("GET", "/status/304", ZSTD, "", "", ""),
];

#[test]
fn what_is_compressed_says_so() {
    for (method, path, lines, coding, vary, etag) in CASES {
        let answer = answer(&request(method, path, lines));
        let fields = ["content-encoding", "vary", "etag"].map(|name| answer.fields(name));
        assert_eq!(fields, [*coding, *vary, *etag], "{method} {path} {lines}{}", answer.head);
        let length = answer.field("content-length").map(|length| length.parse());
        let is_bodiless = *method == "HEAD" || ["/status/204", "/status/304"].contains(path);
        assert!(is_bodiless || length == Some(Ok(answer.body.len())), "{method} {path}");
    }
}

#[test]
fn what_is_compressed_is_the_content_and_smaller() {
    for coding in Coding::ALL {
        for size in [1024, 1025, 5000, 100_000, 262_144] {
            let lines = format!("accept-encoding: {coding}\r\n");
            let answer = answer(&request("GET", &format!("/json/{size}"), &lines));
            assert_eq!(answer.field("content-encoding"), Some(coding.token()));
            assert_eq!(decoded(coding, &answer.body), rows(size), "{coding} {size}");
            assert!(answer.body.len() < size / 2, "{coding} {size}: {}", answer.body.len());
        }
    }
}

#[test]
fn what_is_not_is_the_content_as_it_is() {
    for (path, lines, content) in [
        ("/json/5000", "", rows(5000)),
        ("/json/1023", ZSTD, rows(1023)),
        ("/json/300000", ZSTD, rows(300_000)),
        ("/noise/5000", ZSTD, noise(5000)),
        ("/png/5000", ZSTD, rows(5000)),
    ] {
        let answer = answer(&request("GET", path, lines));
        assert!(answer.body == content, "{path}: {} bytes", answer.body.len());
        assert_eq!(answer.field("content-length"), Some(&*content.len().to_string()), "{path}");
    }
}

#[test]
fn answers_of_one_loop_share_compressors() {
    let codings = Codings::default();
    assert_eq!(codings.held(), 0);
    let (mut one, mut other) = (visit(&codings), visit(&codings));
    let mut held = Vec::new();
    for n in 0..20 {
        let path = format!("/json/{}", 2000 + n);
        for (script, coding) in [(&mut one, Coding::Zstd), (&mut other, Coding::Gzip)] {
            let lines = format!("accept-encoding: {coding}\r\n");
            script.feed(request("GET", &path, &lines).as_bytes());
            let answer = Reading::of(&script.take_sent());
            assert_eq!(decoded(coding, &answer.body), rows(2000 + n));
        }
        held.push(codings.held());
    }
    // One of each is kept, however many answers there were.
    assert!(held.iter().all(|held| (400_000..1_600_000).contains(held)), "{held:?}");
}

#[test]
fn an_answer_may_come_later() {
    let mut script = visit(&Codings::default());
    script.feed(request("GET", "/later/5000", ZSTD).as_bytes());
    assert_eq!(script.sent(), b"");
    script.wake();
    let answer = Reading::of(script.sent());
    assert_eq!(answer.field("content-encoding"), Some("zstd"));
    assert_eq!(decoded(Coding::Zstd, &answer.body), rows(5000));
}

#[test]
fn a_service_may_refuse_what_the_client_does_not_accept() {
    for (lines, status) in [
        ("accept-encoding: identity;q=0\r\n", "406"),
        ("accept-encoding: *;q=0\r\n", "406"),
        ("accept-encoding: gzip, identity;q=0\r\n", "404"),
        ("", "404"),
    ] {
        let head = answer(&request("GET", "/strict/0", lines)).head;
        assert_eq!(head.get(9..12), Some(status), "{lines}");
    }
}

#[test]
fn the_rules_are_kept() {
    const BROTLI: &[Coding] = &[Coding::Brotli];
    let rules =
        Rules { offered: BROTLI, level: Level::Small, least: 0, most: 2000, ..Rules::default() };
    let codings = Codings::new(rules);
    assert_eq!(codings.rules().least, 64, "shorter ones cannot be told to be smaller");
    let mut script = visit(&codings);
    for (path, coding) in
        [("/json/10", None), ("/json/64", None), ("/json/200", Some("br")), ("/json/2001", None)]
    {
        script.feed(request("GET", path, ZSTD).as_bytes());
        let answer = Reading::of(&script.take_sent());
        assert_eq!(answer.field("content-encoding"), coding, "{path}");
    }
    let none = Codings::new(Rules { offered: &[], ..Rules::default() });
    let mut script = visit(&none);
    script.feed(request("GET", "/json/5000", ZSTD).as_bytes());
    assert_eq!(Reading::of(script.sent()).field("content-encoding"), None);
}
