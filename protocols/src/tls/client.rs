//! Sessions with servers.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::buffered::Buffered;
use super::fault::{CONFIGURATION, NO_PROTOCOL, SERVER_NAME};
use super::identity::provider;
use super::{Error, Fed, Identity, Initiator, Session};
use crate::contract::{Fault, Rx, Secured, Tx};

/// The client's side of TLS: makes sessions with servers.
///
/// A copy of it is cheap, and shares the sessions that can be resumed: they are kept by the name of
/// the server, so that a second connection costs it no certificate.
#[derive(Clone, Debug)]
pub struct Client {
    config: Arc<ClientConfig>,
    alpn: Alpn,
}

/// What is made of a server that chooses none of the application protocols.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Alpn {
    /// Whoever asks [`Secured::alpn`] decides.
    Offered,
    /// It is refused.
    Required,
}

impl Client {
    /// Sessions with this configuration.
    pub fn new(config: Arc<ClientConfig>) -> Self {
        Client { config, alpn: Alpn::Offered }
    }

    /// TLS 1.2 and 1.3 with servers that these authorities vouch for, certificates as PEM; `alpn`
    /// is the application protocols to offer, the best first.
    ///
    /// An authority that cannot be read is left out, since a system's list may have one that is
    /// of no use to us; one at least has to be good.
    ///
    /// # Errors
    /// [`Error::NotPem`], [`Error::NoCertificate`], or [`Error::BadCertificate`] where none can be
    /// used.
    pub fn with_roots_pem(roots: &[u8], alpn: &[&[u8]]) -> Result<Self, Error> {
        let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(roots)
            .collect::<Result<_, _>>()
            .map_err(|_| Error::NotPem)?;
        if certificates.is_empty() {
            return Err(Error::NoCertificate);
        }
        let mut store = RootCertStore::empty();
        if store.add_parsable_certificates(certificates).0 == 0 {
            return Err(Error::BadCertificate);
        }
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|_| Error::BadCertificate)?
            .with_root_certificates(store)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Client::new(Arc::new(config)))
    }

    /// The same, which says who it is to servers that ask. What it remembers of sessions is its own
    /// from here on, as by default, also where the configuration had switched that off.
    #[must_use]
    pub fn identity(self, identity: &Identity) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        let key = SingleCertAndKey::from(Arc::clone(&identity.key));
        config.client_auth_cert_resolver = Arc::new(key);
        // A session of somebody else must not be gone on with.
        config.resumption = rustls::client::Resumption::default();
        Client { config: Arc::new(config), ..self }
    }

    /// The same, which refuses a server that chooses none of the protocols offered: that is
    /// [`NO_PROTOCOL`].
    #[must_use]
    pub fn strict_alpn(self) -> Self {
        Client { alpn: Alpn::Required, ..self }
    }

    /// A session with the server of this name, a DNS name or an IP address; its first
    /// [`feed`](Session::feed) queues the hello.
    ///
    /// # Errors
    /// A [`Fault::Local`] for what is no name, or where the configuration does not allow for a
    /// session.
    pub fn connect(&self, name: &str) -> Result<Box<dyn Session>, Fault> {
        let server = ServerName::try_from(name).map_err(|_| Fault::Local(SERVER_NAME))?.to_owned();
        let connection = ClientConnection::new(Arc::clone(&self.config), server);
        let connection = connection.map_err(|_| Fault::Local(CONFIGURATION))?;
        let offers = !self.config.alpn_protocols.is_empty();
        let alpn = if offers { self.alpn } else { Alpn::Offered };
        Ok(Box::new(Outgoing { session: Buffered::client(connection), name: name.into(), alpn }))
    }
}

impl Initiator for Client {
    fn initiate(&self, name: &str) -> Result<Box<dyn Session>, Fault> {
        self.connect(name)
    }
}

/// A session that knows whom it was meant for.
struct Outgoing {
    session: Buffered,
    name: Box<str>,
    alpn: Alpn,
}

impl Session for Outgoing {
    fn feed(&mut self, cipher: &mut Rx, out: &mut Tx, plain: &mut Rx) -> Result<Fed, Fault> {
        let fed = self.session.feed(cipher, out, plain)?;
        if self.alpn == Alpn::Required && !self.session.is_handshaking() {
            if self.session.secured().alpn.is_none() {
                return Err(Fault::Peer(NO_PROTOCOL));
            }
            self.alpn = Alpn::Offered;
        }
        Ok(fed)
    }

    fn seal(&mut self, plain: &mut Tx, out: &mut Tx) -> Result<(), Fault> {
        self.session.seal(plain, out)
    }

    fn close(&mut self, out: &mut Tx) {
        self.session.close(out);
    }

    fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    fn secured(&self) -> Secured {
        Secured { server_name: Some(self.name.clone()), ..self.session.secured() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_read_as_pem_and_one_at_least_has_to_be_good() {
        let good = rcgen::generate_simple_self_signed(["a".to_owned()]).expect("a certificate");
        let (pem, key) = (good.cert.pem(), good.signing_key.serialize_pem());
        let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (roots, error) in [
            (pem.clone(), None),
            (format!("a word before it\n{bad}{pem}"), None),
            (bad.to_owned(), Some(Error::BadCertificate)),
            (String::new(), Some(Error::NoCertificate)),
            ("no PEM at all".to_owned(), Some(Error::NoCertificate)),
            (key, Some(Error::NoCertificate)),
            (pem.replace("-----END", "*****END"), Some(Error::NotPem)),
        ] {
            let read = Client::with_roots_pem(roots.as_bytes(), &[]);
            assert_eq!(read.map(drop).err(), error, "{roots}");
        }
    }
}
