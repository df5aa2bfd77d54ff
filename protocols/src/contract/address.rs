//! Where a connection comes from or goes to.

use std::fmt;
use std::net::{SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The address of a stream: IP and port, or a path of a Unix socket.
///
/// Text form: `127.0.0.1:80`, `[::1]:80`, `unix:/run/a.sock`, and `unix:@name` for an abstract name
/// (Linux).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Address {
    /// TCP or UDP over IP.
    Ip(SocketAddr),
    /// A Unix socket; a path that starts with `@` is an abstract name, an empty one is unnamed.
    Unix(PathBuf),
}

impl Address {
    /// The IP address and port, where it is one.
    pub fn ip(&self) -> Option<SocketAddr> {
        match self {
            Address::Ip(at) => Some(*at),
            Address::Unix(_) => None,
        }
    }
}

/// Why a text is no address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddressError(String);

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no address: expected IP:PORT, [IPv6]:PORT or unix:PATH", self.0)
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("unix:") {
            Some("" | "@") => Err(AddressError(text.to_owned())),
            Some(path) => Ok(Address::Unix(PathBuf::from(path))),
            None => text.parse().map(Address::Ip).map_err(|_| AddressError(text.to_owned())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(at) => at.fmt(f),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(at: SocketAddr) -> Self {
        Address::Ip(at)
    }
}

impl From<&Path> for Address {
    fn from(path: &Path) -> Self {
        Address::Unix(path.to_owned())
    }
}

/// Where a connection comes from, and what was agreed with it when it was secured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The other side's address.
    pub address: Address,
    /// What was agreed in TLS or QUIC; none on a plain connection.
    pub secured: Option<Secured>,
}

/// What was agreed in the handshake of a secured connection.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Secured {
    /// The application protocol (ALPN, RFC 7301), where one was agreed.
    pub alpn: Option<Box<[u8]>>,
    /// The name that the client asked for (SNI, RFC 6066), where it named one; of an outgoing
    /// connection the name that the server has proved to have.
    pub server_name: Option<Box<str>>,
    /// The certificate that the client has shown and that was found good, as DER: the first of its
    /// chain. None where no client was asked for one, where it has none, and on QUIC.
    pub client_certificate: Option<Box<[u8]>>,
    /// Whether the handshake went on from an earlier session.
    pub resumption: Resumption,
}

/// Whether a handshake went on from an earlier session, which spares it the certificates.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Resumption {
    /// It did not. Streams of QUIC, which do not know, say this too.
    #[default]
    Full,
    /// It did.
    Resumed,
}

/// A peer's address in 16 bytes, since every connection keeps one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Remote {
    /// The common case, in place.
    V4(SocketAddrV4),
    /// Everything else.
    Other(Box<Origin>),
}

impl Remote {
    /// The address in full.
    pub fn address(&self) -> Address {
        match self {
            Remote::V4(at) => Address::Ip(SocketAddr::V4(*at)),
            Remote::Other(origin) => origin.address.clone(),
        }
    }

    /// What was agreed in the handshake; none on a plain connection.
    pub fn secured(&self) -> Option<&Secured> {
        match self {
            Remote::V4(_) => None,
            Remote::Other(origin) => origin.secured.as_ref(),
        }
    }
}

impl From<Address> for Remote {
    fn from(address: Address) -> Self {
        Remote::from(Origin { address, secured: None })
    }
}

impl From<Origin> for Remote {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin { address: Address::Ip(SocketAddr::V4(at)), secured: None } => Remote::V4(at),
            other => Remote::Other(Box::new(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_addresses_print_as_they_were_read() {
        for text in ["127.0.0.1:80", "[::1]:65535", "unix:/run/a.sock", "unix:@abstract", "unix:a"]
        {
            assert_eq!(text.parse::<Address>().map(|a| a.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn texts_that_are_not_are_named_in_the_error() {
        for text in
            ["", "localhost", "127.0.0.1", ":80", "1.2.3.4:65536", "unix:", "unix:@", "::1:80x"]
        {
            let error = text.parse::<Address>().expect_err(text).to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }

    #[test]
    fn a_remote_is_small_and_keeps_its_address() {
        assert_eq!(size_of::<Remote>(), 16);
        for text in ["127.0.0.1:80", "[::1]:1", "unix:/a"] {
            let address: Address = text.parse().expect(text);
            assert_eq!(Remote::from(address.clone()).address(), address);
        }
    }
}
