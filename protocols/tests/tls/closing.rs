//! Ends that are said, and ends that are not.

use readily_protocols::contract::Fault;
use readily_protocols::tls::{ALERT, FLOOD, Fed};
use rustls::version::{TLS12, TLS13};

use crate::pair::{BOTH, End, client_config, pair_of, server_config};

/// A `close_notify` that is not encrypted.
const CLOSE_NOTIFY: [u8; 7] = [21, 3, 3, 0, 2, 1, 0];

#[test]
fn a_side_that_has_closed_says_so_once_and_can_still_hear() {
    for version in BOTH {
        let (mut client, mut server) = pair_of(version);
        client.say(b"last");
        client.close();
        let said = client.out.len();
        client.close();
        client.say(b"too late");
        assert_eq!(client.out.len(), said);
        assert_eq!(server.receive(&client.take()), Ok(Fed::Closed));
        assert_eq!(server.got, b"last");
        server.say(b"heard");
        server.close();
        assert_eq!(client.receive(&server.take()), Ok(Fed::Closed));
        assert_eq!(client.got, b"heard");
    }
}

#[test]
fn what_follows_the_end_is_ignored() {
    for version in BOTH {
        let (mut client, mut server) = pair_of(version);
        client.close();
        let mut bytes = client.take();
        bytes.extend(b"\x17\x03\x03\x00\x05after");
        bytes.extend([0; 40_000]);
        assert_eq!(server.receive(&bytes), Ok(Fed::Closed));
        for _ in 0..3 {
            assert_eq!(server.receive(b"more"), Ok(Fed::Closed));
            assert!(server.cipher.is_empty() && server.got.is_empty() && server.out.is_empty());
        }
    }
}

#[test]
fn a_stream_that_is_cut_is_not_closed() {
    for version in BOTH {
        let whole = |at: usize| {
            let (mut client, mut server) = pair_of(version);
            client.say(b"amount: 1000");
            client.close();
            let bytes = client.take();
            let at = at.min(bytes.len());
            (server.receive(&bytes[..at]), bytes.len())
        };
        let (closed, len) = whole(usize::MAX);
        assert_eq!(closed, Ok(Fed::Closed));
        for at in 0..len {
            assert_eq!(whole(at).0, Ok(Fed::Wait), "{version:?} cut at {at} of {len}");
        }
    }
}

#[test]
fn an_end_before_the_handshake_is_none_and_many_are_a_flood() {
    const WARNINGS_MAX: usize = 4;
    for version in BOTH {
        let mut server = End::server(server_config(&[version]));
        for _ in 0..WARNINGS_MAX {
            assert_eq!(server.receive(&CLOSE_NOTIFY), Ok(Fed::Wait));
        }
        assert_eq!(server.receive(&CLOSE_NOTIFY), Err(Fault::Peer(FLOOD)));
        assert_eq!(server.receive(&CLOSE_NOTIFY), Err(Fault::Peer(FLOOD)));
        assert!(server.out.is_empty() && server.session.is_handshaking());
    }
}

#[test]
fn an_end_in_the_midst_of_the_handshake_does_not_close_it() {
    for (version, came_to) in [(&TLS12, Ok(Fed::Wait)), (&TLS13, Err(Fault::Peer(ALERT)))] {
        let mut client = End::client(client_config(&[version]));
        let mut server = End::server(server_config(&[version]));
        assert_eq!(server.receive(&client.take()), Ok(Fed::Wait));
        assert_eq!(server.receive(&CLOSE_NOTIFY), came_to, "{version:?}");
        assert!(server.session.is_handshaking());
    }
}

#[test]
fn a_server_may_end_a_handshake() {
    for version in BOTH {
        let mut server = End::server(server_config(&[version]));
        server.close();
        server.close();
        assert_eq!(server.take(), CLOSE_NOTIFY);
    }
}
