//! `https_site` while its certificates are renewed: nobody is lost, and what was agreed under an
//! earlier one is not resumed.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, HandshakeKind, SupportedProtocolVersion};

use crate::https_site::{REQUEST, answers};
use crate::server::Server;
use crate::tls_echo::{Tls, client, connect_as};
use crate::tools::Scratch;

const RENEWALS: u64 = 100;

/// A site whose certificates come from one authority, which its clients trust.
struct Site {
    folder: Scratch,
    issuer: Issuer<'static, KeyPair>,
    server: Server,
}

impl Site {
    fn start(name: &str) -> Site {
        let folder = Scratch::folder(name, &[("a/index.html", b"site a")]);
        let path = |name: &str| format!("{}/{name}", folder.path());
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        let authority = params.self_signed(&key).expect("a certificate").pem();
        fs::write(path("ca.pem"), authority).expect("a file");
        let issuer = Issuer::new(params, key);
        let (first, first_key) = issued(&issuer);
        fs::write(path("cert.pem"), first).expect("a file");
        fs::write(path("key.pem"), first_key).expect("a file");
        let site = format!("localhost={}", path("a"));
        let (cert, key) = (path("cert.pem"), path("key.pem"));
        let options = ["--site", &site, "--cert", &cert, "--key", &key, "--look-every", "1h"];
        let server = Server::on_loopback("https_site", &options);
        Site { folder, issuer, server }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder.path())
    }

    /// New files take the place of the old ones, and the server is told.
    fn renew(&self) {
        let (cert, key) = issued(&self.issuer);
        for (name, text) in [("cert.pem", cert), ("key.pem", key)] {
            fs::write(self.path("new"), text).expect("a file");
            fs::rename(self.path("new"), self.path(name)).expect("a file");
        }
        self.server.hang_up();
    }

    fn client(&self, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
        client(&self.path("ca.pem"), version)
    }
}

/// A connection that is served: how its handshake was, and which certificate it saw.
fn meet(client: &Arc<ClientConfig>, at: SocketAddr) -> (HandshakeKind, Vec<u8>) {
    let mut tls = connect_as(client, at);
    assert!(is_served(&mut tls));
    (tls.conn.handshake_kind().expect("it is done"), certificate(&tls))
}

/// A certificate for `localhost`, and its key.
fn issued(issuer: &Issuer<'static, KeyPair>) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let cert = params.signed_by(&key, issuer).expect("a certificate");
    (cert.pem(), key.serialize_pem())
}

/// Whether a request is answered with the page.
fn is_served(tls: &mut Tls) -> bool {
    tls.write_all(REQUEST.as_bytes()).is_ok() && answers(tls)
}

fn certificate(tls: &Tls) -> Vec<u8> {
    tls.conn.peer_certificates().expect("a certificate")[0].to_vec()
}

/// Lets the clients end, however their test does.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn certificates_that_are_renewed_under_load_lose_nobody() {
    let site = Site::start("https-load");
    let mut kept = connect_as(&site.client(&TLS13), site.server.ip());
    assert!(is_served(&mut kept));
    let (at, ends, served) = (site.server.ip(), AtomicBool::new(false), AtomicU64::new(0));
    let comes = |client: Arc<ClientConfig>| {
        let mut seen = BTreeSet::new();
        while !ends.load(Ordering::Acquire) {
            seen.insert(meet(&client, at).1);
            served.fetch_add(1, Ordering::AcqRel);
        }
        seen
    };
    let seen = thread::scope(|scope| {
        let ends_now = Ends(&ends);
        let clients = [&TLS12, &TLS13, &TLS13].map(|version| site.client(version));
        let clients = clients.map(|client| scope.spawn(|| comes(client)));
        for nth in 1..=RENEWALS {
            // Somebody has come since the last time.
            let before = served.load(Ordering::Acquire);
            while served.load(Ordering::Acquire) == before {
                assert!(!clients.iter().any(|client| client.is_finished()), "it was not served");
                thread::yield_now();
            }
            site.renew();
            assert_eq!(site.server.line(), Some(format!("certificates were read again ({nth})")));
            assert!(is_served(&mut kept), "{nth}");
        }
        drop(ends_now);
        let seen = clients.map(|client| client.join().expect("it is served"));
        seen.into_iter().flatten().collect::<BTreeSet<_>>()
    });
    assert!(seen.len() as u64 > RENEWALS / 2, "{} certificates were seen", seen.len());
    drop(kept);
    let printed = site.server.stop();
    let of = format!("connections {}, ", served.load(Ordering::Acquire) + 1);
    assert!(printed[0].starts_with(&of) && !printed[0].contains("failed"), "{printed:#?}");
}

#[test]
fn a_session_outlives_the_same_certificate_and_no_other() {
    use HandshakeKind::{Full, Resumed};
    let site = Site::start("https-tickets");
    let at = site.server.ip();
    let mut told = 0;
    let mut tells = || {
        told += 1;
        assert_eq!(site.server.line(), Some(format!("certificates were read again ({told})")));
    };
    for version in [&TLS12, &TLS13] {
        let client = site.client(version);
        let (kind, first) = meet(&client, at);
        assert_eq!(kind, Full, "{version:?}");
        assert_eq!(meet(&client, at).0, Resumed, "{version:?}");
        // The same files, read once more.
        site.server.hang_up();
        tells();
        assert_eq!(meet(&client, at).0, Resumed, "{version:?}");
        // Others: the ticket is worth nothing, and costs nothing but a whole handshake.
        site.renew();
        tells();
        let (kind, second) = meet(&client, at);
        assert!(kind == Full && second != first, "{version:?}: {kind:?}");
        assert_eq!(meet(&client, at).0, Resumed, "{version:?}");
    }
    site.server.stop();
}
