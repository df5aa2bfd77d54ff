//! What a handshake agrees on, and what it fails for.

use std::sync::Arc;

use readily_protocols::contract::{Fault, Secured};
use readily_protocols::tls::{self, Acceptor, Client, Fed, Server};
use rustls::crypto::ring::{self, cipher_suite};
use rustls::crypto::{CryptoProvider, GetRandomFailed, SecureRandom};
use rustls::server::ResolvesServerCertUsingSni;
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, ClientConfig, Error, RootCertStore};

use crate::forge::Raw;
use crate::pair::{BOTH, End, client_config, client_with, pair, server_config, server_with, talk};

fn protocols(names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

#[test]
fn both_sides_hear_what_the_other_says() {
    for version in BOTH {
        let (mut client, mut server) = pair(client_config(&[version]), server_config(&[version]));
        for (up, down) in [("hello", "hello"), ("", "more"), ("bye", "")] {
            client.say(up.as_bytes());
            server.say(down.as_bytes());
            assert_eq!(talk(&mut client, &mut server), (Ok(Fed::Wait), Ok(Fed::Wait)));
        }
        assert_eq!((&server.got[..], &client.got[..]), (&b"hellobye"[..], &b"hellomore"[..]));
    }
}

#[test]
fn the_names_that_were_agreed_on_are_told() {
    let cases: [(&[&str], &[&str], Option<&str>); 4] = [
        (&["echo"], &["h2", "echo"], Some("echo")),
        (&["b", "a"], &["a", "b"], Some("b")),
        (&["echo"], &[], None),
        (&[], &["echo"], None),
    ];
    for version in BOTH {
        for (ours, theirs, agreed) in cases {
            let (mut client, mut server) = (client_config(&[version]), server_config(&[version]));
            client.alpn_protocols = protocols(theirs);
            server.alpn_protocols = protocols(ours);
            let (client, server) = pair(client, server);
            let alpn = agreed.map(|name| Box::from(name.as_bytes()));
            let server_name = Some(Box::from("localhost"));
            let secured = Secured { alpn, server_name, ..Secured::default() };
            assert_eq!(server.session.secured(), secured);
            assert_eq!(client.session.secured(), secured);
        }
    }
}

#[test]
fn a_server_without_anything_in_common_says_why() {
    use AlertDescription::{HandshakeFailure, NoApplicationProtocol, ProtocolVersion};
    let with_alpn = |version| {
        let (mut client, mut server) = (client_config(&[version]), server_config(&[version]));
        client.alpn_protocols = protocols(&["h2", "http/1.1"]);
        server.alpn_protocols = protocols(&["echo"]);
        (client, server)
    };
    let only = |suite| {
        let mut provider = ring::default_provider();
        provider.cipher_suites = vec![suite];
        provider
    };
    let client_of = |suite| client_with(only(suite), &[&TLS13]);
    let server_of = |suite| server_with(only(suite), &[&TLS13]);
    let cases = [
        (with_alpn(&TLS12), tls::NO_PROTOCOL, NoApplicationProtocol),
        (with_alpn(&TLS13), tls::NO_PROTOCOL, NoApplicationProtocol),
        ((client_config(&[&TLS12]), server_config(&[&TLS13])), tls::HANDSHAKE, ProtocolVersion),
        ((client_config(&[&TLS13]), server_config(&[&TLS12])), tls::HANDSHAKE, ProtocolVersion),
        (
            (
                client_of(cipher_suite::TLS13_AES_128_GCM_SHA256),
                server_of(cipher_suite::TLS13_AES_256_GCM_SHA384),
            ),
            tls::HANDSHAKE,
            HandshakeFailure,
        ),
    ];
    for ((client, server), why, alert) in cases {
        let (mut client, mut server) = (Raw::new(client), End::server(server));
        assert_eq!(server.receive(&client.take()), Err(Fault::Peer(why)));
        assert_eq!(client.receive(&server.take()), Err(Error::AlertReceived(alert)), "{why}");
        assert!(server.session.is_handshaking());
    }
}

#[test]
fn a_certificate_that_is_not_trusted_ends_it_on_both_sides() {
    for version in BOTH {
        let provider = Arc::new(ring::default_provider());
        let distrustful = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .expect("a configuration")
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let mut client = End::client(distrustful);
        let mut server = End::server(server_config(&[version]));
        let came_to = talk(&mut client, &mut server);
        assert_eq!(
            came_to,
            (Err(Fault::Peer(tls::CERTIFICATE_ISSUER)), Err(Fault::Peer(tls::ALERT)))
        );
    }
}

#[test]
fn nothing_is_encrypted_before_the_handshake_is_over() {
    for version in BOTH {
        let mut client = End::client(client_config(&[version]));
        let mut server = End::server(server_config(&[version]));
        client.say(b"early");
        server.say(b"early");
        assert_eq!((client.outgoing.len(), server.outgoing.len(), server.out.len()), (5, 5, 0));
        assert_eq!(talk(&mut client, &mut server), (Ok(Fed::Wait), Ok(Fed::Wait)));
        client.say(b"");
        server.say(b"");
        assert_eq!(talk(&mut client, &mut server), (Ok(Fed::Wait), Ok(Fed::Wait)));
        assert_eq!((&server.got[..], &client.got[..]), (&b"early"[..], &b"early"[..]));
    }
}

#[test]
fn a_session_that_cannot_be_is_refused() {
    let mut early = server_config(&[&TLS13]);
    early.max_early_data_size = 1;
    let refused = Server::new(Arc::new(early)).accept().map(drop);
    assert_eq!(refused, Err(Fault::Local(tls::EARLY_DATA)));
    let mut unfit = server_config(&[&TLS13]);
    unfit.max_fragment_size = Some(1);
    let refused = Server::new(Arc::new(unfit)).accept().map(drop);
    assert_eq!(refused, Err(Fault::Local(tls::CONFIGURATION)));
    let client = Client::new(Arc::new(client_config(&[&TLS13])));
    for (name, fit) in [
        ("localhost", true),
        ("127.0.0.1", true),
        ("::1", true),
        ("a.example", true),
        ("", false),
        ("a b", false),
        ("-a", false),
        ("a..b", false),
    ] {
        let refused = Err(Fault::Local(tls::SERVER_NAME));
        assert_eq!(client.connect(name).map(drop), if fit { Ok(()) } else { refused }, "{name}");
    }
}

#[test]
fn a_name_that_is_not_served_is_refused_and_no_randomness_is_our_fault() {
    #[derive(Debug)]
    struct Nothing;
    impl SecureRandom for Nothing {
        fn fill(&self, _: &mut [u8]) -> Result<(), GetRandomFailed> {
            Err(GetRandomFailed)
        }
    }
    for version in BOTH {
        let mut nameless = server_config(&[version]);
        nameless.cert_resolver = Arc::new(ResolvesServerCertUsingSni::new());
        let provider = CryptoProvider { secure_random: &Nothing, ..ring::default_provider() };
        for (config, fault) in [
            (nameless, Fault::Peer(tls::UNKNOWN_NAME)),
            (server_with(provider, &[version]), Fault::Local(tls::RESOURCES)),
        ] {
            let (mut client, mut server) =
                (End::client(client_config(&[version])), End::server(config));
            assert_eq!(server.receive(&client.take()), Err(fault));
        }
    }
}
