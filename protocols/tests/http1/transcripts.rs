//! Conversations, said in full.

use readily_protocols::contract::Fault;
use readily_protocols::http1::reason;

use crate::site::LARGE;
use crate::support::{codes, get, post, said, site};

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello";

/// Each: what comes, what is answered, how it ends.
#[test]
fn conversations() {
    let bye = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\
        content-length: 5\r\n\r\nhello";
    let kept = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: keep-alive\r\n\
        content-length: 5\r\n\r\nhello";
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n";
    let missing = "HTTP/1.1 404 Not Found\r\ncontent-type: text/plain; charset=utf-8\r\n\
        content-length: 9\r\n\r\nNot Found";
    let empty =
        "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: 0\r\n\r\n";
    let done = Some(Ok(()));
    for (input, output, over) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", HELLO, None),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", bye, done),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n", bye, done),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
            bye,
            done,
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", HELLO, None),
        ("GET / HTTP/1.0\r\n\r\n", bye, done),
        ("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", kept, None),
        ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", bye, done),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", head, None),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", HELLO, None),
        ("GET /none HTTP/1.1\r\nHost: a\r\n\r\n", missing, None),
        ("GET http://a/none?x HTTP/1.1\r\nHost: A\r\n\r\n", missing, None),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", empty, None),
        ("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", empty, None),
        ("BREW / HTTP/1.1\r\nhOST: a\r\n\r\n", HELLO, None),
    ] {
        let mut script = site();
        script.feed(input.as_bytes());
        assert_eq!((&said(&script)[..], script.over()), (output, over), "{input:?}");
    }
}

#[test]
fn a_request_is_seen_as_it_was_sent() {
    let mut script = site();
    script.feed(
        b"PUT /echo?a=b HTTP/1.1\r\nhost:a:80 \r\nX-E:\r\nX-V: \t a \"\xe9\" \t\r\n\
        Content-Length: 3\r\n\r\n\0\r\n",
    );
    let seen =
        "PUT /echo?a=b HTTP/1.1 | host: a:80 | X-E:  | X-V: a \\\"\\xe9\\\" | Content-Length: 3";
    assert_eq!(script.app().seen, [seen]);
    assert_eq!(script.app().bodies, [b"\0\r\n"]);
}

#[test]
fn requests_that_come_together_are_answered_in_their_order() {
    let bodies: Vec<String> = (0..100).map(|n| format!("number {n}")).collect();
    let all: Vec<u8> = bodies.iter().flat_map(|body| post(body.as_bytes())).collect();
    let mut script = site();
    script.feed(&all);
    let sent = String::from_utf8(script.take_sent()).expect("text");
    let answers: Vec<&str> = sent.split("HTTP/1.1 200 OK").skip(1).collect();
    assert_eq!(answers.len(), 100);
    for (answer, body) in answers.iter().zip(&bodies) {
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{answer}");
    }
}

#[test]
fn what_is_behind_a_last_answer_is_not_answered() {
    let mut script = site();
    script.feed(&[get("/", ""), get("/close", ""), get("/", "")].concat());
    assert_eq!((codes(&script), script.over()), (vec![200, 200], Some(Ok(()))));
}

#[test]
fn a_body_is_never_read_as_a_request() {
    // C15: the service looks at no body.
    for length in [1, 30, 100, 70_000] {
        let poison: Vec<u8> = get("/poison", "").into_iter().cycle().take(length).collect();
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        let mut script = site();
        script.feed(head.as_bytes()).feed(&poison).feed(&get("/", ""));
        assert_eq!((codes(&script), script.over()), (vec![200, 200], None), "{length}");
        assert!(script.app().seen.iter().all(|seen| !seen.contains("poison")));
    }
}

#[test]
fn bodies_of_every_way_are_sent_whole() {
    for (target, length) in [("/large", LARGE.len()), ("/shared", 1000)] {
        let mut script = site();
        script.feed(&get(target, "")).feed(&get("/", ""));
        let said = said(&script);
        let start = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        assert!(said.starts_with(&start) && said.ends_with(HELLO), "{target}");
        assert_eq!(said.len(), start.len() + length + HELLO.len());
    }
}

#[test]
fn a_status_and_a_method_say_whether_there_is_a_body() {
    // C19: five statuses and four methods.
    for (status, has_body, has_length) in [
        (200, true, true),
        (204, false, false),
        (205, false, true),
        (304, false, false),
        (404, true, true),
    ] {
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            let mut script = site();
            let request = format!("{method} /status/{status} HTTP/1.1\r\nHost: a\r\n\r\n");
            script.feed(request.as_bytes()).feed(&get("/", ""));
            let length = match (has_length, has_body) {
                (true, true) => "\r\ncontent-length: 5\r\n\r\n",
                (true, false) => "\r\ncontent-length: 0\r\n\r\n",
                (false, _) => "\r\n\r\n",
            };
            let body = if has_body && method != "HEAD" { "hello" } else { "" };
            let said = said(&script);
            let (_, rest) = said.split_once("\r\n").expect("a status line");
            let expected = format!("content-type: text/plain{length}{body}{HELLO}");
            assert_eq!(rest, expected, "{method} {status}");
        }
    }
}

#[test]
fn headers_and_statuses_are_written_as_given() {
    let mut script = site();
    script.feed(&get("/value", "X-Value: a, \"b\"\r\n"));
    let expected = "HTTP/1.1 200 OK\r\nx-value: a, \"b\"\r\netag: 7\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(said(&script), expected);
    let mut script = site();
    script.feed(&get("/plain/599", ""));
    let expected =
        "HTTP/1.1 599 \r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(said(&script), expected);
}

#[test]
fn an_answer_has_the_date_of_the_loop() {
    let mut script = site();
    script.feed(&get("/", ""));
    let sent = String::from_utf8_lossy(script.sent()).into_owned();
    assert!(sent.contains("\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"), "{sent}");
}

const UPGRADE: &str =
    "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\
    upgrade: echo\r\nx-field: yes\r\n\r\n";

#[test]
fn an_upgrade_hands_over_what_is_unread() {
    // C20: what comes before our 101 is HTTP, what comes behind the request is not.
    let mut script = site();
    script.feed(&[&get("/", "")[..], UPGRADE.as_bytes(), b"GET / HTTP/1.1\r\n\r\n"].concat());
    assert_eq!(said(&script), format!("{HELLO}{SWITCHED}GET / HTTP/1.1\r\n\r\n"));
    assert_eq!(script.states(), ["Http", "Echo"]);
}

#[test]
fn nobody_is_upgraded_who_did_not_ask() {
    let refused = "HTTP/1.1 426 Upgrade Required\r\nupgrade: echo\r\n";
    for (request, connection) in [
        ("GET /upgrade HTTP/1.1\r\nHost: a\r\n\r\n", "upgrade"),
        ("GET /upgrade HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\n\r\n", "upgrade"),
        ("GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n", "upgrade"),
        ("GET /upgrade HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n", "close, upgrade"),
        (
            "GET /upgrade HTTP/1.0\r\nConnection: keep-alive, upgrade\r\nUpgrade: echo\r\n\r\n",
            "keep-alive, upgrade",
        ),
    ] {
        let mut script = site();
        script.feed(request.as_bytes());
        let expected = format!("{refused}connection: {connection}\r\ncontent-length: 0\r\n\r\n");
        assert_eq!((said(&script), script.states()), (expected, &["Http"][..]), "{request}");
    }
}

#[test]
fn an_upgrade_waits_for_its_body() {
    let mut script = site();
    let request = UPGRADE.replace("\r\n\r\n", "\r\nContent-Length: 4\r\n\r\n");
    script.feed(request.as_bytes()).feed(b"bo");
    assert_eq!((said(&script), script.states()), (String::new(), &["Http"][..]));
    script.feed(b"dytail");
    assert_eq!(said(&script), format!("{SWITCHED}tail"));
}

#[test]
fn a_switch_to_nothing_is_our_fault() {
    let mut script = site();
    script.feed(UPGRADE.replace("/upgrade", "/stay").as_bytes());
    assert_eq!(script.over(), Some(Err(Fault::Local(reason::NO_SUCCESSOR))));
}

/// C17: each in the order in which it comes, with what is answered to it.
#[test]
fn who_expects_a_100_gets_one_if_it_has_to_wait() {
    let head =
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n";
    let go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n\
        content-length: 4\r\n\r\nbody";
    let old = head.replace("/1.1", "/1.0");
    let closed = answer.replace("content-length", "connection: close\r\ncontent-length");
    let none = head.replace(": 4", ": 0");
    let empty = answer.replace(": 4", ": 0").replace("body", "");
    let steps: [(&str, &[(&str, &str)]); 6] = [
        ("head, 100, body", &[(head, go_on), ("body", answer)]),
        ("100 once", &[(head, go_on), ("bo", ""), ("dy", answer)]),
        ("body at once", &[(&format!("{head}body"), answer)]),
        ("the client did not wait", &[(&format!("{head}b"), ""), ("ody", answer)]),
        ("HTTP/1.0", &[(&old, ""), ("body", &closed)]),
        ("no body", &[(&none, &empty)]),
    ];
    for (name, steps) in steps {
        let mut script = site();
        let mut expected = String::new();
        for (input, output) in steps {
            script.feed(input.as_bytes());
            expected += output;
            assert_eq!(said(&script), expected, "{name}");
        }
    }
}

#[test]
fn a_final_status_without_a_100_ends_the_connection() {
    let mut script = site();
    script.feed(
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1048577\r\n\r\n",
    );
    assert_eq!(codes(&script), [413]);
    assert_eq!(script.over(), Some(Err(Fault::Peer(reason::BODY_TOO_LARGE))));
}

#[test]
fn a_half_close_ends_what_is_between_two_requests_and_cuts_the_rest() {
    let request = post(b"body");
    for end in 0..=request.len() {
        let mut script = site();
        script.feed(&get("/", "")).feed(&request[..end]).end();
        let body = request.len() - 4;
        let (codes_, over) = match end {
            0 => (vec![200], Ok(())),
            _ if end < body => (vec![200], Err(Fault::Peer(reason::HEAD_CUT))),
            _ if end < request.len() => (vec![200], Err(Fault::Peer(reason::BODY_CUT))),
            _ => (vec![200, 200], Ok(())),
        };
        assert_eq!((codes(&script), script.over()), (codes_, Some(over)), "at {end}");
    }
}

#[test]
fn an_end_that_comes_with_a_request_is_seen_after_its_answer() {
    // The peer takes nothing until it has ended its half.
    let mut script = site();
    script.block().feed(&get("/large", "")).feed(&get("/", "")).end();
    assert_eq!(script.over(), None);
    script.unblock();
    assert_eq!((codes(&script), script.over()), (vec![200, 200], Some(Ok(()))));
}

#[test]
fn a_peer_that_reads_nothing_is_answered_up_to_the_mark() {
    // C16: 256 KiB wait at most, and what is left of the last answer.
    let mut script = site();
    script.block();
    for _ in 0..20 {
        script.feed(&get("/large", ""));
    }
    assert_eq!((script.app().seen.len(), script.ends().1.room()), (1, 0));
    assert!(script.ends().1.len() < LARGE.len() + 1000);
    // Each time that there is room again one more is answered: a loop calls, this script must.
    for answered in 2..=20 {
        script.unblock();
        assert_eq!((codes(&script).len(), script.app().seen.len()), (answered, answered));
    }
}

#[test]
fn a_loop_that_drains_gets_answers_and_then_the_end() {
    // Idle: the end at once.
    let mut script = site();
    script.feed(&get("/", ""));
    script.effects().set_draining();
    script.feed(b"");
    script.unblock();
    assert_eq!((codes(&script), script.over()), (vec![200], Some(Ok(()))));
    // Two requests are there: only the last answer says that it is.
    let mut script = site();
    script.effects().set_draining();
    script.feed(&[get("/", ""), get("/", "")].concat());
    let bye = HELLO.replace("content-length", "connection: close\r\ncontent-length");
    assert_eq!((said(&script), script.over()), (format!("{HELLO}{bye}"), Some(Ok(()))));
    // One is on its way.
    let mut script = site();
    let request = get("/", "");
    script.feed(&request[..10]);
    script.effects().set_draining();
    script.feed(&request[10..]);
    assert_eq!((said(&script), script.over()), (bye, Some(Ok(()))));
}

#[test]
fn an_answer_may_be_counted_by_a_name() {
    let mut script = site();
    script.feed(&get("/counted", "")).feed(&get("/counted", ""));
    assert_eq!((codes(&script), script.over()), (vec![400, 400], None));
    assert_eq!(script.effects().tally().of("site: bad"), 2);
}
