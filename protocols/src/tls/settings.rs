//! What a server of TLS is to do, without the types of rustls.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::time_provider::DefaultTimeProvider;
use rustls::{KeyLogFile, RootCertStore, ServerConfig};

use super::certificates::Chooser;
use super::identity::provider;
use super::tickets::Keys;
use super::{Certificates, Error, Limits, Plaintext, Tickets};

/// What a server of TLS 1.2 and 1.3 is to do.
#[derive(Clone, Default, Debug)]
pub struct Settings {
    /// What it says who it is with.
    pub certificates: Certificates,
    /// The application protocols that it speaks, the best first; none is any. A client that names
    /// others only is refused, one that names none is not.
    pub alpn: Vec<Vec<u8>>,
    /// Whether clients have to say who they are.
    pub clients: Clients,
    /// What becomes of a client that names nobody, or somebody unknown.
    pub unknown_name: UnknownName,
    /// How sessions are resumed.
    pub tickets: Tickets,
    /// Whether the keys of sessions are written down.
    pub key_log: KeyLog,
    /// What a client is told that speaks HTTP without TLS.
    pub plaintext: Plaintext,
    /// What a client may cost before it is known.
    pub limits: Limits,
}

/// Whether clients have to say who they are, by a certificate of their own.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Clients {
    /// They are not asked.
    #[default]
    Anyone,
    /// They have to be known, or the handshake fails.
    Known {
        /// The authorities that vouch for them, certificates as PEM.
        roots_pem: Vec<u8>,
    },
    /// They may have no certificate; one that they have must be good.
    KnownOrNone {
        /// The authorities that vouch for them, certificates as PEM.
        roots_pem: Vec<u8>,
    },
}

/// What becomes of a client that asks for no name (SNI), or for one that no certificate has.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum UnknownName {
    /// It gets the first certificate, and decides for itself.
    #[default]
    First,
    /// It is told that the name is unknown: `unrecognized_name`.
    Refuse,
}

/// Whether the keys of sessions are written down, so that a capture of them can be read.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum KeyLog {
    /// They are not.
    #[default]
    Off,
    /// To the file that the environment variable `SSLKEYLOGFILE` names, if any. For debugging: the
    /// loop waits for the file, and whoever reads it reads every connection.
    FromEnv,
}

impl Settings {
    /// The same in the words of rustls.
    pub(super) fn config(&self, known: Arc<dyn ClientCertVerifier>) -> Result<ServerConfig, Error> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            // It has suites of both, so that this does not come up.
            .map_err(|_| Error::BadKey)?;
        let chooser =
            Chooser { certificates: self.certificates.clone(), unknown: self.unknown_name };
        let mut config =
            builder.with_client_cert_verifier(known).with_cert_resolver(Arc::new(chooser));
        config.alpn_protocols.clone_from(&self.alpn);
        // Sessions are with the clients alone: nothing is kept here that would have to be bounded.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = self.tickets.count;
        if self.tickets.count > 0 {
            let clock = Arc::new(DefaultTimeProvider);
            let keys = Keys::new(self.tickets, self.certificates.clone(), clock)?;
            config.ticketer = Arc::new(keys);
        }
        if self.key_log == KeyLog::FromEnv {
            config.key_log = Arc::new(KeyLogFile::new());
        }
        Ok(config)
    }
}

impl Clients {
    pub(super) fn verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, Error> {
        let (pem, optional) = match self {
            Clients::Anyone => return Ok(WebPkiClientVerifier::no_client_auth()),
            Clients::Known { roots_pem } => (roots_pem, false),
            Clients::KnownOrNone { roots_pem } => (roots_pem, true),
        };
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(pem) {
            let root = root.map_err(|_| Error::BadRoots)?;
            roots.add(root).map_err(|_| Error::BadRoots)?;
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let builder = if optional { builder.allow_unauthenticated() } else { builder };
        // There is no authority at all.
        builder.build().map_err(|_| Error::BadRoots)
    }
}
