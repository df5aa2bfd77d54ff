//! C17: who waits for `100 Continue` gets it once, if its body is wanted, and never behind a final
//! answer.

use readily_protocols::contract::Fault;
use readily_protocols::http1::reason::{BAD_EXPECTATION, BODY_TOO_LARGE};

use crate::support::{codes, get, said, site};

/// One thing that happens, and the statuses that are sent for it.
enum Step {
    /// These bytes come.
    Comes(&'static str),
    /// The service hears of something, and answers.
    Mail,
}

use Step::{Comes, Mail};

fn head(target: &str) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    )
}

#[test]
fn eight_orders_of_the_body_the_100_and_the_final_answer() {
    // The target; what happens behind the head, with what is sent; whether the connection goes on.
    type Row<'a> = (&'a str, &'a str, &'a [u16], &'a [(Step, &'a [u16])], bool);
    let rows: [Row<'_>; 8] = [
        ("100, body, final", "/echo", &[100], &[(Comes("body"), &[200])], true),
        (
            "100, body in two, final",
            "/take",
            &[100],
            &[(Comes("bo"), &[]), (Comes("dy"), &[200])],
            true,
        ),
        (
            "100, final, body",
            "/some/1",
            &[100],
            &[(Comes("b"), &[200]), (Comes("ody"), &[])],
            false,
        ),
        ("final, body", "/ignore", &[200], &[(Comes("body"), &[])], false),
        ("late final, body", "/later", &[], &[(Mail, &[200]), (Comes("body"), &[])], false),
        ("body, late final", "/later", &[], &[(Comes("body"), &[]), (Mail, &[200])], false),
        ("half a body, late final", "/later", &[], &[(Comes("b"), &[]), (Mail, &[200])], false),
        ("final begins, 100, body", "/both", &[200], &[(Comes("body"), &[])], false),
    ];
    for (name, target, at_once, steps, goes_on) in rows {
        let mut script = site();
        script.feed(head(target).as_bytes());
        assert_eq!(codes(&script), at_once, "{name}");
        let mut sent = at_once.to_vec();
        for (nth, (step, more)) in steps.iter().enumerate() {
            match step {
                Comes(bytes) => script.feed(bytes.as_bytes()),
                Mail => script.mail(7),
            };
            sent.extend_from_slice(more);
            assert_eq!(codes(&script), sent, "{name}, step {nth}");
        }
        assert_eq!(script.over().is_none(), goes_on, "{name}");
        // Whatever was left of the body is never a request.
        script.feed(&get("/poison", ""));
        let poisoned = script.app().seen.iter().any(|line| line.contains("poison"));
        assert_eq!(poisoned, goes_on, "{name}");
    }
}

#[test]
fn who_does_not_wait_is_not_told() {
    for target in ["/echo", "/take"] {
        for behind in ["b", "bod"] {
            let mut script = site();
            script.feed(format!("{}{behind}", head(target)).as_bytes());
            assert_eq!(codes(&script), [0; 0], "{target}");
            script.feed(&b"body"[behind.len()..]);
            assert_eq!((codes(&script), script.over()), (vec![200], None), "{target}");
        }
    }
}

#[test]
fn what_is_refused_is_not_asked_for() {
    for (target, length, code, reason) in [
        ("/echo", "1048577", 413, BODY_TOO_LARGE),
        ("/whole-up-to/3", "4", 413, BODY_TOO_LARGE),
        ("/take-up-to/3", "4", 413, BODY_TOO_LARGE),
    ] {
        let mut script = site();
        script.feed(head(target).replace(": 4", &format!(": {length}")).as_bytes());
        let expected = (vec![code], Some(Err(Fault::Peer(reason))));
        assert_eq!((codes(&script), script.over()), expected, "{target}");
    }
    let mut script = site();
    script.feed(head("/echo").replace("100-continue", "101-continue").as_bytes());
    let expected = (vec![417], Some(Err(Fault::Peer(BAD_EXPECTATION))));
    assert_eq!((codes(&script), script.over()), expected);
}

#[test]
fn it_holds_for_chunks_too_and_each_request_anew() {
    let head = head("/take").replace("Content-Length: 4", "Transfer-Encoding: chunked");
    let mut script = site();
    for round in 1..=3 {
        script.feed(head.as_bytes());
        assert_eq!(codes(&script).len(), 2 * round - 1, "a 100 for request {round}");
        script.feed(b"4\r\nbody\r\n").feed(b"0\r\n\r\n");
        assert_eq!(codes(&script).len(), 2 * round);
    }
    assert!(said(&script).starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
}
