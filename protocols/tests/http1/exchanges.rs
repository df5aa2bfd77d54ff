//! Exchanges that are not over at once: bodies that are streamed, answers that come late, and
//! everything that may happen meanwhile.

use std::time::Duration;

use readily_protocols::contract::{Fault, Machine, Reason};
use readily_protocols::http1::reason::*;
use readily_protocols::http1::{Limits, Refusal};
use readily_protocols::testing::Script;

use crate::support::{Conn, chunked, codes, get, limited, post_to, said, site};

const ENOUGH: &str = "GET /none HTTP/1.1\r\nHost: a\r\n\r\n";

/// What is behind the first empty line.
fn body(script: &Script<Conn>) -> Vec<u8> {
    let sent = script.sent();
    let at = sent.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    sent[at + 4..].to_vec()
}

fn number_of(target: &str, script: &mut Script<Conn>) -> usize {
    script.app().seen.iter().filter(|line| line.contains(target)).count()
}

#[test]
fn bodies_by_every_intake_at_their_limit() {
    for (way, most) in [("/whole-up-to/10", 10), ("/take-up-to/10", 10), ("/take", u64::MAX)] {
        for length in [9, 10, 11] {
            for is_chunked in [false, true] {
                for size in [1, 1000] {
                    let data = vec![b'x'; length];
                    let frame = format!("{length:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(length));
                    let input = match is_chunked {
                        true => chunked(way, frame.as_bytes()),
                        false => post_to(way, &data),
                    };
                    let mut script = site();
                    for piece in input.chunks(size) {
                        script.feed(piece);
                    }
                    let what = format!("{way} {length} {is_chunked} by {size}");
                    if length as u64 <= most {
                        assert_eq!((codes(&script), script.over()), (vec![200], None), "{what}");
                        assert_eq!(body(&script), data, "{what}");
                    } else {
                        let over = Some(Err(Fault::Peer(BODY_TOO_LARGE)));
                        assert_eq!((codes(&script), script.over()), (vec![413], over), "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_streamed_body_is_larger_than_what_may_be_kept() {
    let data: Vec<u8> = (0..3 * Limits::BODY).map(|at| (at % 251) as u8).collect();
    let mut script = site();
    for piece in post_to("/some/3145728", &data).chunks(60_000) {
        script.feed(piece);
        assert!(script.machine().held() < 1024, "nothing is kept");
    }
    assert_eq!((codes(&script), body(&script)), (vec![200], b"3145728".to_vec()));
    assert_eq!(script.over(), None);
}

#[test]
fn an_echo_of_what_comes_ends_with_its_trailers() {
    for size in [1, 3, 64, 10_000] {
        let mut script = site();
        let input = chunked("/both", b"5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n");
        for piece in input.chunks(size) {
            script.feed(piece);
        }
        script.feed(ENOUGH.as_bytes());
        let sent = said(&script);
        let (first, second) = sent.split_at(sent.rfind("HTTP/1.1 404").expect("another answer"));
        assert!(first.starts_with("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"));
        assert!(first.ends_with("\r\n0\r\nx-sum: 11\r\n\r\n"), "{first}");
        assert!(second.ends_with("Not Found"));
    }
    // HTTP/1.0 knows neither chunks nor trailers: the end of the connection is the end.
    let mut script = site();
    script.feed(b"POST /both HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello");
    let expected = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello";
    assert_eq!((&said(&script)[..], script.over()), (expected, Some(Ok(()))));
}

#[test]
fn a_peer_that_takes_nothing_is_not_read_from() {
    // An echo of 2 MiB: while nothing is taken, at most the high mark waits to be sent, and the
    // rest stays where it arrived.
    let data = vec![b'x'; 2 << 20];
    let input = post_to("/both", &data);
    let mut script = site();
    script.block();
    let mut fed = 0;
    while fed < input.len() {
        let unread = script.ends().0.len();
        let n = (input.len() - fed).min(60_000 - unread.min(60_000));
        if n == 0 {
            assert!(script.ends().1.len() <= 256 * 1024 + 1000, "{}", script.ends().1.len());
            assert_eq!(script.machine().deadline(), None, "the deadline is the carrier's");
            script.unblock().wake();
            script.block();
            continue;
        }
        script.feed(&input[fed..fed + n]);
        fed += n;
    }
    for _ in 0..20 {
        script.unblock();
    }
    assert_eq!(script.over(), None);
    let sent = String::from_utf8_lossy(script.sent()).into_owned();
    assert_eq!(sent.matches('x').count(), data.len());
    assert!(sent.ends_with("\r\n0\r\n\r\n"));
}

#[test]
fn streamed_answers_in_each_version_and_for_each_method() {
    for (target, length) in [("/known/5", "content-length: 5"), ("/unknown/5", "")] {
        for (method, version) in [("GET", "1.1"), ("GET", "1.0"), ("HEAD", "1.1"), ("HEAD", "1.0")]
        {
            let request = format!("{method} {target} HTTP/{version}\r\nHost: a\r\n\r\n");
            let mut script = site();
            script.feed(request.as_bytes()).feed(ENOUGH.as_bytes());
            let (is_10, is_head) = (version == "1.0", method == "HEAD");
            let close = if is_10 { "connection: close\r\n" } else { "" };
            let length = match (length, is_10) {
                ("", true) => String::new(),
                ("", false) => "transfer-encoding: chunked\r\n".to_owned(),
                (length, _) => format!("{length}\r\n"),
            };
            let body = match (is_head, length.starts_with("transfer")) {
                (true, _) => "",
                (false, true) => "5\r\nxxxxx\r\n0\r\n\r\n",
                (false, false) => "xxxxx",
            };
            let expected = format!("HTTP/1.1 200 OK\r\n{close}{length}\r\n{body}");
            let (sent, what) = (said(&script), format!("{method} {target} {version}"));
            assert!(sent.starts_with(&expected), "{what}: {sent}");
            let rest = &sent[expected.len()..];
            assert_eq!(rest.starts_with("HTTP/1.1 404"), !is_10, "{what}: {rest}");
            assert_eq!(script.over(), is_10.then_some(Ok(())), "{what}");
        }
    }
}

#[test]
fn a_status_without_a_body_is_not_streamed() {
    for (status, length) in [(204, ""), (304, ""), (205, "content-length: 0\r\n")] {
        let mut script = site();
        script.feed(&get(&format!("/streamed/{status}"), "")).feed(ENOUGH.as_bytes());
        let sent = said(&script);
        let (head, rest) = sent.split_once("\r\n\r\n").expect("a head");
        assert!(head.ends_with(length.trim_end()), "{status}: {head}");
        assert_eq!(head.contains("length"), !length.is_empty(), "{status}: {head}");
        assert!(rest.starts_with("HTTP/1.1 404"), "{status}: {rest}");
    }
}

#[test]
fn an_answer_of_any_length_goes_out_as_it_is_taken() {
    for (target, length) in [("/known/3000000", 3_000_000), ("/unknown/3000000", 3_000_000)] {
        let mut script = site();
        script.block().feed(&get(target, ""));
        let mut rounds = 0;
        while !script.sent().ends_with(b"0\r\n\r\n") && rounds < 100 {
            assert!(script.ends().1.len() <= 256 * 1024 + 64, "{}", script.ends().1.len());
            script.unblock();
            rounds += 1;
            if String::from_utf8_lossy(script.sent()).matches('x').count() >= length {
                break;
            }
        }
        let sent = String::from_utf8_lossy(script.sent()).into_owned();
        assert_eq!((sent.matches('x').count(), script.over()), (length, None), "{target}");
    }
}

#[test]
fn one_that_yields_lets_others_have_their_turn_and_is_completed() {
    let mut script = site();
    script.feed(&get("/yield/100", "")).feed(ENOUGH.as_bytes());
    let sent = said(&script);
    assert_eq!(sent.matches("1\r\ny\r\n").count(), 100);
    assert!(sent.contains("0\r\n\r\nHTTP/1.1 404"));
}

#[test]
fn a_length_that_is_not_kept_cuts_the_connection() {
    for target in ["/short/5", "/long/5", "/short/400000", "/long/400000"] {
        let mut script = site();
        script.block().feed(&get(target, "")).feed(ENOUGH.as_bytes());
        for _ in 0..10 {
            script.unblock();
        }
        assert_eq!(script.over(), Some(Err(Fault::Local(WRONG_LENGTH))), "{target}");
        assert!(!codes(&script).contains(&404), "{target}");
    }
}

#[test]
fn an_answer_that_is_given_up_is_not_taken_for_a_whole_one() {
    for taken in [0, 5, 1000] {
        let mut script = site();
        script.feed(&get(&format!("/abort/{taken}"), "")).feed(ENOUGH.as_bytes());
        assert_eq!(script.over(), Some(Err(Fault::Local(GIVEN_UP))), "{taken}");
        assert!(!script.sent().ends_with(b"0\r\n\r\n"), "{taken}");
    }
}

#[test]
fn what_is_pipelined_behind_a_late_answer_waits_for_it() {
    let mut script = site();
    script
        .feed(&[get("/echo", ""), get("/later", ""), get("/none", ""), get("/later", "")].concat());
    assert_eq!(codes(&script), [200]);
    script.wake().feed(&get("/large", ""));
    assert_eq!((codes(&script), number_of("/none", &mut script)), (vec![200], 0));
    script.mail(41);
    assert_eq!(codes(&script), [200, 200, 404]);
    script.mail(42);
    assert_eq!(codes(&script), [200, 200, 404, 200, 200]);
    let sent = said(&script);
    let (first, second) = (sent.find("\r\n\r\n41HTTP"), sent.find("\r\n\r\n42HTTP"));
    assert!(first.is_some() && first < second, "{sent}");
    assert_eq!(script.over(), None);
}

#[test]
fn mail_for_nobody_changes_nothing() {
    let mut script = site();
    script.mail(1).feed(&get("/none", "")).mail(2);
    assert_eq!((codes(&script), script.over()), (vec![404], None));
}

#[test]
fn a_service_sends_what_it_hears() {
    let mut script = site();
    script.feed(&get("/hold", ""));
    assert_eq!(codes(&script), [200], "the head goes out at once");
    script.mail(1).wake().mail(23).feed(&get("/none", "")).mail(0);
    assert!(said(&script).contains("\r\n\r\n2\r\n1;\r\n3\r\n23;\r\n0\r\n\r\nHTTP/1.1 404"));
}

#[test]
fn a_late_answer_has_its_time() {
    let time = Duration::from_secs(7);
    for (target, waits) in [("/later", true), ("/hold", false)] {
        let mut script = limited(Limits { answer_time: time, ..Limits::DEFAULT });
        script.feed(&get(target, ""));
        let now = script.effects().now();
        let deadline = script.machine().deadline();
        assert_eq!(deadline, waits.then(|| now + time), "{target}");
        if waits {
            // Nothing that happens meanwhile moves it.
            script.wait(Duration::from_secs(6)).wake().feed(b"GET /none");
            assert_eq!(script.machine().deadline(), Some(now + time));
            script.wait(Duration::from_secs(1)).expire(Reason::Own);
            let over = Some(Err(Fault::Peer(ANSWER_TIMED_OUT)));
            assert_eq!((codes(&script), script.over()), (vec![504], over));
        }
    }
    let mut script = limited(Limits { answer_time: Duration::MAX, ..Limits::DEFAULT });
    script.feed(&get("/later", ""));
    assert_eq!(script.machine().deadline(), None, "no limit is none");
}

#[test]
fn a_streamed_body_must_come_fast_enough_while_it_is_waited_for() {
    let window = Limits::BODY_WINDOW_BYTES as usize;
    for (target, code) in [("/take", Some(408)), ("/both", None)] {
        for (came, is_slow) in [(window - 1, true), (window, false)] {
            let mut script = site();
            let input = post_to(target, &vec![b'x'; 100_000]);
            let start = input.len() - 100_000;
            script.feed(&input[..start]);
            let now = script.effects().now();
            assert_eq!(script.machine().deadline(), Some(now + Limits::BODY_WINDOW), "{target}");
            script.feed(&input[start..start + came]);
            script.wait(Limits::BODY_WINDOW).expire(Reason::Own);
            let over = is_slow.then_some(Err(Fault::Peer(BODY_TOO_SLOW)));
            assert_eq!(script.over(), over, "{target} {came}");
            if let (Some(code), true) = (code, is_slow) {
                assert_eq!(codes(&script), [code]);
            }
            assert!(!script.sent().ends_with(b"0\r\n\r\n"));
        }
    }
}

/// C15: the body is left where it is, in whole or in part, at every size.
#[test]
fn an_early_answer_ends_the_connection_and_nothing_of_the_body_is_a_request() {
    let poison = get("/poison", "");
    for target in ["/ignore", "/some/1", "/some/20"] {
        for length in (1..120).chain([1000, 60_000, 65_000]) {
            let data: Vec<u8> = poison.iter().copied().cycle().take(length).collect();
            let frame = [format!("{length:x}\r\n").as_bytes(), &data, b"\r\n0\r\n\r\n"].concat();
            for input in [post_to(target, &data), chunked(target, &frame)] {
                let head = input.windows(4).position(|four| four == b"\r\n\r\n").expect("one") + 4;
                for cut in [head, head + length / 2, input.len()] {
                    let mut script = site();
                    script.feed(&input[..cut]).feed(&input[cut..]).feed(&poison);
                    let poisoned = number_of("/poison", &mut script);
                    let what = format!("{target} {length}, cut at {cut}");
                    match script.over() {
                        // All of the body was there: what is behind it is a request.
                        None => {
                            assert_eq!((codes(&script), poisoned), (vec![200, 404], 1), "{what}")
                        }
                        Some(over) => {
                            assert!(said(&script).contains("connection: close"), "{what}");
                            assert_eq!((codes(&script), poisoned, over), (vec![200], 0, Ok(())));
                            assert!(target != "/some/20" || length > 20, "{what}");
                        }
                    }
                    let is_taken = length == 1 || (target == "/some/20" && length <= 20);
                    if cut == head && !(is_taken && target != "/ignore") {
                        assert_eq!(script.over(), Some(Ok(())), "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_end_of_the_client_is_seen_in_each_stage() {
    // C23: within a body it is a cut, at once; behind the request it is no reason not to answer.
    for (target, has_answer) in [("/take", false), ("/echo", false), ("/both", false)] {
        let mut script = site();
        let input = post_to(target, b"0123456789");
        script.feed(&input[..input.len() - 3]).end();
        assert_eq!(script.over(), Some(Err(Fault::Peer(BODY_CUT))), "{target}");
        assert_eq!(codes(&script).contains(&408), has_answer);
    }
    let mut script = site();
    script.feed(&get("/later", "")).end();
    assert_eq!(script.over(), None);
    script.mail(5);
    assert_eq!((codes(&script), script.over()), (vec![200], Some(Ok(()))));
    let mut script = site();
    script.feed(&get("/hold", "")).mail(1).end().mail(2).mail(0);
    assert!(script.sent().ends_with(b"2;\r\n0\r\n\r\n"));
    assert_eq!(script.over(), Some(Ok(())));
}

#[test]
fn a_loop_that_drains_ends_each_stage_behind_its_answer() {
    // Within a head, a body, a late answer, a streamed one.
    let steps: [(&[u8], &[u8], &[u32]); 5] = [
        (b"GET /none HT", b"TP/1.1\r\nHost: a\r\n\r\n", &[]),
        (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na", b"b", &[]),
        (b"POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na", b"b", &[]),
        (b"GET /later HTTP/1.1\r\nHost: a\r\n\r\n", b"", &[1]),
        (b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n", b"", &[1, 0]),
    ];
    for (before, behind, mail) in steps {
        let mut script = site();
        script.feed(before);
        script.effects().set_draining();
        script.wake().feed(behind);
        for number in mail {
            script.mail(*number);
        }
        let what = before.escape_ascii();
        assert_eq!((codes(&script).len(), script.over()), (1, Some(Ok(()))), "{what}");
    }
}

const CONNECT: &str = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";

#[test]
fn a_tunnel_is_off_unless_it_is_allowed() {
    use readily_protocols::http1::Allowed;
    let allowed = Limits { connect: Allowed::Yes, ..Limits::DEFAULT };
    let mut script = site();
    script.feed(CONNECT.as_bytes());
    assert_eq!((codes(&script), script.over()), (vec![501], Some(Err(Fault::Peer(METHOD_OFF)))));
    // What is behind the request goes through the tunnel, at each cut.
    let input = format!("{CONNECT}GET / HTTP/1.1\r\n\r\n");
    for cut in 0..=input.len() {
        let mut script = limited(allowed);
        script.feed(&input.as_bytes()[..cut]).feed(&input.as_bytes()[cut..]);
        assert_eq!(said(&script), "HTTP/1.1 200 OK\r\n\r\nGET / HTTP/1.1\r\n\r\n", "cut at {cut}");
        assert_eq!(script.states(), ["Http", "Echo"]);
    }
    // Only CONNECT makes one, and only with a host and a port that are the same.
    let mut script = limited(allowed);
    script.feed(&get("/tunnel", ""));
    assert_eq!((codes(&script), script.states()), (vec![501], &["Http"][..]));
    for (from, to, reason) in [
        ("a:443 ", "a ", BAD_TARGET),
        ("a:443 ", "/ ", BAD_TARGET),
        ("a:443 ", "http://a:443/ ", BAD_TARGET),
        ("Host: a:443", "Host: b:443", HOST_MISMATCH),
        ("Host: a:443\r\n", "", BAD_HOST),
    ] {
        let mut script = limited(allowed);
        script.feed(CONNECT.replacen(from, to, 1).as_bytes());
        assert_eq!(script.over(), Some(Err(Fault::Peer(reason))), "{to}");
    }
}

#[test]
fn an_upgrade_with_a_body_in_chunks_switches_behind_it() {
    // C20: what is of the request is never of the next protocol.
    let head = "POST /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    let input = format!("{head}2\r\nab\r\n0\r\nx: y\r\n\r\ntail");
    for cut in 0..=input.len() {
        let mut script = site();
        script.feed(&input.as_bytes()[..cut]).feed(&input.as_bytes()[cut..]);
        let sent = said(&script);
        assert!(
            sent.starts_with("HTTP/1.1 101 ") && sent.ends_with("\r\n\r\ntail"),
            "at {cut}: {sent}"
        );
    }
}

#[test]
fn a_compressed_body_is_handed_over_as_it_came() {
    // C24: nothing is decoded, so nothing can swell; a coding of the transfer is refused.
    let data: Vec<u8> = (0..=255).collect();
    let length = data.len();
    for coding in ["gzip", "br", "zstd", "deflate", "gzip, gzip, gzip"] {
        let head = format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: {coding}\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        let mut script = site();
        script.feed(&[head.as_bytes(), &data].concat());
        assert_eq!((codes(&script), body(&script)), (vec![200], data.clone()), "{coding}");
    }
}

#[test]
fn requests_without_end_are_answered_in_their_order_as_they_are_taken() {
    // C16: 100,000 of them, from one who reads only now and then.
    const ALL: usize = 100_000;
    let input: Vec<u8> =
        (0..ALL).flat_map(|n| get("/value", &format!("X-Value: {n}\r\n"))).collect();
    let mut script = limited(Limits { requests: u32::MAX, ..Limits::DEFAULT });
    let (mut fed, mut rest, mut next) = (0, String::new(), 0);
    let mut most = 0;
    while next < ALL {
        script.block();
        for _ in 0..3 {
            let n = (input.len() - fed).min(20_000).min(60_000 - script.ends().0.len());
            if n > 0 {
                script.feed(&input[fed..fed + n]);
                fed += n;
            }
        }
        most = most.max(script.ends().1.len());
        script.unblock();
        rest += &String::from_utf8(script.take_sent()).expect("text");
        let mut done = 0;
        for (at, found) in rest.match_indices("x-value: ") {
            let Some(end) = rest[at..].find("\r\n") else { break };
            assert_eq!(rest[at + found.len()..at + end], next.to_string());
            (next, done) = (next + 1, at + end);
        }
        rest.drain(..done);
    }
    assert!(most <= 64 * 1024 + 16 * 200, "{most} bytes waited");
    assert_eq!(script.over(), None);
}

#[test]
fn a_refusal_within_a_body_is_answered_unless_an_answer_has_begun() {
    // A streamed one that has begun cannot be: it is cut.
    let mut script = site();
    script.feed(&chunked("/both", b"1\r\nx\r\nz"));
    assert_eq!(script.over(), Some(Err(Fault::Peer(Refusal::BadChunk.reason()))));
    assert_eq!(codes(&script), [200; 0]);
    let mut script = site();
    script.feed(&chunked("/take", b"1\r\nx\r\nz"));
    let last = said(&script);
    assert!(last.starts_with("HTTP/1.1 400") && last.ends_with("\r\n\r\na malformed chunk\n"));
}
