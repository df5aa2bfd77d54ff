//! Outgoing connections of TLS: what they agree on, and how each failure is told.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ED25519};
use readily::sys::sim::{Serving, Sim};
use readily::tls::{Client, Identity, Initiator, Session};
use readily::{Address, Config, Connect, End, Fault, Peer, Resumption, Secured, Step, tls};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};

use crate::caller::Ended;
use crate::keys::{self, ALPN, BOTH, NAME};
use crate::place::Place;
use crate::tls_troubles::Fragile;
use crate::town::Conn;
use crate::upstream::{Upstream, client, resuming};

/// What a machine saw of its connection when it was advanced for the first time.
type Seen = Rc<RefCell<Vec<Option<Secured>>>>;

/// Says this at once, and notes what was agreed on.
fn speaker(says: &'static [u8]) -> (Conn, Seen) {
    let seen = Seen::default();
    let notes = Rc::clone(&seen);
    let mut has_said = false;
    let conn = Conn::act(move |io| {
        if !std::mem::replace(&mut has_said, true) {
            notes.borrow_mut().push(io.secured().cloned());
            io.tx.write(says);
        }
        io.rx.consume(io.rx.len());
        Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
    });
    (conn, seen)
}

fn unreachable(kind: ErrorKind) -> End {
    End::Unreachable(kind)
}

fn peer(why: &'static str) -> End {
    End::Fault(Fault::Peer(why))
}

#[test]
fn a_machine_is_advanced_when_the_handshake_is_done() {
    let unix: Address = "unix:@upstream".parse().expect("an address");
    let ip: Address = "10.0.1.1:443".parse().expect("an address");
    for at in [ip, unix] {
        for version in BOTH {
            let mut place = Place::quiet(Config::default());
            let mut upstream = Upstream::at(place.sim(), at.clone(), keys::server(&BOTH));
            let (conn, seen) = speaker(b"hello");
            let connect = upstream.connect(&client(&[version]));
            place.reactor.connect(connect, conn).expect("a place");
            // Its hello is out, and not answered.
            place.settle_with(|sim| upstream.listen(sim));
            let counters = place.counters();
            assert_eq!((counters.connects_securing, counters.calls), (1, 0));
            place.settle_with(|sim| upstream.talk(sim));
            let agreed = Secured {
                alpn: Some(ALPN.into()),
                server_name: Some(NAME.into()),
                ..Secured::default()
            };
            assert_eq!(*seen.borrow(), [Some(agreed)]);
            let counters = place.counters();
            assert_eq!((counters.connects_securing, counters.handshaking), (0, 0));
            assert_eq!(upstream.all[0].heard, b"hello");
            upstream.all[0].close();
            place.settle_with(|sim| upstream.talk(sim));
            assert_eq!(upstream.all[0].ended, Some(Ended::InOrder), "{at}");
            assert_eq!(place.reactor.app().ends(), [End::Finished]);
            place.end();
        }
    }
}

/// A server with a certificate of its own, and a client that trusts it.
fn pair_of(params: &CertificateParams) -> (Arc<ServerConfig>, Client) {
    let key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
    let made = params.self_signed(&key).expect("a certificate");
    let client = Client::with_roots_pem(made.pem().as_bytes(), &[ALPN]).expect("a root");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&BOTH)
        .and_then(|builder| {
            builder.with_no_client_auth().with_single_cert(vec![made.der().clone()], key)
        });
    (Arc::new(config.expect("a configuration")), client)
}

/// With a subject of its own, so that it is taken for nobody else's issuer.
fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, "one of our own");
    params
}

fn speaking(config: &Arc<ServerConfig>, alpn: &[&[u8]]) -> Arc<ServerConfig> {
    let mut config = ServerConfig::clone(config);
    config.alpn_protocols = alpn.iter().map(|one| one.to_vec()).collect();
    Arc::new(config)
}

#[test]
fn what_is_wrong_with_a_server_is_told_by_name() {
    let mut old = params(NAME);
    (old.not_before, old.not_after) =
        (rcgen::date_time_ymd(2000, 1, 1), rcgen::date_time_ymd(2001, 1, 1));
    let mut early = params(NAME);
    (early.not_before, early.not_after) =
        (rcgen::date_time_ymd(3000, 1, 1), rcgen::date_time_ymd(3001, 1, 1));
    let (good, trusting) = pair_of(&params(NAME));
    let of = |params: CertificateParams| {
        let (config, client) = pair_of(&params);
        (speaking(&config, &[ALPN]), client)
    };
    let other = speaking(&good, &[b"other"]);
    let silent = speaking(&good, &[]);
    let tls12 = (keys::server(&[&TLS12]), client(&[&TLS13]));
    let cases = [
        ("nobody has signed it", (keys::server(&BOTH), trusting.clone()), tls::CERTIFICATE_ISSUER),
        ("it is of another name", of(params("other.example")), tls::CERTIFICATE_NAME),
        ("it is old", of(old), tls::CERTIFICATE_EXPIRED),
        ("it is not good yet", of(early), tls::CERTIFICATE_EXPIRED),
        ("no protocol, the server is strict", (other, trusting.clone()), tls::NO_PROTOCOL),
        ("no protocol, we are", (silent, trusting.strict_alpn()), tls::NO_PROTOCOL),
        ("no version", tls12, tls::ALERT),
    ];
    for (name, (server, client), why) in cases {
        let mut place = Place::quiet(Config::default());
        let mut upstream = Upstream::new(place.sim(), server);
        let (conn, seen) = speaker(b"a secret");
        place.reactor.connect(upstream.connect(&client), conn).expect("a place");
        place.settle_with(|sim| upstream.talk(sim));
        assert_eq!(place.reactor.app().ends(), [peer(why)], "{name}");
        let counters = place.counters();
        assert_eq!((place.tally(why), counters.connects_unsecured, counters.calls), (1, 1, 0));
        assert_eq!((seen.borrow().len(), upstream.all[0].heard.len()), (0, 0), "{name}");
        assert!(!place.sim().was_reset(upstream.all[0].id), "{name}: it is told in order");
        let refused = [tls::CERTIFICATE_ISSUER, tls::CERTIFICATE_NAME, tls::CERTIFICATE_EXPIRED];
        if refused.contains(&why) {
            assert_eq!(
                upstream.all[0].ended,
                Some(Ended::Fault(Fault::Peer(tls::ALERT))),
                "{name}"
            );
        }
        place.end();
    }
}

#[test]
fn without_strictness_a_server_need_not_choose_a_protocol() {
    let mut place = Place::quiet(Config::default());
    let mut upstream = Upstream::new(place.sim(), speaking(&keys::server(&BOTH), &[]));
    let (conn, seen) = speaker(b"hello");
    place.reactor.connect(upstream.connect(&client(&BOTH)), conn).expect("a place");
    place.settle_with(|sim| upstream.talk(sim));
    assert_eq!(seen.borrow()[0].as_ref().map(|agreed| agreed.alpn.clone()), Some(None));
    place.reactor.abort();
    place.run_out();
}

#[test]
fn what_is_no_tls_ends_it() {
    let strangers: [&[u8]; 6] = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"220 mail.example ESMTP\r\n",
        b"\x17\x03\x03\0\x05hello",
        b"\x16\x03\x03\xff\xff",
        &[0; 9],
    ];
    for stranger in strangers {
        let mut place = Place::quiet(Config::default());
        let upstream = Upstream::new(place.sim(), keys::server(&BOTH));
        let (conn, seen) = speaker(b"a secret");
        place.reactor.connect(upstream.connect(&client(&BOTH)), conn).expect("a place");
        place.settle();
        let id = place.sim().accepted(&upstream.at).expect("it came");
        place.sim().send(id, stranger);
        place.settle();
        let ends = place.reactor.app().ends();
        assert!(matches!(ends[..], [End::Fault(Fault::Peer(_))]), "{stranger:?}: {ends:?}");
        assert_eq!((seen.borrow().len(), place.counters().calls), (0, 0), "{stranger:?}");
        place.sim().close(id);
        place.end();
    }
}

#[test]
fn a_server_that_cannot_be_reached_is_told_from_one_that_fails() {
    type Does = fn(&mut Sim, &mut Upstream);
    let patience = Duration::from_secs(2);
    let cases: [(&str, Does, ErrorKind, u64); 5] = [
        ("refused", |sim, to| sim.serve(&to.at, Serving::Refuse), ErrorKind::ConnectionRefused, 0),
        (
            "it never answers",
            |sim, to| sim.serve(&to.at, Serving::Blackhole),
            ErrorKind::TimedOut,
            0,
        ),
        ("it is silent", |sim, to| to.listen(sim), ErrorKind::TimedOut, 1),
        (
            "it ends",
            |sim, to| {
                to.listen(sim);
                to.all.iter().for_each(|one| sim.shutdown(one.id));
            },
            ErrorKind::UnexpectedEof,
            1,
        ),
        (
            "a reset",
            |sim, to| {
                to.listen(sim);
                to.all.iter().for_each(|one| sim.reset(one.id));
            },
            ErrorKind::ConnectionReset,
            1,
        ),
    ];
    // The connection's own patience, and that of handshakes.
    for (within, handshake) in [(patience, patience * 10), (patience * 10, patience)] {
        for (name, does, kind, unsecured) in cases {
            let mut config = Config::default();
            config.handshake_within = handshake;
            let mut place = Place::quiet(config);
            let mut upstream = Upstream::new(place.sim(), keys::server(&BOTH));
            if unsecured == 0 {
                does(place.sim(), &mut upstream);
            }
            let (conn, seen) = speaker(b"a secret");
            let connect = Connect { within, ..upstream.connect(&client(&BOTH)) };
            place.reactor.connect(connect, conn).expect("a place");
            let began = place.sim().elapsed();
            while place.reactor.app().ends().is_empty() {
                place.turn(Some(Duration::from_millis(50)));
                if unsecured > 0 {
                    does(place.sim(), &mut upstream);
                }
            }
            assert_eq!(place.reactor.app().ends(), [unreachable(kind)], "{name}");
            let counters = place.counters();
            let counted = (counters.connects_unsecured, counters.connects_failed, counters.calls);
            assert_eq!((counted, seen.borrow().len()), ((unsecured, 1, 0), 0), "{name}");
            if kind == ErrorKind::TimedOut && unsecured > 0 {
                let took = place.sim().elapsed() - began;
                assert!((patience..patience * 2).contains(&took), "{name}: {took:?}");
            }
            place.end();
        }
    }
}

#[test]
fn a_name_that_is_none_calls_nobody_and_whoever_is_linked_is_told() {
    for (name, why) in [("", tls::SERVER_NAME), ("a b", tls::SERVER_NAME)] {
        let mut place = Place::quiet(Config::default());
        let upstream = Upstream::new(place.sim(), keys::server(&BOTH));
        let connect = Connect::to(upstream.at.clone()).tls(&client(&BOTH), name);
        let heard = Rc::new(RefCell::new(None));
        let notes = Rc::clone(&heard);
        let mut asked = false;
        let conn = Conn::act(move |io| {
            if !std::mem::replace(&mut asked, true) {
                let other = io.connect(connect.clone(), speaker(b"").0).expect("a place");
                io.link(other);
            }
            if let Peer::Gone(_, why) = io.peer {
                *notes.borrow_mut() = Some(why);
            }
            Ok(Step::Wait)
        });
        let mut first = Some(conn);
        let at = place.listen(80, readily::Listen::default(), move |_, _| first.take());
        let guest = place.sim().connect(&at);
        place.settle();
        let fault = End::Fault(Fault::Local(why));
        assert_eq!((place.reactor.app().ends(), *heard.borrow()), (vec![fault], Some(fault)));
        assert!(place.sim().accepted(&upstream.at).is_none());
        place.sim().close(guest);
        place.end();
    }
}

#[test]
fn a_second_connection_is_resumed_and_both_sides_know() {
    for version in BOTH {
        let mut place = Place::quiet(Config::default());
        let mut upstream = Upstream::new(place.sim(), keys::server(&[version]));
        let client = resuming(&BOTH);
        for resumption in [Resumption::Full, Resumption::Resumed, Resumption::Resumed] {
            let (conn, seen) = speaker(b"hello");
            place.reactor.connect(upstream.connect(&client), conn).expect("a place");
            place.settle_with(|sim| upstream.echo(sim));
            let agreed = seen.borrow()[0].clone().expect("it is secured");
            let other = upstream.all.last().expect("it came").secured();
            assert_eq!((agreed.resumption, other.resumption), (resumption, resumption));
        }
        // What another name has said is not gone on with.
        let (conn, _) = speaker(b"hello");
        let connect = Connect::to(upstream.at.clone()).tls(&client, "other.example");
        place.reactor.connect(connect, conn).expect("a place");
        place.settle_with(|sim| upstream.echo(sim));
        assert_eq!(place.tally(tls::CERTIFICATE_NAME), 1);
        place.reactor.abort();
        place.run_out();
    }
}

#[test]
fn a_client_says_who_it_is_to_a_server_that_asks() {
    let key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
    let made = params("client.example").self_signed(&key).expect("a certificate");
    let identity = Identity::from_pem(made.pem().as_bytes(), key.serialize_pem().as_bytes());
    let identity = identity.expect("an identity");
    let mut roots = RootCertStore::empty();
    roots.add(made.der().clone()).expect("a root");
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .expect("a verifier");
    for version in BOTH {
        let plain = keys::server(&[version]);
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[version])
            .expect("a configuration")
            .with_client_cert_verifier(verifier.clone())
            .with_cert_resolver(plain.cert_resolver.clone());
        let config = Arc::new(config);
        let anonymous = client(&[version]);
        let known = anonymous.clone().identity(&identity);
        let mut place = Place::quiet(Config::default());
        let mut upstream = Upstream::new(place.sim(), config);
        let (conn, seen) = speaker(b"hello");
        place.reactor.connect(upstream.connect(&known), conn).expect("a place");
        place.settle_with(|sim| upstream.talk(sim));
        let shown = upstream.all[0].secured().client_certificate;
        assert_eq!(shown.as_deref(), Some(&made.der()[..]));
        assert_eq!((seen.borrow().len(), &upstream.all[0].heard[..]), (1, &b"hello"[..]));
        let (conn, _) = speaker(b"hello");
        place.reactor.connect(upstream.connect(&anonymous), conn).expect("a place");
        place.settle_with(|sim| upstream.talk(sim));
        assert_eq!(upstream.all[1].ended, Some(Ended::Fault(Fault::Peer(tls::CERTIFICATE))));
        // In TLS 1.3 a client is done before the server looks at its certificate.
        assert_eq!(place.reactor.app().ends(), [peer(tls::ALERT)]);
        assert_eq!(
            place.counters().connects_unsecured,
            u64::from(version.version == TLS12.version)
        );
        place.reactor.abort();
        place.run_out();
    }
}

#[test]
fn a_drain_waits_for_a_handshake_and_an_abort_does_not() {
    for finishes in [true, false] {
        let mut place = Place::quiet(Config::default());
        let mut upstream = Upstream::new(place.sim(), keys::server(&[&TLS13]));
        let (conn, seen) = speaker(b"hello");
        let connect = upstream.connect(&client(&BOTH));
        let connect = Connect { within: Duration::from_secs(60), ..connect };
        place.reactor.connect(connect, conn).expect("a place");
        place.settle_with(|sim| upstream.listen(sim));
        place.reactor.drain_within(Duration::from_secs(5));
        place.settle();
        assert_eq!((place.counters().open, place.counters().connects_securing), (1, 1));
        if finishes {
            place.settle_with(|sim| upstream.talk(sim));
            assert_eq!((seen.borrow().len(), &upstream.all[0].heard[..]), (1, &b"hello"[..]));
            upstream.all[0].close();
            place.settle_with(|sim| upstream.talk(sim));
        }
        let end = if finishes { End::Finished } else { End::Aborted };
        while place.turn(Some(Duration::from_secs(1))) == readily::Turn::More {}
        assert_eq!(place.reactor.app().ends(), [end]);
        place.run_out();
    }
}

#[test]
fn one_that_is_closed_in_its_handshake_is_gone_at_once() {
    let mut place = Place::quiet(Config::default());
    let mut upstream = Upstream::new(place.sim(), keys::server(&BOTH));
    let (conn, _) = speaker(b"hello");
    let id = place.reactor.connect(upstream.connect(&client(&BOTH)), conn).expect("a place");
    place.settle_with(|sim| upstream.listen(sim));
    let mut closer = Some(Conn::act(move |io| {
        io.close(id);
        Ok(Step::Finish)
    }));
    let at = place.listen(80, readily::Listen::default(), move |_, _| closer.take());
    place.sim().connect(&at);
    place.settle();
    assert!(place.sim().was_reset(upstream.all[0].id));
    assert_eq!(place.reactor.app().gone[&id], [End::Aborted]);
    place.end();
}

impl Initiator for Fragile {
    fn initiate(&self, _: &str) -> Result<Box<dyn Session>, Fault> {
        self.touch("initiate");
        Ok(Box::new(self.clone()))
    }
}

#[test]
fn a_session_that_panics_costs_one_connection() {
    for what in ["nothing", "initiate", "feed", "is_handshaking", "secured", "seal"] {
        let mut place = Place::quiet(Config::default());
        let upstream = Upstream::new(place.sim(), keys::server(&BOTH));
        let connect = Connect::to(upstream.at.clone()).tls(&Fragile(what), NAME);
        place.reactor.connect(connect, speaker(b"hello").0).expect("a place");
        for _ in 0..20 {
            place.reactor.turn(Some(Duration::ZERO)).expect("the wait");
        }
        let ends = place.reactor.app().ends();
        assert_eq!(place.counters().panics, u64::from(what != "nothing"), "{what}: {ends:?}");
        assert_eq!(ends.len(), usize::from(what != "nothing"), "{what}: {ends:?}");
        if what == "nothing" {
            let id = place.sim().accepted(&upstream.at).expect("it came");
            assert_eq!(place.sim().take(id), b"hello");
        }
        place.reactor.app_mut().panicked = place.counters().panics;
        place.reactor.abort();
        place.run_out();
    }
}
