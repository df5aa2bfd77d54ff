//! Peers that send much that brings nothing forward.

use readily_protocols::contract::Fault;
use readily_protocols::tls::{BAD_RECORD, FLOOD, Fed};
use rustls::ContentType;
use rustls::version::{TLS12, TLS13};

use crate::forge::{Forger, Raw};
use crate::pair::{BOTH, End, client_config, server_config};

/// A key update that wants another one back (RFC 8446, section 4.6.3).
const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 1];
/// A warning that the user has cancelled, which TLS 1.3 still knows.
const WARNING: [u8; 2] = [1, 90];

const RECORD_HEADER: usize = 5;

/// How many of a record a server takes before it has enough.
fn taken(
    forger: &mut Forger,
    server: &mut End,
    typ: ContentType,
    payload: &[u8],
) -> (usize, Fault) {
    for taken in 0..1000 {
        match server.receive(&forger.record(typ, payload)) {
            Ok(Fed::Wait) => {}
            Err(fault) => return (taken, fault),
            Ok(other) => panic!("{other:?}"),
        }
    }
    panic!("there is no end to it");
}

#[test]
fn a_few_of_each_are_taken() {
    use ContentType::{Alert, ApplicationData, Handshake};
    // A hello asks for a renegotiation when it comes later.
    let hello = Raw::new(client_config(&[&TLS12])).take();
    let renegotiation = &hello[RECORD_HEADER..];
    let cases = [
        ("empty records", &TLS12, ApplicationData, &[][..], 32),
        ("empty records", &TLS13, ApplicationData, &[], 32),
        ("warnings", &TLS12, Alert, &WARNING, 4),
        ("warnings", &TLS13, Alert, &WARNING, 4),
        ("renegotiations", &TLS12, Handshake, renegotiation, 1),
    ];
    for (what, version, typ, payload, most) in cases {
        let (mut forger, mut server) = Forger::meet(version);
        let came_to = taken(&mut forger, &mut server, typ, payload);
        assert_eq!(came_to, (most, Fault::Peer(FLOOD)), "{what} in {version:?}");
        assert!(server.take().len() <= 64, "at most one answer to {what}");
    }
}

#[test]
fn key_updates_are_limited_and_one_key_is_not_two() {
    let mut server = End::server(server_config(&[&TLS13]));
    let mut client = Raw::shaken(client_config(&[&TLS13]), &mut server);
    let mut updates = 0;
    let fault = loop {
        client.0.refresh_traffic_keys().expect("it may");
        match server.receive(&client.take()) {
            Ok(Fed::Wait) => updates += 1,
            other => break other,
        }
    };
    assert_eq!((updates, fault), (32, Err(Fault::Peer(FLOOD))));
    // The second of these is under the old key, which is no longer good.
    let (mut forger, mut server) = Forger::meet(&TLS13);
    let update = forger.record(ContentType::Handshake, &KEY_UPDATE);
    assert_eq!(server.receive(&update), Ok(Fed::Wait));
    let update = forger.record(ContentType::Handshake, &KEY_UPDATE);
    assert_eq!(server.receive(&update), Err(Fault::Peer(BAD_RECORD)));
}

/// With data in between there is no end to key updates; they cost nothing that grows.
#[test]
fn key_updates_among_data_are_answered_once_for_all() {
    const UPDATES: usize = 10_000;
    let mut server = End::server(server_config(&[&TLS13]));
    let mut client = Raw::shaken(client_config(&[&TLS13]), &mut server);
    let held = (server.cipher.charge(), server.plain.charge());
    for _ in 0..UPDATES {
        client.0.refresh_traffic_keys().expect("it may");
        std::io::Write::write_all(&mut client.0.writer(), b"x").expect("it may");
        assert_eq!(server.receive(&client.take()), Ok(Fed::Wait));
        assert_eq!((server.out.len(), server.out.charge()), (0, 0));
    }
    assert_eq!(server.got.len(), UPDATES);
    assert_eq!((server.cipher.charge(), server.plain.charge()), held);
    server.say(b"y");
    let said = server.take();
    assert!(said.len() < 64, "one update and one byte, in {} bytes", said.len());
    assert_eq!(client.receive(&said), Ok(()));
}

/// What a client may still send in the clear while it waits for an answer.
#[test]
fn changes_of_cipher_are_limited() {
    for version in BOTH {
        let mut server = End::server(server_config(&[version]));
        let mut client = Raw::new(client_config(&[version]));
        assert_eq!(server.receive(&client.take()), Ok(Fed::Wait));
        let change = [20, 3, 3, 0, 1, 1];
        let taken = (0..10).take_while(|_| server.receive(&change).is_ok()).count();
        assert!(taken <= 2, "{taken} in {version:?}");
    }
}
