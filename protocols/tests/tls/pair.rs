//! Both sides of a TLS connection in memory, and what they are configured with.

use std::sync::{Arc, OnceLock};

use readily_protocols::contract::{Block, Fault, Marks, Rx, Tx};
use readily_protocols::tls::{Acceptor, Client, Fed, Server, Session};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};

pub(crate) type Version = &'static SupportedProtocolVersion;

pub(crate) const BOTH: [Version; 2] = [&TLS12, &TLS13];

/// How much a receive buffer holds.
const RX: usize = 64 * 1024;

/// One certificate for all tests, and its key.
pub(crate) fn identity() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    static MADE: OnceLock<(CertificateDer<'static>, Vec<u8>)> = OnceLock::new();
    let (certificate, key) = MADE.get_or_init(|| {
        let names = vec!["localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        (made.cert.der().clone(), made.signing_key.serialize_der())
    });
    let key = PrivateKeyDer::try_from(key.clone()).expect("a key");
    (certificate.clone(), key)
}

pub(crate) fn server_with(provider: CryptoProvider, versions: &[Version]) -> ServerConfig {
    let (certificate, key) = identity();
    ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))
        .expect("a configuration")
}

pub(crate) fn server_config(versions: &[Version]) -> ServerConfig {
    server_with(ring::default_provider(), versions)
}

pub(crate) fn client_with(provider: CryptoProvider, versions: &[Version]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(identity().0).expect("a root");
    ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .expect("a configuration")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

pub(crate) fn client_config(versions: &[Version]) -> ClientConfig {
    client_with(ring::default_provider(), versions)
}

/// One side: its session and all four buffers of a carrier.
pub(crate) struct End {
    pub(crate) session: Box<dyn Session>,
    pub(crate) cipher: Rx,
    pub(crate) out: Tx,
    pub(crate) plain: Rx,
    pub(crate) outgoing: Tx,
    /// All plaintext that came.
    /// What came of encrypting the last time.
    pub(crate) said: Result<(), Fault>,
    pub(crate) got: Vec<u8>,
}

impl End {
    pub(crate) fn new(session: Box<dyn Session>) -> Self {
        let (mut cipher, mut plain) = (Rx::new(RX), Rx::new(RX));
        cipher.lend(Block::new(RX));
        plain.lend(Block::new(RX));
        let (out, outgoing) = (Tx::new(Marks::default()), Tx::new(Marks::default()));
        End { session, cipher, out, plain, outgoing, got: Vec::new(), said: Ok(()) }
    }

    pub(crate) fn server(config: ServerConfig) -> Self {
        End::new(Server::new(Arc::new(config)).accept().expect("a session"))
    }

    /// A client that has said hello.
    pub(crate) fn client(config: ClientConfig) -> Self {
        let session = Client::new(Arc::new(config)).connect("localhost").expect("a session");
        let mut end = End::new(session);
        assert_eq!(end.receive(&[]), Ok(Fed::Wait));
        end
    }

    /// Ciphertext arrives, and what it decrypts to is read.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Result<Fed, Fault> {
        let mut parts = bytes.chunks(RX);
        let mut fed = self.feed(parts.next().unwrap_or_default());
        for part in parts {
            fed = self.feed(part);
        }
        fed
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<Fed, Fault> {
        put(&mut self.cipher, bytes);
        loop {
            let fed = self.session.feed(&mut self.cipher, &mut self.out, &mut self.plain);
            let came = self.plain.len();
            self.got.extend_from_slice(self.plain.bytes());
            self.plain.consume(came);
            self.plain.rewind();
            if fed != Ok(Fed::Held) {
                return fed;
            }
            assert!(came > 0, "held back for want of space, though there was some");
        }
    }

    /// Encrypts `bytes`.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.outgoing.write(bytes);
        self.said = self.session.seal(&mut self.outgoing, &mut self.out);
    }

    pub(crate) fn close(&mut self) {
        self.session.close(&mut self.out);
    }

    /// The ciphertext that waits.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        take(&mut self.out)
    }
}

/// Bytes arrive in `rx`.
pub(crate) fn put(rx: &mut Rx, bytes: &[u8]) {
    rx.rewind();
    rx.space()[..bytes.len()].copy_from_slice(bytes);
    rx.commit(bytes.len());
}

/// All that waits in `tx` is sent.
pub(crate) fn take(tx: &mut Tx) -> Vec<u8> {
    let mut taken = Vec::new();
    while let Some((bytes, _)) = tx.front() {
        let n = bytes.len();
        taken.extend_from_slice(bytes);
        tx.consume(n, drop);
    }
    taken
}

/// Carries what both say until they are silent, and says what each came to last.
pub(crate) fn talk(client: &mut End, server: &mut End) -> (Result<Fed, Fault>, Result<Fed, Fault>) {
    let mut came_to = (Ok(Fed::Wait), Ok(Fed::Wait));
    loop {
        let (up, down) = (client.take(), server.take());
        if up.is_empty() && down.is_empty() {
            return came_to;
        }
        if !up.is_empty() {
            came_to.1 = server.receive(&up);
        }
        if !down.is_empty() {
            came_to.0 = client.receive(&down);
        }
    }
}

/// Two sides that have shaken hands.
pub(crate) fn pair(client: ClientConfig, server: ServerConfig) -> (End, End) {
    let (mut client, mut server) = (End::client(client), End::server(server));
    assert_eq!(talk(&mut client, &mut server), (Ok(Fed::Wait), Ok(Fed::Wait)));
    assert!(!client.session.is_handshaking() && !server.session.is_handshaking());
    (client, server)
}

/// The same, of this version.
pub(crate) fn pair_of(version: Version) -> (End, End) {
    pair(client_config(&[version]), server_config(&[version]))
}
