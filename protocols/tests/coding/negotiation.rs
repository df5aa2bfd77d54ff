//! Which coding is agreed on, as a table.

use readily_protocols::http1::coding::Coding::{Brotli, Gzip, Zstd};
use readily_protocols::http1::coding::Negotiated::{Identity, NotAcceptable, Use};
use readily_protocols::http1::coding::{Accepted, Coding, ITEMS_MAX, Negotiated, negotiate};

const ALL: &[Coding] = &[Zstd, Brotli, Gzip];
const OLD: &[Coding] = &[Gzip, Brotli, Zstd];
const GZIP: &[Coding] = &[Gzip];
const NONE: &[Coding] = &[];

const CASES: &[(&str, &[Coding], Negotiated)] = &[
    // The field is empty, or has no item.
    ("", ALL, Identity),
    (",", ALL, Identity),
    (" , ,\t,", ALL, Identity),
    (";", ALL, Identity),
    (";q=1", ALL, Identity),
    // One item.
    ("gzip", ALL, Use(Gzip)),
    ("br", ALL, Use(Brotli)),
    ("zstd", ALL, Use(Zstd)),
    ("gzip", NONE, Identity),
    ("br", GZIP, Identity),
    ("deflate", ALL, Identity),
    ("compress", ALL, Identity),
    ("identity", ALL, Identity),
    ("*", ALL, Use(Zstd)),
    ("*", GZIP, Use(Gzip)),
    ("*", NONE, Identity),
    // Names are in any case, and whole.
    ("GZIP", ALL, Use(Gzip)),
    ("Br", ALL, Use(Brotli)),
    ("zStD", ALL, Use(Zstd)),
    ("x-gzip", ALL, Use(Gzip)),
    ("X-GZip", ALL, Use(Gzip)),
    ("x-br", ALL, Identity),
    ("gzi", ALL, Identity),
    ("gzipp", ALL, Identity),
    ("gzip br", ALL, Identity),
    ("\"gzip\"", ALL, Identity),
    ("**", ALL, Identity),
    // The order of the offer decides at equal weights, not that of the field.
    ("gzip, br, zstd", ALL, Use(Zstd)),
    ("zstd, br, gzip", OLD, Use(Gzip)),
    ("gzip, deflate, br", ALL, Use(Brotli)),
    ("gzip, deflate, br, zstd", GZIP, Use(Gzip)),
    ("gzip;q=0.5, br;q=0.50, zstd;q=0.500", ALL, Use(Zstd)),
    // Weights decide before it.
    ("gzip, br;q=0.9, zstd;q=0.8", ALL, Use(Gzip)),
    ("gzip;q=0.001, br;q=0.002", ALL, Use(Brotli)),
    ("gzip;q=0.999, br", OLD, Use(Brotli)),
    ("gzip;q=0.1, *;q=0.2", ALL, Use(Zstd)),
    ("zstd;q=0.1, *;q=0.2", ALL, Use(Brotli)),
    // Zero excludes.
    ("gzip;q=0", ALL, Identity),
    ("gzip;q=0.", ALL, Identity),
    ("gzip;q=0.000", ALL, Identity),
    ("gzip;q=0, br", OLD, Use(Brotli)),
    ("zstd;q=0, *", ALL, Use(Brotli)),
    ("x-gzip;q=0, *", OLD, Use(Brotli)),
    // The content as it is: last, unless the client prefers it.
    ("gzip;q=0.5, identity;q=0.5", ALL, Use(Gzip)),
    ("gzip;q=0.5, identity;q=0.501", ALL, Identity),
    ("identity, *;q=0.9", ALL, Identity),
    ("identity;q=0.1, gzip;q=0.2", ALL, Use(Gzip)),
    ("gzip;q=0.1", ALL, Use(Gzip)),
    // It can be excluded, by name or by the star.
    ("identity;q=0", ALL, NotAcceptable),
    ("IDENTITY;Q=0.0", ALL, NotAcceptable),
    ("*;q=0", ALL, NotAcceptable),
    ("*;q=0", NONE, NotAcceptable),
    ("identity;q=0, deflate", ALL, NotAcceptable),
    ("identity;q=0, gzip", ALL, Use(Gzip)),
    ("identity;q=0, gzip", &[Brotli], NotAcceptable),
    ("identity;q=0, *", ALL, Use(Zstd)),
    ("identity;q=0, *;q=0.001", GZIP, Use(Gzip)),
    ("*;q=0, gzip", ALL, Use(Gzip)),
    ("*;q=0, identity", ALL, Identity),
    ("*;q=0, identity;q=0.001", ALL, Identity),
    ("gzip;q=0, *;q=0", GZIP, NotAcceptable),
    // Space stands around what separates, and nowhere else.
    ("  gzip\t;\t q=0.5 ,br ; q=0.4 ", ALL, Use(Gzip)),
    ("gzip;q =1", ALL, Identity),
    ("gzip;q= 1", ALL, Identity),
    ("g zip", ALL, Identity),
    // Weights of the grammar.
    ("gzip;q=1", ALL, Use(Gzip)),
    ("gzip;q=1.", ALL, Use(Gzip)),
    ("gzip;q=1.000", ALL, Use(Gzip)),
    ("gzip;Q=0.5", ALL, Use(Gzip)),
    // Those that are not: the item is as if absent.
    ("gzip;q=", ALL, Identity),
    ("gzip;", ALL, Identity),
    ("gzip;q", ALL, Identity),
    ("gzip;q=.5", ALL, Identity),
    ("gzip;q=2", ALL, Identity),
    ("gzip;q=1.001", ALL, Identity),
    ("gzip;q=1.0000", ALL, Identity),
    ("gzip;q=0.1234", ALL, Identity),
    ("gzip;q=0,5", ALL, Identity),
    ("gzip;q=-1", ALL, Identity),
    ("gzip;q=+1", ALL, Identity),
    ("gzip;q=01", ALL, Identity),
    ("gzip;q=0.a", ALL, Identity),
    ("gzip;q=0.5a", ALL, Identity),
    ("gzip;q=1e0", ALL, Identity),
    ("gzip;q=\"1\"", ALL, Identity),
    ("gzip;q=0.5;x=1", ALL, Identity),
    ("gzip;level=9", ALL, Identity),
    ("gzip;level=9, br", ALL, Use(Brotli)),
    ("identity;q=0.0000", ALL, Identity),
    ("*;q=0.0000", ALL, Identity),
    // Of two items of one name the first counts; a bad one is none.
    ("gzip;q=0, gzip", ALL, Identity),
    ("gzip, gzip;q=0", ALL, Use(Gzip)),
    ("x-gzip;q=0, gzip", ALL, Identity),
    ("gzip;q=x, gzip", ALL, Use(Gzip)),
    ("*;q=0, *", ALL, NotAcceptable),
];

#[test]
fn a_coding_is_chosen_by_weight_and_then_by_the_order_of_the_offer() {
    for (field, offered, expected) in CASES {
        let agreed = negotiate(Some(field.as_bytes()), offered);
        assert_eq!(agreed, *expected, "`{field}` of {offered:?}");
    }
    assert!(CASES.len() >= 60, "{}", CASES.len());
}

#[test]
fn without_the_field_the_content_stays_as_it_is() {
    for offered in [NONE, GZIP, ALL] {
        assert_eq!(negotiate(None, offered), Identity);
    }
}

#[test]
fn several_lines_are_one_list() {
    for (lines, expected) in [
        (&["gzip", "br"][..], Use(Brotli)),
        (&["gzip;q=0.5", "identity;q=0"], Use(Gzip)),
        (&["gzip;q=0", "gzip"], Identity),
        (&["identity;q=0", "", "deflate"], NotAcceptable),
    ] {
        let mut accepted = Accepted::default();
        lines.iter().for_each(|line| accepted.read(line.as_bytes()));
        assert_eq!(accepted.choose(ALL), expected, "{lines:?}");
        let joined = lines.join(",");
        assert_eq!(negotiate(Some(joined.as_bytes()), ALL), expected, "{joined}");
    }
}

#[test]
fn items_behind_the_most_are_not_read() {
    let behind = |n: usize| format!("{}gzip", "x,".repeat(n));
    assert_eq!(negotiate(Some(behind(ITEMS_MAX - 1).as_bytes()), ALL), Use(Gzip));
    assert_eq!(negotiate(Some(behind(ITEMS_MAX).as_bytes()), ALL), Identity);
    let mut accepted = Accepted::default();
    (0..ITEMS_MAX).for_each(|_| accepted.read(b"x"));
    accepted.read(b"gzip");
    assert_eq!(accepted.choose(ALL), Identity);
}

#[test]
fn no_byte_of_the_field_does_harm() {
    for (before, after) in
        [("", ""), ("gz", "ip"), ("gzip;q=", ""), ("gzip;q=0.", "1"), ("br,", "")]
    {
        for byte in 0..=u8::MAX {
            let field = [before.as_bytes(), &[byte], after.as_bytes()].concat();
            let agreed = negotiate(Some(&field), ALL);
            assert_ne!(agreed, NotAcceptable, "{}", field.escape_ascii());
        }
    }
}

#[test]
fn a_coding_has_a_token_and_an_extension() {
    let all = Coding::ALL.map(|coding| (coding.to_string(), coding.extension()));
    assert_eq!(all, [("gzip".into(), "gz"), ("br".into(), "br"), ("zstd".into(), "zst")]);
}
