//! A `ClientHello` in pieces, and one that is too large.

use std::sync::Arc;

use readily_protocols::contract::Fault;
use readily_protocols::tls::{Acceptor, Fed, HELLO_MAX, HELLO_TOO_LARGE, Limits, Server};
use rustls::ClientConfig;
use rustls::crypto::ring::{self, kx_group};
use rustls::version::TLS13;

use crate::pair::{BOTH, End, client_config, client_with, server_config, server_with, talk};

const HEADER: usize = 5;

/// What says no to a hello before there are keys.
const DECODE_ERROR: [u8; 7] = [21, 3, 3, 0, 2, 2, 50];

/// Has it offer protocols until its hello is of `wanted` bytes.
fn enlarge(config: &mut ClientConfig, wanted: usize) -> End {
    config.alpn_protocols = vec![b"a".to_vec()];
    let least = End::client(config.clone()).out.len();
    let names = wanted - least + 2;
    let count = names.div_ceil(256);
    let length = |at: usize| names * (at + 1) / count - names * at / count;
    config.alpn_protocols = (0..count).map(|at| vec![b'a'; length(at) - 1]).collect();
    let client = End::client(config.clone());
    assert_eq!(client.out.len(), wanted);
    client
}

fn server(limits: Limits) -> End {
    let server = Server::new(Arc::new(server_config(&BOTH))).limits(limits);
    End::new(server.accept().expect("a session"))
}

/// The same handshake messages in records that carry `most` bytes each.
fn rewrap(records: &[u8], most: usize) -> Vec<u8> {
    let (header, payload) = records.split_at(HEADER);
    let mut rewrapped = Vec::new();
    for part in payload.chunks(most) {
        rewrapped.extend_from_slice(&header[..3]);
        rewrapped.extend_from_slice(&(part.len() as u16).to_be_bytes());
        rewrapped.extend_from_slice(part);
    }
    rewrapped
}

#[test]
fn a_hello_may_come_in_many_records() {
    for version in BOTH {
        for most in [1, 2, 3, 4, 5, 50, 200] {
            let mut client = End::client(client_config(&[version]));
            let mut server = server(Limits::default());
            let hello = rewrap(&client.take(), most);
            assert_eq!(server.receive(&hello), Ok(Fed::Wait), "{most} a record");
            assert_eq!(talk(&mut client, &mut server), (Ok(Fed::Wait), Ok(Fed::Wait)));
            assert!(!server.session.is_handshaking());
        }
    }
}

#[test]
fn the_limit_is_sixteen_kibibytes() {
    assert_eq!((Limits::default().hello, HELLO_MAX), (HELLO_MAX, 16 * 1024));
}

#[test]
fn a_hello_of_the_limit_is_taken_and_one_byte_more_is_not() {
    for version in BOTH {
        for limit in [1000, HELLO_MAX] {
            for (size, good) in [(limit - 1, true), (limit, true), (limit + 1, false)] {
                for piece in [1, 1000, size] {
                    let mut client = enlarge(&mut client_config(&[version]), size);
                    let mut server = server(Limits { hello: limit });
                    let hello = client.take();
                    let came_to = hello.chunks(piece).try_for_each(|part| {
                        assert!(server.cipher.is_empty());
                        server.receive(part).map(drop)
                    });
                    if good {
                        assert_eq!(came_to, Ok(()), "{size} of {limit}");
                        talk(&mut client, &mut server).0.expect("a good handshake");
                        assert!(!server.session.is_handshaking(), "{size} of {limit}");
                    } else {
                        let refused = Err(Fault::Peer(HELLO_TOO_LARGE));
                        assert_eq!(came_to, refused, "{size} of {limit}");
                        assert_eq!(server.take(), DECODE_ERROR);
                        assert_eq!(server.receive(&hello).map(drop), refused, "again");
                        server.close();
                        assert!(server.out.is_empty(), "nothing is said after a fatal alert");
                    }
                }
            }
        }
    }
}

#[test]
fn records_that_carry_little_count_in_full() {
    let mut client = End::client(client_config(&[&TLS13]));
    let hello = rewrap(&client.take(), 1);
    for (limit, good) in [(hello.len() - 1, false), (hello.len(), true)] {
        let came_to = server(Limits { hello: limit }).receive(&hello);
        assert_eq!(came_to.is_ok(), good, "{came_to:?}");
    }
}

#[test]
fn what_follows_a_hello_is_not_part_of_it() {
    let mut client = End::client(client_config(&[&TLS13]));
    let mut hello = client.take();
    let mut server = server(Limits { hello: hello.len() });
    // A change_cipher_spec, which TLS 1.3 ignores, in the same segment.
    hello.extend([20, 3, 3, 0, 1, 1]);
    assert_eq!(server.receive(&hello), Ok(Fed::Wait));
    assert_eq!(talk(&mut client, &mut server), (Ok(Fed::Wait), Ok(Fed::Wait)));
    assert!(!server.session.is_handshaking());
}

#[test]
fn a_second_hello_has_a_limit_of_its_own() {
    let groups = |groups| {
        let mut provider = ring::default_provider();
        provider.kx_groups = groups;
        provider
    };
    let both = vec![kx_group::X25519, kx_group::SECP256R1];
    let start = |limit| {
        let config = server_with(groups(vec![kx_group::SECP256R1]), &[&TLS13]);
        let server = Server::new(Arc::new(config)).limits(Limits { hello: limit });
        let mut server = End::new(server.accept().expect("a session"));
        let mut client = End::client(client_with(groups(both.clone()), &[&TLS13]));
        let first = client.take();
        assert_eq!(server.receive(&first), Ok(Fed::Wait));
        assert_eq!(client.receive(&server.take()), Ok(Fed::Wait));
        (first.len(), client.take(), client, server)
    };
    let (first, second, ..) = start(HELLO_MAX);
    assert!(second.len() > first);
    for (limit, good) in [(second.len() - 1, false), (second.len(), true)] {
        let (_, second, mut client, mut server) = start(limit);
        let came_to = server.receive(&second);
        if good {
            assert_eq!(talk(&mut client, &mut server), (Ok(Fed::Wait), Ok(Fed::Wait)));
            assert!(!server.session.is_handshaking());
        } else {
            assert_eq!(came_to, Err(Fault::Peer(HELLO_TOO_LARGE)));
        }
    }
}
