//! Sessions that are resumed, and those that must not be.

use std::sync::Arc;

use readily_protocols::contract::{Fault, Resumption};
use readily_protocols::tls::{
    Acceptor, CERTIFICATE, Certificates, Clients, Fed, Server, Settings, Tickets, UnknownName,
};
use rustls::client::Resumption as Store;
use rustls::client::Tls13ClientSessionValue;
use rustls::client::{ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, NamedGroup};

use crate::authority::{Authority, P256, Pem, client, meet, server, settings, shelf};
use crate::forge::Raw;
use crate::pair::{BOTH, End, Version};

/// A client that offers whatever it has to whomever it meets, whatever it asks for.
#[derive(Debug)]
struct Promiscuous(ClientSessionMemoryCache);

fn somebody() -> ServerName<'static> {
    ServerName::try_from("somebody").expect("a name")
}

impl ClientSessionStore for Promiscuous {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        self.0.set_kx_hint(somebody(), group);
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.0.kx_hint(&somebody())
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.0.set_tls12_session(somebody(), value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(&somebody())
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.0.remove_tls12_session(&somebody());
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.0.insert_tls13_ticket(somebody(), value);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.take_tls13_ticket(&somebody())
    }
}

fn promiscuous(version: Version, identity: Option<&Pem>) -> Arc<ClientConfig> {
    let mut config = ClientConfig::clone(&client(version, identity));
    config.resumption = Store::store(Arc::new(Promiscuous(ClientSessionMemoryCache::new(32))));
    Arc::new(config)
}

fn two_names() -> Certificates {
    let authority = Authority::shared();
    shelf(&[
        &authority.server(&["a.example", "*.w.example", "127.0.0.1"], P256),
        &authority.server(&["b.example"], P256),
    ])
}

fn resumes(server: &Server, client: &Arc<ClientConfig>, name: &str) -> bool {
    let met = meet(server, client, name);
    assert_eq!((met.client_says.clone(), met.server_says), (Ok(()), Ok(())), "{name}");
    let is_resumed = met.client.0.handshake_kind() == Some(HandshakeKind::Resumed);
    let resumption = met.server.session.secured().resumption;
    assert_eq!(is_resumed, resumption == Resumption::Resumed);
    is_resumed
}

#[test]
fn a_session_is_good_for_its_name_and_its_server_alone() {
    let certificates = two_names();
    let roots_pem = Authority::shared().pem();
    let with = |clients| server(Settings { clients, ..settings(&certificates) });
    // Servers of the same certificates, the same names, and each policy twice.
    let servers = || {
        [
            with(Clients::Anyone),
            with(Clients::Anyone),
            with(Clients::KnownOrNone { roots_pem: roots_pem.clone() }),
            with(Clients::KnownOrNone { roots_pem: roots_pem.clone() }),
            with(Clients::Known { roots_pem: roots_pem.clone() }),
            with(Clients::Known { roots_pem: roots_pem.clone() }),
        ]
    };
    let names = ["a.example", "b.example", "c.w.example", "d.w.example", "127.0.0.1"];
    let known = Authority::shared().client("somebody");
    let servers = servers();
    let mut used = 0;
    for version in BOTH {
        for (from, first) in servers.iter().enumerate() {
            for (to, second) in servers.iter().enumerate() {
                for name in names {
                    for other in names {
                        let config = promiscuous(version, Some(&known));
                        assert!(!resumes(first, &config, name));
                        let resumed = resumes(second, &config, other);
                        let same = from == to && name == other;
                        assert_eq!(resumed, same, "{name} of {from} at {other} of {to}");
                        used += 1;
                    }
                }
            }
        }
    }
    assert_eq!(used, 2 * 6 * 6 * 5 * 5);
}

#[test]
fn a_session_of_nobody_lets_nobody_in_where_clients_must_be_known() {
    let certificates = two_names();
    let roots_pem = Authority::shared().pem();
    let open = server(settings(&certificates));
    let strict =
        server(Settings { clients: Clients::Known { roots_pem }, ..settings(&certificates) });
    for version in BOTH {
        let config = promiscuous(version, None);
        assert!(!resumes(&open, &config, "a.example"));
        for name in ["a.example", "b.example"] {
            let met = meet(&strict, &config, name);
            assert_eq!(met.server_says, Err(Fault::Peer(CERTIFICATE)), "{name}");
        }
    }
}

#[test]
fn a_name_that_is_unknown_now_is_not_resumed_either() {
    let certificates = two_names();
    let strict = server(Settings { unknown_name: UnknownName::Refuse, ..settings(&certificates) });
    for version in BOTH {
        certificates.replace(two(&["a.example", "b.example"])).expect("two");
        let config = promiscuous(version, None);
        assert!(!resumes(&strict, &config, "b.example"));
        assert!(resumes(&strict, &config, "b.example"));
        certificates.replace(two(&["a.example"])).expect("one");
        assert!(meet(&strict, &config, "b.example").server_says.is_err());
    }
}

fn two(names: &[&str]) -> Vec<readily_protocols::tls::Identity> {
    let authority = Authority::shared();
    names.iter().map(|name| authority.server(&[name], P256).identity()).collect()
}

#[test]
fn the_loops_of_a_fleet_share_them() {
    let server = server(settings(&two_names()));
    let others = [server.clone(), server.clone()];
    for version in BOTH {
        let config = client(version, None);
        assert!(!resumes(&server, &config, "a.example"));
        for other in &others {
            assert!(resumes(other, &config, "a.example"));
            assert!(resumes(&server, &config, "a.example"));
        }
    }
}

#[test]
fn other_certificates_are_an_end_to_them_and_the_same_ones_are_not() {
    let certificates = Certificates::new();
    let [old, new] = [two(&["a.example"]), two(&["a.example"])];
    certificates.replace(old.clone()).expect("one");
    let server = server(settings(&certificates));
    for version in BOTH {
        certificates.replace(old.clone()).expect("one");
        let config = client(version, None);
        assert!(!resumes(&server, &config, "a.example"));
        assert!(resumes(&server, &config, "a.example"));
        certificates.replace(old.clone()).expect("one");
        assert!(resumes(&server, &config, "a.example"), "nothing has changed");
        certificates.replace(new.clone()).expect("one");
        assert!(!resumes(&server, &config, "a.example"));
        assert!(resumes(&server, &config, "a.example"));
    }
}

#[test]
fn without_tickets_nothing_is_resumed() {
    let server = server(Settings { tickets: Tickets::NONE, ..settings(&two_names()) });
    for version in BOTH {
        let config = client(version, None);
        for _ in 0..3 {
            assert!(!resumes(&server, &config, "a.example"));
        }
    }
}

#[test]
fn a_client_gets_as_many_as_were_asked_for() {
    // What a whole handshake of TLS 1.3 sends grows by each.
    let sent = |count| {
        let tickets = Tickets { count, ..Tickets::default() };
        let server = server(Settings { tickets, ..settings(&two_names()) });
        let config = client(&rustls::version::TLS13, None);
        let met = meet(&server, &config, "a.example");
        met.client.0.tls13_tickets_received()
    };
    for count in 0..5 {
        assert_eq!(sent(count), count as u32);
    }
}

#[test]
fn a_hello_that_was_tampered_with_resumes_nothing() {
    let server = server(settings(&two_names()));
    for version in BOTH {
        let config = client(version, None);
        assert!(!resumes(&server, &config, "a.example"));
        assert!(resumes(&server, &config, "a.example"));
        let name = ServerName::try_from("a.example").expect("a name");
        let connection = ClientConnection::new(config, name).expect("a connection");
        let hello = Raw(connection).take();
        let meets = |hello: &[u8]| {
            let mut end = End::new(server.accept().expect("a session"));
            let came_to = end.receive(hello);
            assert!(matches!(came_to, Ok(Fed::Wait) | Err(Fault::Peer(_))), "{came_to:?}");
            assert!(end.session.is_handshaking() && end.got.is_empty());
            end.session.secured().resumption
        };
        assert_eq!(meets(&hello), Resumption::Resumed, "{version:?}");
        let mut resumed = 0;
        for at in 0..hello.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bad = hello.clone();
                bad[at] ^= flip;
                resumed += usize::from(meets(&bad) == Resumption::Resumed);
            }
        }
        // TLS 1.3 signs its hello with the key of the session, all but the headers of the record;
        // TLS 1.2 finds out at the end.
        let most = if version == &rustls::version::TLS13 { 3 * 3 } else { usize::MAX };
        assert!(resumed <= most, "{version:?}: {resumed}");
    }
}
