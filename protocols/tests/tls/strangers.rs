//! Whoever comes to the port and does not speak TLS.

use readily_protocols::contract::Fault;
use readily_protocols::tls::{ALERT, BAD_RECORD, BROKEN, Fed, NOT_TLS};
use rustls::version::TLS13;

use crate::pair::{BOTH, End, client_config, pair_of, server_config};

/// What some protocols begin with.
const STRANGERS: [(&str, &[u8]); 24] = [
    ("HTTP/1.1", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a method without end", &[b'A'; 5000]),
    ("HTTP/2 in the clear", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
    ("SMTP", b"EHLO example.org\r\n"),
    ("a blank line", b"\r\n"),
    ("SOCKS 4", b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00"),
    ("SOCKS 5", b"\x05\x01\x00"),
    ("Redis", b"*1\r\n$4\r\nPING\r\n"),
    ("PostgreSQL asking for TLS", b"\x00\x00\x00\x08\x04\xd2\x16\x2f"),
    ("PROXY, version 1", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"),
    ("PROXY, version 2", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c"),
    ("MQTT", b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"),
    ("remote desktop", b"\x03\x00\x00\x13\x0e\xe0"),
    ("DNS over TCP", b"\x00\x1d\xaa\xaa\x01\x00\x00\x01"),
    ("AMQP", b"AMQP\x00\x00\x09\x01"),
    ("LDAP", b"\x30\x0c\x02\x01\x01\x60\x07"),
    ("telnet", b"\xff\xfb\x1f\xff\xfb\x20"),
    ("QUIC", b"\xc3\x00\x00\x00\x01\x08"),
    ("SSL 2", b"\x80\x2e\x01\x03\x01\x00\x15"),
    ("zeros", &[0; 100]),
    ("a record of no version", b"\x16GET"),
    ("a record that is too long", b"\x16\x03\x01\xff\xff"),
    ("a record of nothing", b"\x16\x03\x01\x00\x00"),
];

/// Records of TLS that do not begin a connection.
const OUT_OF_PLACE: [(&str, &[u8], &str); 5] = [
    ("application data", b"\x17\x03\x03\x00\x01a", BROKEN),
    ("a ServerHello", b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", BROKEN),
    ("a hello of garbage", b"\x16\x03\x01\x00\x08\x01\x00\x00\x04\xff\xff\xff\xff", BROKEN),
    ("a heartbeat", b"\x18\x03\x02\x00\x03\x01\x40\x00", NOT_TLS),
    ("a fatal alert", b"\x15\x03\x01\x00\x02\x02\x28", ALERT),
];

/// What a session says to `bytes`, in pieces of `piece`, and how much it answers.
fn meets(mut end: End, bytes: &[u8], piece: usize) -> (Result<(), Fault>, usize) {
    let came_to = bytes.chunks(piece).try_for_each(|part| match end.receive(part)? {
        Fed::Wait => Ok(()),
        other => panic!("{other:?}"),
    });
    // Asked again, it neither goes on nor says more.
    let answer = end.take().len();
    if came_to.is_err() {
        assert_eq!(end.receive(bytes).map(drop), came_to);
        assert!(end.out.is_empty() && end.got.is_empty());
    }
    (came_to, answer)
}

#[test]
fn they_are_told_from_peers_that_fail_and_get_an_alert() {
    const ALERT_LEN: usize = 7;
    for (who, bytes) in STRANGERS {
        for piece in [1, 2, 3, 7, bytes.len()] {
            let refused = (Err(Fault::Peer(NOT_TLS)), ALERT_LEN);
            let server = End::server(server_config(&BOTH));
            assert_eq!(meets(server, bytes, piece), refused, "{who} by {piece}");
            let mut client = End::client(client_config(&BOTH));
            client.take();
            assert_eq!(meets(client, bytes, piece), refused, "{who} as a server, by {piece}");
        }
    }
}

#[test]
fn records_out_of_place_end_it() {
    for (what, bytes, why) in OUT_OF_PLACE {
        for piece in [1, bytes.len()] {
            let server = End::server(server_config(&BOTH));
            assert_eq!(meets(server, bytes, piece).0, Err(Fault::Peer(why)), "{what} by {piece}");
        }
    }
}

#[test]
fn every_first_byte_is_waited_for_or_refused_at_once() {
    for first in 0..=u8::MAX {
        let came_to = End::server(server_config(&[&TLS13])).receive(&[first]);
        let known = (20..=24).contains(&first);
        let refused = Err(Fault::Peer(NOT_TLS));
        assert_eq!(came_to, if known { Ok(Fed::Wait) } else { refused }, "{first}");
    }
}

#[test]
fn after_the_handshake_they_are_bad_records() {
    for version in BOTH {
        for (who, bytes) in STRANGERS {
            let (_, mut server) = pair_of(version);
            assert_eq!(server.receive(bytes), Err(Fault::Peer(BAD_RECORD)), "{who}");
            assert!(!server.out.is_empty(), "an alert");
        }
    }
}
