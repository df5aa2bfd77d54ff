//! The server's side without a loop: answers, what does not fit, and that the client's side reads
//! what this one writes.

use std::time::SystemTime;

use readily_protocols::http1::wire::{
    ClientEvent, ClientSide, Event, How, Length, Misuse, ServerSide, date,
};
use readily_protocols::http1::{Limits, Name, Refusal, RequestLine, Starts, Status, Value, reason};

use crate::support::{chunked, get, post};

const DATE: &str = "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";

/// A connection, what was not used of its input, and what it has written.
struct Talk {
    http: ServerSide,
    input: Vec<u8>,
    out: Vec<u8>,
}

impl Talk {
    fn new() -> Self {
        Talk { http: ServerSide::new(), input: Vec::new(), out: Vec::new() }
    }

    /// Receives until nothing can be done; says what happened, in words.
    fn hear(&mut self, bytes: &[u8]) -> Vec<String> {
        let (mut starts, mut heard) = (Starts::new(), Vec::new());
        self.input.extend_from_slice(bytes);
        loop {
            let received = match self.http.receive(&self.input, &Limits::DEFAULT, &mut starts) {
                Ok(received) => received,
                Err(refusal) => {
                    heard.push(format!("{refusal:?}"));
                    return heard;
                }
            };
            let (word, goes_on) = match received.event {
                Event::Request(head) => (format!("{} {}", head.method(), head.target()), true),
                Event::Data(data) => (format!("{} bytes", data.len()), true),
                Event::End(trailers) => (format!("end, {}", trailers.fields().count()), true),
                Event::Wanting => ("wanting".to_owned(), false),
                Event::Paused => ("paused".to_owned(), false),
                Event::Closed => ("closed".to_owned(), false),
                Event::Switched => ("switched".to_owned(), false),
            };
            heard.push(word);
            self.input.drain(..received.used);
            if !goes_on {
                return heard;
            }
        }
    }

    fn respond(&mut self, status: Status, length: Length) -> Result<(), Misuse> {
        self.http.respond(status, &[], length, &date(SystemTime::UNIX_EPOCH), &mut self.out)
    }

    fn send(&mut self, data: &[u8]) -> Result<(), Misuse> {
        self.http.send(data, &mut self.out)
    }

    fn finish(&mut self) -> Result<(), Misuse> {
        self.http.finish(&[], &mut self.out)
    }

    fn switch(&mut self) -> Result<(), Misuse> {
        self.http.switch(Value::from_static("echo"), &[], &mut self.out)
    }

    /// What was written since this was asked last, without its date.
    fn said(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.out)).expect("text").replace(DATE, "")
    }
}

#[test]
fn one_request_is_open_at_a_time() {
    let mut talk = Talk::new();
    let both = [get("/1", ""), get("/2", "")].concat();
    assert_eq!(talk.hear(&both), ["GET /1", "end, 0", "paused"]);
    assert_eq!(talk.hear(b""), ["paused"]);
    assert_eq!(talk.respond(Status::OK, Length::Known(2)), Ok(()));
    assert_eq!(talk.send(b"a"), Ok(()));
    assert_eq!(talk.hear(b""), ["paused"], "until all of the answer is there");
    assert_eq!((talk.send(b"b"), talk.finish()), (Ok(()), Ok(())));
    assert_eq!(talk.said(), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab");
    assert_eq!(talk.hear(b""), ["GET /2", "end, 0", "paused"]);
    assert!(talk.http.keeps());
}

#[test]
fn what_does_not_fit_writes_nothing() {
    use Misuse::{NotAsked, NotBegun, NotOffered, WrongLength};
    let mut talk = Talk::new();
    assert_eq!(talk.respond(Status::OK, Length::Known(0)), Err(NotAsked), "before a request");
    assert_eq!((talk.send(b"a"), talk.finish()), (Err(NotBegun), Err(NotBegun)));
    assert_eq!(talk.switch(), Err(NotAsked));
    talk.hear(&get("/", ""));
    assert_eq!((talk.send(b"a"), talk.finish()), (Err(NotBegun), Err(NotBegun)));
    assert_eq!((talk.switch(), talk.said()), (Err(NotOffered), String::new()));
    assert_eq!(talk.respond(Status::OK, Length::Known(2)), Ok(()));
    assert_eq!(talk.respond(Status::OK, Length::Known(2)), Err(NotAsked), "twice");
    talk.said();
    assert_eq!((talk.send(b"abc"), talk.finish()), (Err(WrongLength), Err(WrongLength)));
    assert_eq!((talk.send(b"ab"), talk.send(b"c")), (Ok(()), Err(WrongLength)));
    assert_eq!((talk.finish(), talk.said()), (Ok(()), "ab".to_owned()));
    assert_eq!((talk.send(b"a"), talk.finish()), (Err(NotBegun), Err(NotBegun)), "afterwards");
}

#[test]
fn an_answer_before_the_end_of_a_body_is_the_last() {
    for input in [post(b"body"), chunked("/", b"4\r\nbody\r\n0\r\n\r\n")] {
        let mut talk = Talk::new();
        talk.hear(&input[..input.len() - 1]);
        assert_eq!((talk.respond(Status::OK, Length::Known(0)), talk.finish()), (Ok(()), Ok(())));
        assert_eq!(
            talk.said(),
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        talk.hear(&input[input.len() - 1..]);
        assert_eq!(talk.hear(&get("/poison", "")), ["closed"]);
        assert!(!talk.http.keeps());
    }
}

#[test]
fn a_100_is_sent_once_and_never_behind_a_final_answer() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    let mut talk = Talk::new();
    talk.hear(head.as_bytes());
    assert!(talk.http.awaits_continue());
    talk.http.send_continue(&mut talk.out);
    talk.http.send_continue(&mut talk.out);
    assert_eq!(talk.said(), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(talk.hear(b"body"), ["4 bytes", "end, 0", "paused"]);
    for before in ["b", "body"] {
        let mut talk = Talk::new();
        talk.hear(format!("{head}{before}").as_bytes());
        assert!(!talk.http.awaits_continue(), "it did not wait");
    }
    let mut talk = Talk::new();
    talk.hear(head.as_bytes());
    assert_eq!(talk.respond(Status::OK, Length::Known(0)), Ok(()));
    talk.said();
    talk.http.send_continue(&mut talk.out);
    assert_eq!(talk.said(), "");
    assert!(!talk.http.keeps());
}

#[test]
fn a_switch_hands_over_what_is_behind_it() {
    let mut talk = Talk::new();
    let request = get("/", "Connection: upgrade\r\nUpgrade: echo\r\n");
    talk.hear(&[&request[..], b"tail"].concat());
    assert_eq!(talk.switch(), Ok(()));
    let expected =
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    assert_eq!(talk.said(), expected);
    assert_eq!((talk.hear(b""), &talk.input[..]), (vec!["switched".to_owned()], &b"tail"[..]));
}

#[test]
fn a_refusal_is_answered_unless_an_answer_has_begun() {
    let mut talk = Talk::new();
    assert_eq!(talk.hear(b"GET / HTTP/1.1\r\n\r\n"), ["BadHost"]);
    let now = date(SystemTime::UNIX_EPOCH);
    talk.http.refuse(Refusal::BadHost, &now, &mut talk.out);
    assert!(talk.said().starts_with("HTTP/1.1 400 Bad Request\r\n"));
    assert_eq!(talk.hear(&get("/poison", "")), ["closed"]);
    let mut talk = Talk::new();
    talk.hear(&chunked("/", b"1\r\n"));
    assert_eq!(talk.respond(Status::OK, Length::Unknown), Ok(()));
    talk.said();
    assert_eq!(talk.hear(b"xyz"), ["1 bytes", "BadChunk"]);
    talk.http.refuse(Refusal::BadChunk, &now, &mut talk.out);
    assert_eq!((talk.said(), talk.hear(b"")), (String::new(), vec!["closed".to_owned()]));
}

#[test]
fn the_end_is_in_order_between_two_requests_alone() {
    let request = post(b"body");
    for end in 0..=request.len() {
        let mut talk = Talk::new();
        talk.hear(&request[..end]);
        let expected = match end {
            0 => Ok(()),
            _ if end < request.len() - 4 => Err(reason::HEAD_CUT),
            _ if end < request.len() => Err(reason::BODY_CUT),
            _ => Ok(()),
        };
        let unread = talk.input.len();
        assert_eq!(talk.http.end(unread), expected, "at {end}");
    }
}

/// What the client's side makes of an answer: its body, and whether the connection goes on.
fn read(method: &str, answer: &[u8]) -> (Vec<u8>, bool) {
    let (mut http, mut out, mut starts) = (ClientSide::new(), Vec::new(), Starts::new());
    let line = RequestLine::new(method, "/", "a").expect("a good request");
    http.request(&line, &[], Length::Known(0), How::PLAIN, &mut out).expect("a new connection");
    http.finish(&[], &mut out).expect("no body");
    let (mut body, mut at, mut has_ended) = (Vec::new(), 0, false);
    loop {
        let received = http.receive(&answer[at..], &Limits::DEFAULT, &mut starts);
        let received = received.expect("a good answer");
        at += received.used;
        match received.event {
            ClientEvent::Data(data) => body.extend_from_slice(data),
            ClientEvent::End(_) => {
                assert_eq!(at, answer.len(), "no byte is left");
                return (body, http.keeps());
            }
            ClientEvent::Wanting => {
                assert!(!has_ended, "the end completes it");
                http.end(0).expect("a body that ends with the stream");
                has_ended = true;
            }
            _ => {}
        }
    }
}

#[test]
fn status_method_and_framing_say_what_the_body_is() {
    // C19: 5 statuses, 4 methods, 4 framings, written here and read by the client's side.
    let mut cases = 0;
    for (status, has_body) in [(200, true), (204, false), (205, false), (304, false), (404, true)] {
        for method in ["GET", "HEAD", "DELETE", "OPTIONS"] {
            for (length, version) in [
                (Length::Known(0), "1.1"),
                (Length::Known(5), "1.1"),
                (Length::Unknown, "1.1"),
                (Length::Unknown, "1.0"),
            ] {
                let mut talk = Talk::new();
                let keep = "Connection: keep-alive\r\n";
                let request = format!("{method} / HTTP/{version}\r\nHost: a\r\n{keep}\r\n");
                talk.hear(request.as_bytes());
                let status_ = Status::new(status).expect("a final one");
                assert_eq!(talk.respond(status_, length), Ok(()));
                let data: &[u8] = if length == Length::Known(0) { b"" } else { b"hello" };
                assert_eq!((talk.send(data), talk.finish()), (Ok(()), Ok(())));
                let what = format!("{method} {status} {length:?} {version}");
                let (body, keeps) = read(method, &talk.out);
                let is_sent = has_body && method != "HEAD";
                assert_eq!(body, if is_sent { data } else { b"" }, "{what}");
                assert!(!keeps || talk.http.keeps(), "{what}: one would wait for the other");
                let to_the_end = version == "1.0" && has_body;
                assert_eq!(talk.http.keeps(), !to_the_end, "{what}");
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 80);
}

#[test]
fn trailers_are_written_where_there_is_room_for_them() {
    const SUM: Name = Name::new("x-sum");
    for (length, version, expected) in [
        (Length::Unknown, "1.1", "1\r\na\r\n0\r\nx-sum: 1\r\n\r\n"),
        (Length::Unknown, "1.0", "a"),
        (Length::Known(1), "1.1", "a"),
    ] {
        let mut talk = Talk::new();
        talk.hear(format!("GET / HTTP/{version}\r\nHost: a\r\n\r\n").as_bytes());
        assert_eq!((talk.respond(Status::OK, length), talk.send(b"a")), (Ok(()), Ok(())));
        let finished = talk.http.finish(&[(SUM, Value::from_static("1"))], &mut talk.out);
        assert_eq!(finished, Ok(()));
        let said = talk.said();
        assert_eq!(said.split_once("\r\n\r\n").map(|(_, body)| body), Some(expected), "{said}");
    }
}
