//! The fields of each answer, as they are written.

use std::time::SystemTime;

use readily_protocols::http1::Value;
use readily_protocols::http1::coding::Coding;
use readily_protocols::http1::files::{
    About, Boundary, Facts, Kind, Mark, Method, Parts, Piece, Plan, Tag,
};

use crate::support::{CHANGED, at, changed, facts, mark, now, plan};

const BOUNDARY: [u64; 2] = [0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210];

fn about() -> About {
    About {
        facts: facts(1000),
        kind: Kind::of("a.html"),
        coding: None,
        varies: false,
        cache_control: None,
    }
}

/// The lines of the answer; `TAG` for the tag of the file.
fn lines(about: &About, plan: &Plan, now: SystemTime) -> Vec<String> {
    let boundary = Boundary::new(BOUNDARY);
    let fields = about.fields(plan, now, &boundary, Vec::new(), |mut lines, name, value| {
        lines.push(format!("{}: {}", name.as_str(), value.as_bytes().escape_ascii()));
        lines
    });
    let tag = about.facts.tag.as_bytes().escape_ascii().to_string();
    fields.into_iter().map(|line| line.replace(&tag, "TAG")).collect()
}

#[test]
fn fields_of_each_answer() {
    let two = plan(Method::Get, "range: bytes=0-9,20-29", 1000, now());
    let modified = format!("last-modified: {CHANGED}");
    let modified = &modified[..];
    let end = ["etag: TAG", modified, "accept-ranges: bytes", "x-content-type-options: nosniff"];
    let with = |first: &[&'static str]| [first, &end].concat();
    let rows = [
        (Plan::Whole, with(&["content-type: text/html; charset=utf-8"])),
        (
            Plan::Part(10..20),
            with(&["content-type: text/html; charset=utf-8", "content-range: bytes 10-19/1000"]),
        ),
        (
            two,
            with(&[
                "content-type: multipart/byteranges; boundary=fedcba98765432100123456789abcdef",
            ]),
        ),
        (Plan::NotModified, vec!["etag: TAG", modified]),
        (Plan::Failed, vec!["content-type: text/plain; charset=utf-8"]),
        (
            Plan::Unsatisfiable,
            vec!["content-type: text/plain; charset=utf-8", "content-range: bytes */1000"],
        ),
    ];
    for (plan, wanted) in rows {
        assert_eq!(lines(&about(), &plan, now()), wanted, "{plan:?}");
    }
}

#[test]
fn a_variant_says_so_to_caches() {
    let coding = Some(Coding::Brotli);
    let tag = Tag::new(&mark(1000), coding);
    let about = About {
        facts: Facts { tag, ..facts(1000) },
        coding,
        varies: true,
        cache_control: Some(Value::from_static("max-age=60")),
        ..about()
    };
    let modified = format!("last-modified: {CHANGED}");
    let validators = ["etag: TAG", &modified, "cache-control: max-age=60", "vary: accept-encoding"];
    assert_eq!(lines(&about, &Plan::NotModified, now()), validators);
    let whole = lines(&about, &Plan::Whole, now());
    assert_eq!(whole[1..5], validators);
    assert!(whole.contains(&"content-encoding: br".to_owned()), "{whole:?}");
    assert!(whole.contains(&"content-type: text/html; charset=utf-8".to_owned()), "{whole:?}");
    for plan in [Plan::Failed, Plan::Unsatisfiable] {
        let lines = lines(&about, &plan, now());
        assert!(lines.contains(&"vary: accept-encoding".to_owned()), "{lines:?}");
        assert!(!lines.iter().any(|line| line.starts_with("content-encoding")), "{lines:?}");
    }
}

#[test]
fn no_file_changed_in_the_future() {
    let line = |modified, now| {
        let facts = Facts { modified, ..facts(1000) };
        let lines = lines(&About { facts, ..about() }, &Plan::NotModified, now);
        lines.iter().find_map(|line| line.strip_prefix("last-modified: ").map(str::to_owned))
    };
    for (modified, now, wanted) in [
        (changed(), now(), CHANGED),
        (now(), changed(), CHANGED),
        (at(253_402_300_800), changed(), CHANGED),
        (at(i64::MAX as u64), at(i64::MAX as u64), "Fri, 31 Dec 9999 23:59:59 GMT"),
        (at(0), now(), "Thu, 01 Jan 1970 00:00:00 GMT"),
        (at(0) - std::time::Duration::from_secs(9), now(), "Thu, 01 Jan 1970 00:00:00 GMT"),
    ] {
        assert_eq!(line(modified, now).as_deref(), Some(wanted), "{modified:?}");
    }
}

#[test]
fn the_extremes_of_a_file_are_planned_without_a_panic() {
    for modified in [at(i64::MAX as u64), at(0) - std::time::Duration::from_secs(1 << 40)] {
        let tag = Tag::new(&Mark { modified, ..mark(1) }, None);
        let facts = Facts { length: u64::MAX, modified, tag };
        let asked = [
            ("range", &b"bytes=0-"[..]),
            ("if-range", CHANGED.as_bytes()),
            ("if-modified-since", b"Thu, 01 Jan 1970 00:00:00 GMT"),
        ];
        let asked = readily_protocols::http1::files::Asked::new(Method::Get, asked.into_iter());
        let plan = Plan::of(&asked, &facts, now());
        assert!(matches!(plan, Plan::Whole | Plan::NotModified), "{plan:?}");
    }
}

#[test]
fn several_parts_are_one_body() {
    let Plan::Parts(ranges) = plan(Method::Get, "range: bytes=0-9,-1", 1000, now()) else {
        panic!("two parts");
    };
    let boundary = Boundary::new(BOUNDARY);
    let parts = Parts { ranges, boundary, kind: Kind::of("a.txt"), length: 1000 };
    let mut body = String::new();
    for nth in 0.. {
        match parts.piece(nth) {
            Some(Piece::Text(text)) => body += &text,
            Some(Piece::File(range)) => body += &"x".repeat((range.end - range.start) as usize),
            None => break,
        }
    }
    let wanted = "\r\n--B\r\ncontent-type: text/plain; charset=utf-8\r\n\
        content-range: bytes 0-9/1000\r\n\r\nxxxxxxxxxx\
        \r\n--B\r\ncontent-type: text/plain; charset=utf-8\r\n\
        content-range: bytes 999-999/1000\r\n\r\nx\r\n--B--\r\n";
    assert_eq!(body, wanted.replace('B', boundary.as_str()));
    assert_eq!(parts.body_length(), body.len() as u64);
}
