//! What ends a session of TLS in the midst of what is to be sent: keys that are spent, and a fault
//! of the peer behind plaintext that there is no room for.

use std::sync::Arc;
use std::time::Duration;

use readily::{Config, End, Fault, Listen, Step, tls};
use rustls::crypto::ring::{self, cipher_suite};
use rustls::crypto::{CipherSuiteCommon, CryptoProvider};
use rustls::version::TLS12;
use rustls::{SupportedCipherSuite, Tls12CipherSuite};

use crate::caller::{Caller, Ended};
use crate::keys;
use crate::place::Place;
use crate::town::Conn;

/// A provider whose keys are good for 8 records: really it is 2^24.
fn short_lived() -> CryptoProvider {
    let SupportedCipherSuite::Tls12(from) = cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    else {
        panic!("of TLS 1.2");
    };
    let suite = SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
        common: CipherSuiteCommon {
            suite: from.common.suite,
            hash_provider: from.common.hash_provider,
            confidentiality_limit: 8,
        },
        prf_provider: from.prf_provider,
        kx: from.kx,
        sign: from.sign,
        aead_alg: from.aead_alg,
    })));
    let mut provider = ring::default_provider();
    provider.cipher_suites = vec![suite];
    provider
}

/// A server of TLS 1.2 that says 100 words, one for each that it hears, on keys for 8 records.
fn spent() -> (Place, Caller) {
    let mut place = Place::quiet(Config::default());
    let known = keys::server(&[&TLS12]);
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(short_lived()))
        .with_protocol_versions(&[&TLS12])
        .expect("a version")
        .with_no_client_auth()
        .with_cert_resolver(known.cert_resolver.clone());
    config.alpn_protocols = known.alpn_protocols.clone();
    let server = tls::Server::new(Arc::new(config));
    let options = Listen { tls: Some(server.into()), ..Listen::default() };
    let mut left = 100;
    let at = place.listen(443, options, move |_, _| {
        Some(Conn::act(move |io| {
            if left > 0 {
                left -= 1;
                io.tx.write(b"word");
                return Ok(Step::Yield);
            }
            io.rx.consume(io.rx.len());
            Ok(Step::Wait)
        }))
    });
    let mut caller = Caller::new(place.sim(), &at, &keys::client(&[&TLS12]));
    turn(&mut place, &mut caller);
    (place, caller)
}

/// Turns without a look at what must be true, until all is quiet.
fn turn(place: &mut Place, caller: &mut Caller) {
    for _ in 0..300 {
        caller.talk(place.sim());
        place.reactor.turn(Some(Duration::ZERO)).expect("the wait");
    }
}

#[test]
fn spent_keys_are_no_end_in_order() {
    let (_place, caller) = spent();
    assert!((1..400).contains(&caller.heard.len()), "{} bytes", caller.heard.len());
    assert_ne!(caller.ended, Some(Ended::InOrder), "after {} of 400 bytes", caller.heard.len());
}

#[test]
fn spent_keys_end_the_connection_at_once() {
    let (place, _caller) = spent();
    let ends = place.reactor.app().ends();
    assert_eq!(ends, [End::Fault(Fault::Local(tls::KEYS_SPENT))]);
}

#[test]
fn a_fault_behind_plaintext_that_waits_is_told_though_our_output_is_full() {
    for versions in [&keys::BOTH[..1], &keys::BOTH[1..]] {
        let mut place = Place::quiet(Config::default());
        let at = place.secure(443, |_, _| {
            Some(Conn::act(|io| {
                // Ten bytes alone are half a request: what comes next has little space behind them.
                let heard = io.rx.len();
                if heard <= 10 {
                    return Ok(Step::Wait);
                }
                io.rx.consume(heard);
                while io.tx.room() > 0 {
                    io.tx.write(&[b'x'; 5_000]);
                }
                Ok(Step::Wait)
            }))
        });
        let mut caller = Caller::new(place.sim(), &at, &keys::client(versions));
        turn(&mut place, &mut caller);
        assert!(!caller.is_handshaking());
        caller.say(&[b'a'; 10]);
        turn(&mut place, &mut caller);
        caller.say(&[b'b'; 16_000]);
        let mut wire = std::mem::take(&mut caller.wire);
        wire.extend_from_slice(&[23, 3, 3, 0, 40]);
        wire.extend_from_slice(&[7; 40]);
        place.sim().send(caller.id, &wire);
        turn(&mut place, &mut caller);
        let ends = place.reactor.app().ends();
        assert_eq!(ends, [End::Fault(Fault::Peer(tls::BAD_RECORD))], "{versions:?}");
    }
}
