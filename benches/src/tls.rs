//! TLS for the peers and the load generators: a certificate made at start, and trust in it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::client::Resumption;
use rustls::crypto::ring::Ticketer;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::failure::Failure;

/// The name in the certificates of all servers here.
pub const SERVER_NAME: &str = "localhost";

/// The protocol of the QUIC echo servers.
pub const ALPN_ECHO: &[u8] = b"echo";

/// Of servers that a client remembers; there is one.
const SESSIONS: usize = 8;

/// A server with a certificate of its own, which is written to `cert_out` as PEM.
pub fn server(cert_out: &Path, alpn: &[&[u8]]) -> Result<ServerConfig, Failure> {
    let CertifiedKey { cert, signing_key } = certificate(cert_out)?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).map_err(Failure::failed)?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .map_err(Failure::failed)?;
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// The same, whose tickets are sealed, so that it remembers no client.
pub fn resumable_server(cert_out: &Path) -> Result<ServerConfig, Failure> {
    let mut config = server(cert_out, &[])?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = Ticketer::new().map_err(Failure::failed)?;
    Ok(config)
}

/// The same certificate for a server of another kind: it and its key are written as PEM.
pub fn save(cert_out: &Path, key_out: &Path) -> Result<(), Failure> {
    let key = certificate(cert_out)?.signing_key.serialize_pem();
    fs::write(key_out, key)
        .map_err(|error| Failure::from(error).during(&key_out.display().to_string()))
}

/// A client that trusts the certificates in the PEM file `trust`, and speaks TLS 1.3 alone.
///
/// It resumes nothing: every connection does the whole handshake.
pub fn client(trust: &Path, alpn: &[&[u8]]) -> Result<ClientConfig, Failure> {
    let roots = roots(trust).map_err(|failure| failure.during(&trust.display().to_string()))?;
    let mut config = ClientConfig::builder_with_protocol_versions(&[&TLS13])
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// The same, which takes every ticket that it is given, and comes back by it.
pub fn resuming_client(trust: &Path) -> Result<ClientConfig, Failure> {
    let mut config = client(trust, &[])?;
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    Ok(config)
}

/// A certificate that signs itself, written to `cert_out` as PEM.
fn certificate(cert_out: &Path) -> Result<CertifiedKey<KeyPair>, Failure> {
    let certified =
        generate_simple_self_signed([SERVER_NAME.to_owned()]).map_err(Failure::failed)?;
    fs::write(cert_out, certified.cert.pem())
        .map_err(|error| Failure::from(error).during(&cert_out.display().to_string()))?;
    Ok(certified)
}

fn roots(trust: &Path) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(trust).map_err(Failure::failed)? {
        roots.add(certificate.map_err(Failure::failed)?).map_err(Failure::failed)?;
    }
    if roots.is_empty() {
        return Err(Failure::failed("there is no certificate in it"));
    }
    Ok(roots)
}
