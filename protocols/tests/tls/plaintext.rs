//! HTTP without TLS where TLS is spoken.

use readily_protocols::contract::Fault;
use readily_protocols::tls::{
    Acceptor, BROKEN, Fed, NOT_TLS, PLAIN_HTTP, Plaintext, Server, Settings,
};

use crate::authority::{Authority, P256, client, meet, server, settings, shelf};
use crate::pair::{BOTH, End};

fn talkative() -> Server {
    let certificates = shelf(&[&Authority::shared().server(&["a.example"], P256)]);
    server(Settings { plaintext: Plaintext::Http400, ..settings(&certificates) })
}

const REST: &str = "/ HTTP/1.1\r\nHost: a.example\r\n\r\n";

/// What comes first, and what it is taken for.
const FIRST: [(&str, Option<&str>); 24] = [
    ("GET ", Some(PLAIN_HTTP)),
    ("HEAD ", Some(PLAIN_HTTP)),
    ("POST ", Some(PLAIN_HTTP)),
    ("PUT ", Some(PLAIN_HTTP)),
    ("DELETE ", Some(PLAIN_HTTP)),
    ("OPTIONS ", Some(PLAIN_HTTP)),
    ("PATCH ", Some(PLAIN_HTTP)),
    ("CONNECT ", Some(PLAIN_HTTP)),
    ("TRACE ", Some(PLAIN_HTTP)),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Some(PLAIN_HTTP)),
    ("get ", Some(NOT_TLS)),
    ("GETS ", Some(NOT_TLS)),
    ("G\0", Some(NOT_TLS)),
    ("OPTIONAL", Some(NOT_TLS)),
    ("PROPFIND ", Some(NOT_TLS)),
    (" GET ", Some(NOT_TLS)),
    ("\r\nGET ", Some(NOT_TLS)),
    ("SSH-2.0-OpenSSH_9.6\r\n", Some(NOT_TLS)),
    ("EHLO a.example\r\n", Some(NOT_TLS)),
    ("*1\r\n$4\r\nPING\r\n", Some(NOT_TLS)),
    ("PROXY TCP4 ", Some(NOT_TLS)),
    ("\u{16}\u{3}GET ", None),
    ("\u{16}GET ", Some(NOT_TLS)),
    ("\0\0\0\0\0", Some(NOT_TLS)),
];

#[test]
fn what_is_http_is_answered_as_such_and_nothing_else_is() {
    let server = talkative();
    for (first, is) in FIRST {
        let bytes = format!("{first}{REST}");
        for piece in [1, 2, 3, 5, 8, bytes.len()] {
            let mut end = End::new(server.accept().expect("a session"));
            let pieces = bytes.as_bytes().chunks(piece);
            let came_to = pieces.map(|part| end.receive(part)).find(Result::is_err);
            let why = is.map(|why| Err(Fault::Peer(why)));
            if why.is_some() {
                assert_eq!(came_to, why, "{first:?} by {piece}");
            }
            let said = end.take();
            let is_http = is == Some(PLAIN_HTTP);
            assert_eq!(said.starts_with(b"HTTP/1.1 400 Bad Request\r\n"), is_http, "{first:?}");
            if is_http {
                let said = String::from_utf8(said).expect("text");
                let (head, body) = said.split_once("\r\n\r\n").expect("an end of the head");
                let expected = if first == "HEAD " { 0 } else { body.len() };
                assert_eq!(body.len(), expected);
                assert!(head.contains("Connection: close"), "{head}");
                assert!(first == "HEAD " || head.contains(&format!("Length: {}", body.len())));
            } else if is == Some(NOT_TLS) {
                assert_eq!((said[0], said.len()), (21, 7), "an alert for {first:?}");
            }
            // Nothing is said to whatever follows.
            if is.is_some() {
                assert!(end.receive(REST.as_bytes()).is_err());
                end.close();
                assert!(end.take().is_empty(), "{first:?}");
            }
        }
    }
}

#[test]
fn too_few_bytes_are_waited_for() {
    let server = talkative();
    for method in ["GET", "OPTIONS", "PRI", "P", "C"] {
        let mut end = End::new(server.accept().expect("a session"));
        for byte in method.bytes() {
            assert_eq!(end.receive(&[byte]), Ok(Fed::Wait), "{method}");
            assert!(end.cipher.is_empty() && end.out.is_empty());
        }
        assert!(end.session.is_handshaking());
    }
}

#[test]
fn every_first_byte_is_waited_for_or_refused_at_once() {
    let server = talkative();
    for first in 0..=u8::MAX {
        let came_to = End::new(server.accept().expect("a session")).receive(&[first]);
        let known = (20..=24).contains(&first) || b"GHPDOCT".contains(&first);
        let refused = Err(Fault::Peer(NOT_TLS));
        assert_eq!(came_to, if known { Ok(Fed::Wait) } else { refused }, "{first}");
    }
}

#[test]
fn tls_is_spoken_as_ever() {
    let server = talkative();
    for version in BOTH {
        let met = meet(&server, &client(version, None), "a.example");
        assert_eq!((met.client_says, met.server_says), (Ok(()), Ok(())));
    }
    let mut end = End::new(server.accept().expect("a session"));
    assert_eq!(end.receive(b"\x17\x03\x03\x00\x01a"), Err(Fault::Peer(BROKEN)));
}
