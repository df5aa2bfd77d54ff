//! A certificate and its key, as files have them.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, SignatureAlgorithm};
use webpki::EndEntityCert;

use super::Error;

/// Who a server is: a chain of certificates, the private key of the first, and its names.
///
/// A copy of it is cheap.
#[derive(Clone)]
pub struct Identity {
    pub(super) key: Arc<CertifiedKey>,
    names: Arc<[Box<str>]>,
}

impl Identity {
    /// Reads a chain, whose first certificate is the server's own, and the private key of that one.
    ///
    /// It is served under the DNS names of the certificate (`subjectAltName`); `*.a.b` is each name
    /// of one label more than `a.b`. IP addresses are not looked up: nobody asks for them by name.
    ///
    /// # Errors
    /// What of it cannot be read, or that the key is not that of the certificate.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, Error> {
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(not_pem)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
            pem::Error::NoItemsFound => Error::NoKey,
            other => not_pem(other),
        })?;
        let names = names_of(chain.first().ok_or(Error::NoCertificate)?)?;
        for certificate in &chain[1..] {
            EndEntityCert::try_from(certificate).map_err(|_| Error::BadCertificate)?;
        }
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Error::KeyMismatch,
            rustls::Error::InvalidCertificate(_) => Error::BadCertificate,
            _ => Error::BadKey,
        })?;
        Ok(Identity { key: Arc::new(key), names })
    }

    /// The DNS names of the certificate, in small letters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// Whether `other` serves the same clients under the same names, as a renewed one does.
    pub(super) fn stands_for(&self, other: &Identity) -> bool {
        self.names == other.names && self.kind() == other.kind()
    }

    /// Whether it is the same chain, and so the same key.
    pub(super) fn is(&self, other: &Identity) -> bool {
        self.key.cert == other.key.cert
    }

    fn kind(&self) -> SignatureAlgorithm {
        self.key.key.algorithm()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("names", &self.names).finish_non_exhaustive()
    }
}

/// What all the cryptography is done with: with two of them in a program rustls has no default.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Sorted, so that the same names in another order are the same.
fn names_of(certificate: &CertificateDer<'_>) -> Result<Arc<[Box<str>]>, Error> {
    let parsed = EndEntityCert::try_from(certificate).map_err(|_| Error::BadCertificate)?;
    let mut names: Vec<Box<str>> =
        parsed.valid_dns_names().map(|name| name.to_ascii_lowercase().into()).collect();
    names.sort();
    names.dedup();
    Ok(names.into())
}

fn not_pem(_: pem::Error) -> Error {
    Error::NotPem
}
