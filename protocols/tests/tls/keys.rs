//! Keys that have encrypted as much as they may.

use readily_protocols::contract::Fault;
use readily_protocols::tls::{Fed, KEYS_SPENT};
use rustls::crypto::ring::{self, cipher_suite};
use rustls::crypto::{CipherSuiteCommon, CryptoProvider};
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};

use crate::pair::{client_config, pair, server_with, talk};

/// How many records a key is good for: really it is 2^24.
const RECORDS: u64 = 8;

fn short_lived() -> CryptoProvider {
    let common = |from: &CipherSuiteCommon| CipherSuiteCommon {
        suite: from.suite,
        hash_provider: from.hash_provider,
        confidentiality_limit: RECORDS,
    };
    let shortened = |suite: SupportedCipherSuite| match suite {
        SupportedCipherSuite::Tls12(from) => {
            SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
                common: common(&from.common),
                prf_provider: from.prf_provider,
                kx: from.kx,
                sign: from.sign,
                aead_alg: from.aead_alg,
            })))
        }
        SupportedCipherSuite::Tls13(from) => {
            SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
                common: common(&from.common),
                hkdf_provider: from.hkdf_provider,
                aead_alg: from.aead_alg,
                quic: None,
            })))
        }
    };
    let suites = [
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ];
    let mut provider = ring::default_provider();
    provider.cipher_suites = suites.map(shortened).to_vec();
    provider
}

#[test]
fn tls_1_3_takes_new_ones() {
    let server = server_with(short_lived(), &[&TLS13]);
    let (mut client, mut server) = pair(client_config(&[&TLS13]), server);
    let data: Vec<u8> = (0..2_000_000).map(|n| (n / 1000) as u8).collect();
    for part in data.chunks(200_000) {
        server.say(part);
        assert_eq!(talk(&mut client, &mut server), (Ok(Fed::Wait), Ok(Fed::Wait)));
        while !server.outgoing.is_empty() {
            server.say(&[]);
            assert_eq!(talk(&mut client, &mut server), (Ok(Fed::Wait), Ok(Fed::Wait)));
        }
    }
    assert!(client.got == data, "{} of {}", client.got.len(), data.len());
}

#[test]
fn tls_1_2_ends_and_loses_nothing_unnoticed() {
    let server = server_with(short_lived(), &[&TLS12]);
    let (mut client, mut server) = pair(client_config(&[&TLS12]), server);
    let mut said = 0;
    let spent = loop {
        server.say(&[said as u8]);
        assert!(said < 100, "there is no end to it");
        match server.said {
            Ok(()) => said += 1,
            Err(fault) => break fault,
        }
    };
    assert_eq!(spent, Fault::Local(KEYS_SPENT));
    assert_eq!(server.outgoing.len(), 1, "what was not encrypted still waits");
    // An end in order would say that this is all.
    assert_eq!(client.receive(&server.take()), Ok(Fed::Wait));
    assert_eq!(client.got.len(), said);
}
