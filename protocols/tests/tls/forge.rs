//! A client that can do what a correct one never does.

use std::sync::Arc;

use rustls::crypto::cipher::{MessageEncrypter, OutboundChunks, OutboundPlainMessage};
use rustls::crypto::ring;
use rustls::crypto::ring::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS13_CHACHA20_POLY1305_SHA256,
};
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion,
    SupportedCipherSuite,
};

use crate::pair::{End, Version, client_with, server_config};

/// A client of rustls, bare.
pub(crate) struct Raw(pub(crate) ClientConnection);

impl Raw {
    pub(crate) fn new(config: ClientConfig) -> Self {
        let name = ServerName::try_from("localhost").expect("a name");
        Raw(ClientConnection::new(Arc::new(config), name).expect("a connection"))
    }

    pub(crate) fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.0.wants_write() {
            self.0.write_tls(&mut bytes).expect("a vector takes all");
        }
        bytes
    }

    pub(crate) fn receive(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            self.0.read_tls(&mut bytes).expect("a slice gives all");
            self.0.process_new_packets()?;
        }
        Ok(())
    }

    /// One that has shaken hands.
    pub(crate) fn shaken(config: ClientConfig, server: &mut End) -> Self {
        let mut client = Raw::new(config);
        while client.0.is_handshaking() || server.session.is_handshaking() {
            server.receive(&client.take()).expect("a good handshake");
            client.receive(&server.take()).expect("a good handshake");
        }
        client
    }
}

/// The client's half of a session, whose records are whatever one likes.
pub(crate) struct Forger {
    encrypter: Box<dyn MessageEncrypter>,
    sequence: u64,
}

impl Forger {
    /// A server, and a forger that it has shaken hands with.
    pub(crate) fn meet(version: Version) -> (Self, End) {
        let mut provider = ring::default_provider();
        provider.cipher_suites =
            vec![TLS13_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256];
        let mut config = client_with(provider, &[version]);
        config.enable_secret_extraction = true;
        let mut server = End::server(server_config(&[version]));
        let client = Raw::shaken(config, &mut server).0;
        let suite = client.negotiated_cipher_suite().expect("it has shaken hands");
        let (sequence, secrets) = client.dangerous_extract_secrets().expect("it may").tx;
        let ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } = secrets else {
            panic!("another suite was agreed on");
        };
        let encrypter = match suite {
            SupportedCipherSuite::Tls12(suite) => suite.aead_alg.encrypter(key, iv.as_ref(), &[]),
            SupportedCipherSuite::Tls13(suite) => suite.aead_alg.encrypter(key, iv),
        };
        (Forger { encrypter, sequence }, server)
    }

    pub(crate) fn record(&mut self, typ: ContentType, payload: &[u8]) -> Vec<u8> {
        let version = ProtocolVersion::TLSv1_2;
        let message =
            OutboundPlainMessage { typ, version, payload: OutboundChunks::Single(payload) };
        let record = self.encrypter.encrypt(message, self.sequence).expect("it encrypts");
        self.sequence += 1;
        record.encode()
    }
}
