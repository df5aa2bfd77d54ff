//! Whom the client trusts when it speaks https.

use std::fs;
use std::path::Path;

use readily::tls;

use super::{Arguments, Scheme, Url};
use crate::{Choice, Failure, Usage};

/// The option that names more authorities, for [`Cli::with_operand`](crate::Cli::with_operand).
pub const AUTHORITIES: Choice =
    ("--ca", "FILE", "trust these authorities too, certificates as PEM");

/// Where a system of Debian's kind has the authorities that it trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The only protocol that is spoken here.
const ALPN: &[&[u8]] = &[b"http/1.1"];

/// What makes the connections of https; none where no URL wants one.
///
/// # Errors
/// [`Failure::Usage`] where a file cannot be read or has no authority, or there is none at all.
pub fn client(asked: &Arguments) -> Result<Option<tls::Client>, Failure> {
    trusting(asked.ca.as_deref(), &asked.urls)
}

/// The same for the authorities of that file, beside the system's, and these URLs.
///
/// # Errors
/// As above.
pub fn trusting(ca: Option<&Path>, urls: &[Url]) -> Result<Option<tls::Client>, Failure> {
    let mut roots = match ca {
        Some(path) => read(path)?,
        None => Vec::new(),
    };
    if urls.iter().all(|url| url.scheme == Scheme::Http) {
        return Ok(None);
    }
    roots.push(b'\n');
    // A system without one has the authorities of `--ca` alone.
    roots.extend(fs::read(SYSTEM).unwrap_or_default());
    match tls::Client::with_roots_pem(&roots, ALPN) {
        Ok(client) => Ok(Some(client)),
        Err(tls::Error::NoCertificate) if ca.is_none() => {
            Err(Usage(format!("https needs --ca FILE, since there is no {SYSTEM}")).into())
        }
        Err(error) => Err(Usage(format!("{SYSTEM}: {error}")).into()),
    }
}

/// A file that is named has to be good by itself.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let told = |what: &dyn std::fmt::Display| Usage(format!("--ca {}: {what}", path.display()));
    let roots = fs::read(path).map_err(|error| told(&error))?;
    tls::Client::with_roots_pem(&roots, ALPN).map_err(|error| told(&error))?;
    Ok(roots)
}
