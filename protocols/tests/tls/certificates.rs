//! Which certificate a client is shown, and what is no certificate.

use std::sync::Arc;

use readily_protocols::contract::Fault;
use readily_protocols::tls::{
    self, Acceptor, Certificates, Clients, Error, Identity, NAMES_MAX, Settings, UnknownName,
};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, ClientConfig, ClientConnection, RootCertStore, SignatureScheme};

use crate::authority::{Authority, ED25519, P256, Pem, client, meet, server, settings, shelf};
use crate::forge::Raw;
use crate::pair::{BOTH, End};

fn made(names: &[&str]) -> Pem {
    Authority::shared().server(names, P256)
}

#[test]
fn what_is_no_identity_says_why() {
    let (one, other) = (made(&["a.example"]), made(&["a.example"]));
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_base64 = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    let unended = &one.chain[..one.chain.len() / 2];
    let bad_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let under_password =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let both = format!("{}{}", one.key, one.chain);
    let chain_and_garbage = format!("{}{garbage}", one.chain);
    let cases: [(&str, &str, Result<(), Error>); 14] = [
        (&one.chain, &one.key, Ok(())),
        (&both, &both, Ok(())),
        ("", &one.key, Err(Error::NoCertificate)),
        ("nothing of PEM", &one.key, Err(Error::NoCertificate)),
        (&one.key, &one.key, Err(Error::NoCertificate)),
        (&one.chain, "", Err(Error::NoKey)),
        (&one.chain, &one.chain, Err(Error::NoKey)),
        (&one.chain, under_password, Err(Error::NoKey)),
        (no_base64, &one.key, Err(Error::NotPem)),
        (unended, &one.key, Err(Error::NotPem)),
        (garbage, &one.key, Err(Error::BadCertificate)),
        (&chain_and_garbage, &one.key, Err(Error::BadCertificate)),
        (&one.chain, bad_key, Err(Error::BadKey)),
        (&one.chain, &other.key, Err(Error::KeyMismatch)),
    ];
    for (at, (chain, key, is)) in cases.into_iter().enumerate() {
        assert_eq!(Identity::from_pem(chain.as_bytes(), key.as_bytes()).map(drop), is, "{at}");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_no_identity() {
    let one = made(&["a.example"]);
    // Whatever comes after the last dash is white space.
    for at in 0..one.chain.trim_end().len() {
        let cut = Identity::from_pem(&one.chain.as_bytes()[..at], one.key.as_bytes());
        assert!(cut.is_err(), "a chain cut at {at}");
    }
    for at in 0..one.key.trim_end().len() {
        let cut = Identity::from_pem(one.chain.as_bytes(), &one.key.as_bytes()[..at]);
        assert!(cut.is_err(), "a key cut at {at}");
    }
}

#[test]
fn the_names_are_those_of_the_certificate_and_no_addresses() {
    let names = ["B.Example", "a.example", "127.0.0.1", "*.Wild.example", "a.example"];
    let identity = made(&names).identity();
    let names: Vec<&str> = identity.names().collect();
    assert_eq!(names, ["*.wild.example", "a.example", "b.example"]);
    assert_eq!(made(&["::1"]).identity().names().count(), 0);
}

#[test]
fn each_name_gets_its_certificate() {
    let first = made(&["first.example", "127.0.0.1"]);
    let wild = made(&["*.wild.example"]);
    let exact = made(&["exact.wild.example", "other.example"]);
    let certificates = shelf(&[&first, &wild, &exact]);
    let cases: [(&str, Option<&Pem>); 11] = [
        ("first.example", Some(&first)),
        ("FIRST.example", Some(&first)),
        ("a.wild.example", Some(&wild)),
        ("B.WILD.example", Some(&wild)),
        ("exact.wild.example", Some(&exact)),
        ("other.example", Some(&exact)),
        ("wild.example", None),
        ("a.b.wild.example", None),
        ("sub.first.example", None),
        ("example", None),
        // Nobody asks for an address by name: it is as if no name was said.
        ("127.0.0.1", None),
    ];
    let lenient = server(settings(&certificates));
    let strict = server(Settings { unknown_name: UnknownName::Refuse, ..settings(&certificates) });
    for version in BOTH {
        for (name, serves) in cases {
            let config = client(version, None);
            let met = meet(&lenient, &config, name);
            let shown = met.client.0.peer_certificates().map(<[_]>::to_vec);
            match serves {
                Some(pem) => {
                    assert_eq!(shown, Some(pem.certificates()), "{name}");
                    assert_eq!((met.client_says, met.server_says), (Ok(()), Ok(())), "{name}");
                    assert_eq!(meet(&strict, &config, name).server_says, Ok(()), "{name}");
                }
                // It is shown the first, which is for others, except for the address that is in it.
                None => {
                    assert_eq!(met.client_says.is_ok(), name == "127.0.0.1", "{name}");
                    let met = meet(&strict, &config, name);
                    assert_eq!(met.server_says, Err(Fault::Peer(tls::UNKNOWN_NAME)), "{name}");
                    let alert = AlertDescription::UnrecognisedName;
                    let told = Err(rustls::Error::AlertReceived(alert));
                    assert_eq!(met.client_says, told, "{name}");
                }
            }
        }
    }
}

#[test]
fn without_a_certificate_every_name_is_unknown() {
    for unknown_name in [UnknownName::First, UnknownName::Refuse] {
        let server = server(Settings { unknown_name, ..settings(&Certificates::new()) });
        let met = meet(&server, &client(&TLS13, None), "a.example");
        assert_eq!(met.server_says, Err(Fault::Peer(tls::UNKNOWN_NAME)));
    }
}

/// A client that knows the signatures of one kind of key alone, but for those on certificates.
fn knowing(scheme: SignatureScheme) -> Arc<ClientConfig> {
    let mut provider = ring::default_provider();
    let known = provider.signature_verification_algorithms;
    let mapping: Vec<_> = known.mapping.iter().filter(|(of, _)| *of == scheme).copied().collect();
    provider.signature_verification_algorithms =
        WebPkiSupportedAlgorithms { all: known.all, mapping: mapping.leak() };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authority_der());
    Arc::new(
        ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&TLS13])
            .expect("a configuration")
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}

fn authority_der() -> Vec<rustls::pki_types::CertificateDer<'static>> {
    let pem = String::from_utf8(Authority::shared().pem()).expect("text");
    Pem { chain: pem, key: String::new() }.certificates()
}

#[test]
fn of_two_for_one_name_the_latest_whose_key_is_known_is_shown() {
    let authority = Authority::shared();
    let modern = authority.server(&["a.example"], ED25519);
    let common = authority.server(&["a.example", "b.example"], P256);
    let (ed25519, p256) = (SignatureScheme::ED25519, SignatureScheme::ECDSA_NISTP256_SHA256);
    let rsa = SignatureScheme::RSA_PSS_SHA256;
    for all in [[&modern, &common], [&common, &modern]] {
        let server = server(settings(&shelf(&all)));
        let cases = [
            (client(&TLS13, None), Some(all[1])),
            (knowing(ed25519), Some(&modern)),
            (knowing(p256), Some(&common)),
            (knowing(rsa), None),
        ];
        for (config, serves) in cases {
            let met = meet(&server, &config, "a.example");
            let shown = met.client.0.peer_certificates().map(<[_]>::to_vec);
            assert_eq!(shown, serves.map(Pem::certificates));
            let nothing_in_common = Err(Fault::Peer(tls::HANDSHAKE));
            assert_eq!(met.server_says, if serves.is_some() { Ok(()) } else { nothing_in_common });
        }
    }
}

#[test]
fn who_asks_for_no_name_gets_the_first_name_by_a_key_that_it_knows() {
    let authority = Authority::shared();
    let all = [ED25519, P256].map(|kind| authority.server(&["a.example"], kind));
    let other = authority.server(&["b.example"], P256);
    let server = server(settings(&shelf(&[&all[0], &other, &all[1]])));
    let (ed25519, p256) = (SignatureScheme::ED25519, SignatureScheme::ECDSA_NISTP256_SHA256);
    for (config, shows) in
        [(client(&TLS13, None), &all[0]), (knowing(ed25519), &all[0]), (knowing(p256), &all[1])]
    {
        let mut config = ClientConfig::clone(&config);
        config.enable_sni = false;
        let met = meet(&server, &Arc::new(config), "a.example");
        let shown = met.client.0.peer_certificates().map(<[_]>::to_vec);
        assert_eq!((shown, met.server_says), (Some(shows.certificates()), Ok(())));
    }
}

#[test]
fn what_is_put_serves_the_next_handshake_and_no_earlier_one() {
    for version in BOTH {
        let (old, new) = (made(&["a.example"]), made(&["a.example"]));
        let certificates = shelf(&[&old]);
        let server = server(settings(&certificates));
        // One is open, one has said hello, when it changes.
        let mut open = meet(&server, &client(version, None), "a.example");
        let name = ServerName::try_from("a.example").expect("a name");
        let config = client(version, None);
        let mut begun = Raw(ClientConnection::new(config, name).expect("a connection"));
        let mut end = End::new(server.accept().expect("a session"));
        end.receive(&begun.take()).expect("a good hello");
        assert_eq!(certificates.generation(), 1);
        certificates.put(new.identity()).expect("room for it");
        assert_eq!(certificates.generation(), 2);
        while begun.0.is_handshaking() || end.session.is_handshaking() {
            begun.receive(&end.take()).expect("a good handshake");
            end.receive(&begun.take()).expect("a good handshake");
        }
        let shown = begun.0.peer_certificates().map(<[_]>::to_vec);
        assert_eq!(shown, Some(old.certificates()));
        let next = meet(&server, &client(version, None), "a.example");
        assert_eq!(next.shown(), new.certificates().first());
        open.server.say(b"still here");
        open.client.receive(&open.server.take()).expect("it is open");
    }
}

#[test]
fn all_are_replaced_or_none() {
    let (a, b, c) = (made(&["a.example"]), made(&["b.example"]), made(&["c.example"]));
    let certificates = shelf(&[&a, &b]);
    let server = server(settings(&certificates));
    let serves = |name: &str| meet(&server, &client(&TLS13, None), name).client_says.is_ok();
    let names = ["a.example", "b.example", "c.example"];
    assert_eq!(names.map(serves), [true, true, false]);
    assert_eq!(names.map(|name| certificates.serves(&name.to_uppercase())), [true, true, false]);
    assert_eq!(certificates.replace(Vec::new()), Err(Error::Empty));
    assert_eq!((names.map(serves), certificates.generation()), ([true, true, false], 2));
    certificates.replace(vec![b.identity(), c.identity()]).expect("two");
    assert_eq!((names.map(serves), certificates.generation()), ([false, true, true], 3));
    // The same ones again are no change.
    certificates.replace(vec![b.identity(), c.identity()]).expect("two");
    certificates.put(c.identity()).expect("one");
    assert_eq!(certificates.generation(), 3);
}

#[test]
fn there_is_an_end_to_the_names() {
    const EACH: usize = 2_500;
    let names: Vec<String> = (0..EACH).map(|n| format!("n{n}.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let identity = made(&names).identity();
    let certificates = Certificates::new();
    let most = NAMES_MAX / EACH;
    let several = |count: usize| vec![identity.clone(); count];
    assert_eq!(certificates.replace(several(most)), Ok(()));
    assert_eq!(certificates.replace(several(most + 1)), Err(Error::TooManyNames));
    assert_eq!(certificates.put(made(&["a.example"]).identity()), Err(Error::TooManyNames));
    assert_eq!(certificates.generation(), 1);
}

#[test]
fn settings_that_cannot_be_used_say_why() {
    let certificates = shelf(&[&made(&["a.example"])]);
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for roots in ["", "nothing of PEM", bad] {
        let roots_pem = roots.as_bytes().to_vec();
        let (known, or_none) =
            (Clients::Known { roots_pem: roots_pem.clone() }, Clients::KnownOrNone { roots_pem });
        for clients in [known, or_none] {
            let made = tls::Server::with(Settings { clients, ..settings(&certificates) });
            assert_eq!(made.map(drop), Err(Error::BadRoots), "{roots}");
        }
    }
}

#[test]
fn a_protocol_is_agreed_on_or_the_client_is_told() {
    let certificates = shelf(&[&made(&["a.example"])]);
    let list = |names: &[&str]| -> Vec<Vec<u8>> {
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    };
    type Case<'a> = (&'a [&'a str], &'a [&'a str], Result<Option<&'a str>, ()>);
    let cases: [Case<'_>; 7] = [
        (&["http/1.1"], &["h2", "http/1.1"], Ok(Some("http/1.1"))),
        (&["h2", "http/1.1"], &["http/1.1", "h2"], Ok(Some("h2"))),
        (&["http/1.1"], &[], Ok(None)),
        (&[], &["h2"], Ok(None)),
        (&["http/1.1"], &["h2"], Err(())),
        (&["http/1.1"], &["HTTP/1.1"], Err(())),
        (&["http/1.1"], &["http/1", "http/1.11", "ftp"], Err(())),
    ];
    for version in [&TLS12, &TLS13] {
        for (ours, theirs, agreed) in cases {
            let server = server(Settings { alpn: list(ours), ..settings(&certificates) });
            let mut config = ClientConfig::clone(&client(version, None));
            config.alpn_protocols = list(theirs);
            let met = meet(&server, &Arc::new(config), "a.example");
            match agreed {
                Ok(agreed) => {
                    assert_eq!(met.client_says, Ok(()));
                    let alpn = met.server.session.secured().alpn;
                    assert_eq!(alpn.as_deref(), agreed.map(str::as_bytes));
                }
                Err(()) => {
                    let alert = AlertDescription::NoApplicationProtocol;
                    assert_eq!(met.client_says, Err(rustls::Error::AlertReceived(alert)));
                    assert_eq!(met.server_says, Err(Fault::Peer(tls::NO_PROTOCOL)));
                }
            }
        }
    }
}
