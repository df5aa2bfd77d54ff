//! What is answered: every precondition by itself, and in its order with the others.

use readily_protocols::http1::files::Method::{Get, Head};

use crate::support::{AFTER, BEFORE, CHANGED, LENGTH, at, now, plan, words};

#[test]
fn what_is_asked_decides_what_is_answered() {
    let rows = [
        // Nothing is asked.
        ("", "200"),
        ("accept: */* | user-agent: x", "200"),
        // If-Match: strong, and any of a list.
        ("if-match: TAG", "200"),
        ("if-match: *", "200"),
        ("if-match: OTHER", "412"),
        ("if-match: W/TAG", "412"),
        ("if-match: OTHER, TAG", "200"),
        ("if-match: OTHER,TAG,OTHER", "200"),
        ("if-match: ,, TAG ,", "200"),
        ("if-match: OTHER | if-match: TAG", "200"),
        ("if-match: OTHER | if-match: OTHER", "412"),
        ("if-match:", "412"),
        ("if-match: \"", "412"),
        ("if-match: other", "412"),
        ("if-match: \"a\" TAG", "412"),
        ("if-match: junk, TAG", "412"),
        ("if-match: *, TAG", "412"),
        ("IF-MATCH: OTHER", "412"),
        // If-Unmodified-Since: not before, whole seconds.
        ("if-unmodified-since: CHANGED", "200"),
        ("if-unmodified-since: AFTER", "200"),
        ("if-unmodified-since: BEFORE", "412"),
        ("if-unmodified-since: Sunday, 06-Nov-94 08:49:36 GMT", "412"),
        ("if-unmodified-since: Sun Nov  6 08:49:36 1994", "412"),
        ("if-unmodified-since: yesterday", "200"),
        ("if-unmodified-since: 784111776", "200"),
        ("if-unmodified-since: BEFORE | if-unmodified-since: BEFORE", "200"),
        // It does not matter beside If-Match.
        ("if-match: TAG | if-unmodified-since: BEFORE", "200"),
        ("if-match: OTHER | if-unmodified-since: AFTER", "412"),
        // If-None-Match: weak, and any of a list.
        ("if-none-match: TAG", "304"),
        ("if-none-match: W/TAG", "304"),
        ("if-none-match: *", "304"),
        ("if-none-match: OTHER", "200"),
        ("if-none-match: W/OTHER, W/TAG", "304"),
        ("if-none-match: OTHER | if-none-match: TAG", "304"),
        ("if-none-match: w/TAG", "200"),
        ("if-none-match: \"a b\", TAG", "200"),
        ("if-none-match: junk", "200"),
        ("if-none-match:", "200"),
        // If-Modified-Since: after, whole seconds.
        ("if-modified-since: CHANGED", "304"),
        ("if-modified-since: AFTER", "304"),
        ("if-modified-since: BEFORE", "200"),
        ("if-modified-since: Sunday, 06-Nov-94 08:49:37 GMT", "304"),
        ("if-modified-since: Sun Nov  6 08:49:37 1994", "304"),
        ("if-modified-since: Sun, 06 Nov 1994 08:49:37", "200"),
        ("if-modified-since: Thu, 01 Jan 1970 00:00:00 GMT", "200"),
        ("if-modified-since: Fri, 31 Dec 9999 23:59:59 GMT", "304"),
        ("if-modified-since: 0", "200"),
        ("if-modified-since:", "200"),
        ("if-modified-since: CHANGED | if-modified-since: CHANGED", "200"),
        // It does not matter beside If-None-Match.
        ("if-none-match: OTHER | if-modified-since: CHANGED", "200"),
        ("if-none-match: TAG | if-modified-since: BEFORE", "304"),
        ("if-none-match: junk | if-modified-since: CHANGED", "200"),
        // The order: 412 comes before 304, both before ranges.
        ("if-match: OTHER | if-none-match: TAG", "412"),
        ("if-match: TAG | if-none-match: TAG", "304"),
        ("if-unmodified-since: BEFORE | if-modified-since: AFTER", "412"),
        ("if-unmodified-since: AFTER | if-modified-since: AFTER", "304"),
        ("if-none-match: TAG | range: bytes=0-9", "304"),
        ("if-none-match: TAG | range: bytes=5000-", "304"),
        ("if-match: OTHER | range: bytes=5000-", "412"),
        ("if-match: TAG | range: bytes=0-9", "206 0-9"),
        ("if-none-match: OTHER | range: bytes=0-9", "206 0-9"),
        ("if-modified-since: BEFORE | range: bytes=0-9", "206 0-9"),
        ("if-match: TAG | range: bytes=5000-", "416"),
        // If-Range: a strong tag or the exact second, and only for a range.
        ("if-range: OTHER", "200"),
        ("if-range: TAG | range: bytes=0-9", "206 0-9"),
        ("if-range: OTHER | range: bytes=0-9", "200"),
        ("if-range: W/TAG | range: bytes=0-9", "200"),
        ("if-range: TAG, OTHER | range: bytes=0-9", "200"),
        ("if-range: * | range: bytes=0-9", "200"),
        ("if-range: | range: bytes=0-9", "200"),
        ("if-range: CHANGED | range: bytes=0-9", "206 0-9"),
        ("if-range: AFTER | range: bytes=0-9", "200"),
        ("if-range: BEFORE | range: bytes=0-9", "200"),
        ("if-range: Sun Nov  6 08:49:37 1994 | range: bytes=0-9", "206 0-9"),
        ("if-range: junk | range: bytes=0-9", "200"),
        ("if-range: TAG | if-range: TAG | range: bytes=0-9", "200"),
        ("if-range: TAG | range: bytes=5000-", "416"),
        ("if-range: OTHER | range: bytes=5000-", "200"),
        ("if-range: TAG | range: bytes=0-1,4-5", "206 0-1 4-5"),
        ("if-none-match: OTHER | if-range: TAG | range: bytes=0-9", "206 0-9"),
        ("if-none-match: TAG | if-range: OTHER | range: bytes=0-9", "304"),
        // A range that comes twice is none.
        ("range: bytes=0-9 | range: bytes=20-29", "200"),
    ];
    assert!(rows.len() >= 80);
    for (text, wanted) in rows {
        let dated = dated(text);
        assert_eq!(words(&plan(Get, &dated, LENGTH, now())), wanted, "{text}");
        // A range is nothing to HEAD; all else is the same.
        let without_range =
            if wanted.starts_with("206") || wanted == "416" { "200" } else { wanted };
        assert_eq!(words(&plan(Head, &dated, LENGTH, now())), without_range, "HEAD, {text}");
    }
}

#[test]
fn a_date_is_no_proof_within_its_second() {
    let text = dated("if-range: CHANGED | range: bytes=0-9");
    for (now, wanted) in
        [(784_111_777, "200"), (784_111_778, "200"), (784_111_779, "206 0-9"), (0, "200")]
    {
        assert_eq!(words(&plan(Get, &text, LENGTH, at(now))), wanted, "{now}");
    }
}

fn dated(text: &str) -> String {
    text.replace("CHANGED", CHANGED).replace("BEFORE", BEFORE).replace("AFTER", AFTER)
}
