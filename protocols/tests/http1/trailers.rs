//! C21: trailers, what may not be one, and how many there may be.

use readily_protocols::contract::Fault;
use readily_protocols::http1::Limits;
use readily_protocols::http1::reason::{BAD_TRAILER, MALFORMED, TRAILERS_TOO_LARGE};

use crate::support::{chunked, codes, get, limited, said, site};

/// Every way in which a service may have the body.
const WAYS: [&str; 3] = ["/echo", "/take", "/both"];

fn with(target: &str, section: &str) -> Vec<u8> {
    chunked(target, format!("2\r\nab\r\n0\r\n{section}\r\n").as_bytes())
}

#[test]
fn what_frames_routes_or_authorises_is_no_trailer() {
    for name in [
        "Content-Length",
        "Transfer-Encoding",
        "Host",
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
        "Authorization",
        "Cookie",
        "Set-Cookie",
        "Content-Type",
        "Content-Encoding",
        "Content-Range",
    ] {
        for name in [name.to_owned(), name.to_ascii_lowercase(), name.to_ascii_uppercase()] {
            for section in [format!("{name}: 1\r\n"), format!("A: b\r\n{name}:\r\n")] {
                for target in WAYS {
                    let mut script = site();
                    script.feed(&with(target, &section)).feed(&get("/poison", ""));
                    let over = Some(Err(Fault::Peer(BAD_TRAILER)));
                    assert_eq!(script.over(), over, "{target} {section:?}");
                    let answered = codes(&script);
                    // An answer that has begun is cut; any other is the refusal.
                    let expected: &[u16] = if target == "/both" { &[] } else { &[400] };
                    assert!(answered == expected || answered == [200], "{target}: {answered:?}");
                    assert!(!script.sent().ends_with(b"0\r\n\r\n"), "{target} {section:?}");
                    assert!(!script.app().seen.iter().any(|line| line.contains("poison")));
                }
            }
        }
    }
}

#[test]
fn trailers_are_seen_as_trailers_alone() {
    for target in WAYS {
        let mut script = site();
        script.feed(&with(target, "X-Sum: \t7 \t\r\nx-other:\r\n")).feed(&get("/none", ""));
        assert_eq!(script.over(), None);
        let seen = script.app().seen.join("\n");
        assert!(!seen.contains("| X-Sum") && !seen.contains("| x-other"), "no headers: {seen}");
        match target {
            "/echo" => assert!(seen.contains("chunked + X-Sum: 7 + x-other: \n"), "{seen}"),
            "/take" => assert!(seen.contains("trailer X-Sum: 7\ntrailer x-other: \n"), "{seen}"),
            _ => assert!(said(&script).contains("2\r\nab\r\n0\r\nx-sum: 7\r\n\r\n")),
        }
        assert!(seen.contains("GET /none"), "{seen}");
    }
}

#[test]
fn a_section_is_read_as_strictly_as_a_head() {
    for section in ["A : b\r\n", "A b\r\n", ": b\r\n", " A: b\r\n", "A: b\r\n c\r\n", "A\r\n"] {
        for target in ["/echo", "/take"] {
            let mut script = site();
            script.feed(&with(target, section));
            let expected = (vec![400], Some(Err(Fault::Peer(MALFORMED))));
            assert_eq!((codes(&script), script.over()), expected, "{target} {section:?}");
        }
    }
}

/// Feeds it whole and byte by byte, in every way.
fn check(limits: Limits, section: &str, is_refused: bool, what: &str) {
    for target in WAYS {
        let input = with(target, section);
        for size in [1, input.len()] {
            let mut script = limited(limits);
            for piece in input.chunks(size) {
                script.feed(piece);
            }
            let over = is_refused.then_some(Err(Fault::Peer(TRAILERS_TOO_LARGE)));
            assert_eq!(script.over(), over, "{what} {target} by {size}");
            if target != "/both" {
                assert_eq!(codes(&script), [if is_refused { 431 } else { 200 }], "{what}");
            }
        }
    }
}

#[test]
fn how_long_they_may_be() {
    for most in [2, 20, Limits::TRAILERS] {
        for length in [most - 1, most, most + 1] {
            let section = match length - 2.min(length) {
                0 => String::new(),
                left if left < 4 => continue,
                left => format!("A:{}\r\n", "b".repeat(left - 4)),
            };
            let limits = Limits { trailers: most, ..Limits::DEFAULT };
            // The empty line counts.
            let counted = section.len() + 2;
            check(limits, &section, counted > most, &format!("{counted} of {most}"));
        }
    }
}

#[test]
fn how_long_a_line_of_them_may_be() {
    for length in [99, 100, 101] {
        let section = format!("A:{}\r\n", "b".repeat(length - 2));
        let limits = Limits { line: 100, ..Limits::DEFAULT };
        check(limits, &section, length > 100, &length.to_string());
    }
}

#[test]
fn how_many_there_may_be() {
    for most in [0, 1, Limits::TRAILER_FIELDS] {
        for count in [most.saturating_sub(1), most, most + 1] {
            let section: String = (0..count).map(|n| format!("A{n}: b\r\n")).collect();
            let limits = Limits { trailer_fields: most, ..Limits::DEFAULT };
            check(limits, &section, count > most, &format!("{count} of {most}"));
        }
    }
}

#[test]
fn trailers_without_end_are_not_kept() {
    for target in WAYS {
        let mut script = site();
        script.feed(&chunked(target, b"0\r\n"));
        let mut fed = 0;
        while script.over().is_none() && fed < 10_000 {
            script.feed(b"A: b\r\n");
            fed += 1;
        }
        assert_eq!(fed, Limits::TRAILER_FIELDS + 1, "{target}");
    }
}
