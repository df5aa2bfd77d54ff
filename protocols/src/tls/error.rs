//! Why certificates or settings cannot be used.

use std::fmt;

/// Why certificates or settings cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The PEM text of a chain has no certificate.
    NoCertificate,
    /// The PEM text has no private key, or one under a password.
    NoKey,
    /// The text is no PEM.
    NotPem,
    /// A certificate cannot be read.
    BadCertificate,
    /// A private key cannot be read, or is of a kind that nobody signs with.
    BadKey,
    /// The private key is not that of the certificate.
    KeyMismatch,
    /// There would be no certificate at all.
    Empty,
    /// There would be more names than [`NAMES_MAX`](super::NAMES_MAX).
    TooManyNames,
    /// The certificates that clients are to be known by cannot be used.
    BadRoots,
    /// There is no randomness for the keys of tickets.
    NoRandomness,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::NoCertificate => "no certificate in the PEM text",
            Error::NoKey => "no private key in the PEM text, or one under a password",
            Error::NotPem => "not a PEM text",
            Error::BadCertificate => "a certificate cannot be read",
            Error::BadKey => "a private key cannot be read, or is of an unknown kind",
            Error::KeyMismatch => "the private key is not that of the certificate",
            Error::Empty => "no certificate is left",
            Error::TooManyNames => "too many names",
            Error::BadRoots => "the certificates of client authorities cannot be used",
            Error::NoRandomness => "no randomness for the keys of tickets",
        })
    }
}

impl std::error::Error for Error {}
