//! What both sides of TLS and QUIC are configured with.

use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};

pub(crate) type Version = &'static SupportedProtocolVersion;

pub(crate) const BOTH: [Version; 2] = [&TLS12, &TLS13];

/// The name in the certificate.
pub(crate) const NAME: &str = "localhost";

/// The application protocol that both sides speak.
pub(crate) const ALPN: &[u8] = b"test";

/// One certificate for all tests, and its key.
///
/// It is one of Ed25519: such a signature always has the same length, so that what is random in a
/// handshake changes no length on the way, and the same seed is the same run.
fn identity() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    static MADE: OnceLock<(CertificateDer<'static>, Vec<u8>)> = OnceLock::new();
    let (certificate, key) = MADE.get_or_init(|| {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
        let params = rcgen::CertificateParams::new(vec![NAME.to_owned()]).expect("a name");
        let made = params.self_signed(&key).expect("a certificate");
        (made.der().clone(), key.serialize_der())
    });
    let key = PrivateKeyDer::try_from(key.clone()).expect("a key");
    (certificate.clone(), key)
}

pub(crate) fn server(versions: &[Version]) -> Arc<ServerConfig> {
    let (certificate, key) = identity();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))
        .expect("a configuration");
    config.alpn_protocols = vec![ALPN.to_vec()];
    Arc::new(config)
}

pub(crate) fn client(versions: &[Version]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(identity().0).expect("a root");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("a configuration")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    // A ticket of an earlier test would change the length of a hello.
    config.resumption = rustls::client::Resumption::disabled();
    Arc::new(config)
}
