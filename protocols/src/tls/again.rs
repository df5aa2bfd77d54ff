//! Clients that come back by a ticket: what they have shown once is judged again.

use std::sync::Arc;

use rustls::server::danger::ClientCertVerifier;
use rustls::time_provider::TimeProvider;
use rustls::{Connection, Error, HandshakeKind};

/// Judges the certificate in a ticket as that of a whole handshake is: it may have run out since.
/// rustls does not, and gives each that comes back a new ticket.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) known: Arc<dyn ClientCertVerifier>,
    pub(super) clock: Arc<dyn TimeProvider>,
}

impl Again {
    /// Asked once, when the handshake is done.
    pub(super) fn judge(&self, connection: &Connection) -> Result<(), Error> {
        if connection.handshake_kind() != Some(HandshakeKind::Resumed) {
            return Ok(());
        }
        match connection.peer_certificates() {
            Some([first, others @ ..]) => {
                let now = self.clock.current_time().ok_or(Error::FailedToGetCurrentTime)?;
                self.known.verify_client_cert(first, others, now).map(drop)
            }
            _ if self.known.client_auth_mandatory() => Err(Error::NoCertificatesPresented),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use rcgen::{Certificate, CertificateParams, Issuer, KeyPair};
    use rustls::client::danger::HandshakeSignatureValid as Valid;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
    use rustls::server::WebPkiClientVerifier;
    use rustls::server::danger::ClientCertVerified;
    use rustls::{
        CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, DistinguishedName,
        RootCertStore, SignatureScheme,
    };

    use super::*;
    use crate::contract::{Block, Fault, Resumption, Rx, Tx};
    use crate::tls::identity::provider;
    use crate::tls::{
        Acceptor, CERTIFICATE_EXPIRED, Certificates, Fed, Identity, Server, Settings,
    };

    /// Says at some time that every certificate has run out.
    #[derive(Debug)]
    struct Moody(Arc<dyn ClientCertVerifier>, AtomicBool);

    impl ClientCertVerifier for Moody {
        fn root_hint_subjects(&self) -> &[DistinguishedName] {
            self.0.root_hint_subjects()
        }

        fn verify_client_cert(
            &self,
            first: &CertificateDer<'_>,
            others: &[CertificateDer<'_>],
            now: UnixTime,
        ) -> Result<ClientCertVerified, Error> {
            if self.1.load(Ordering::Relaxed) {
                return Err(Error::InvalidCertificate(CertificateError::Expired));
            }
            self.0.verify_client_cert(first, others, now)
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<Valid, Error> {
            self.0.verify_tls12_signature(message, cert, signed)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<Valid, Error> {
            self.0.verify_tls13_signature(message, cert, signed)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.supported_verify_schemes()
        }
    }

    /// An authority, and what it vouches for.
    fn vouched() -> (CertificateDer<'static>, [(Certificate, KeyPair); 2]) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).expect("a root").der().clone();
        let issuer = Issuer::new(params, key);
        let both = ["server.example", "client.example"].map(|name| {
            let key = KeyPair::generate().expect("a key");
            let params = CertificateParams::new([name.to_owned()]).expect("a name");
            (params.signed_by(&key, &issuer).expect("a certificate"), key)
        });
        (root, both)
    }

    /// What the server says after the client has shaken hands and said a word, and what came of it.
    fn meet(
        server: &Server,
        config: &Arc<ClientConfig>,
    ) -> (Result<Fed, Fault>, usize, Resumption) {
        let name = ServerName::try_from("server.example").expect("a name");
        let mut client = ClientConnection::new(Arc::clone(config), name).expect("a connection");
        let mut session = server.accept().expect("a session");
        let (mut cipher, mut plain) = (Rx::new(1 << 20), Rx::new(1 << 20));
        cipher.lend(Block::new(1 << 17));
        plain.lend(Block::new(1 << 16));
        let mut out = Tx::new(crate::contract::Marks::default());
        let mut said = Ok(Fed::Wait);
        std::io::Write::write_all(&mut client.writer(), b"word").expect("memory takes it");
        while client.wants_write() && said.is_ok() {
            let mut wire = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut wire).expect("memory takes it");
            }
            cipher.rewind();
            cipher.space()[..wire.len()].copy_from_slice(&wire);
            cipher.commit(wire.len());
            said = session.feed(&mut cipher, &mut out, &mut plain);
            while let Some((mut bytes, _)) = out.front() {
                let n = client.read_tls(&mut bytes).expect("memory gives it");
                out.consume(n, drop);
                client.process_new_packets().expect("nothing wrong");
            }
        }
        (said, plain.len(), session.secured().resumption)
    }

    #[test]
    fn who_comes_back_by_a_ticket_is_judged_again() {
        let (root, [(cert, key), (shown, secret)]) = vouched();
        let identity = Identity::from_pem(cert.pem().as_bytes(), key.serialize_pem().as_bytes());
        let certificates = Certificates::new();
        certificates.put(identity.expect("a pair")).expect("room");
        let mut roots = RootCertStore::empty();
        roots.add(root).expect("a root");
        let roots = Arc::new(roots);
        let builder = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider());
        let moody = Arc::new(Moody(builder.build().expect("roots"), AtomicBool::new(false)));
        let settings = Settings { certificates, ..Settings::default() };
        let server = Server::judging(settings, moody.clone()).expect("good settings");
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let secret = PrivateKeyDer::try_from(secret.serialize_der()).expect("a key");
            let config = ClientConfig::builder_with_provider(provider())
                .with_protocol_versions(&[version])
                .expect("a version")
                .with_root_certificates(roots.clone())
                .with_client_auth_cert(vec![shown.der().clone()], secret)
                .expect("a pair");
            let config = Arc::new(config);
            moody.1.store(false, Ordering::Relaxed);
            assert_eq!(meet(&server, &config), (Ok(Fed::Wait), 4, Resumption::Full));
            assert_eq!(meet(&server, &config), (Ok(Fed::Wait), 4, Resumption::Resumed));
            moody.1.store(true, Ordering::Relaxed);
            // Not a byte of what it has said is handed over.
            let refused = Err(Fault::Peer(CERTIFICATE_EXPIRED));
            assert_eq!(meet(&server, &config), (refused, 0, Resumption::Resumed), "{version:?}");
        }
    }
}
