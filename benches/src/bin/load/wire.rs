//! The socket of a connection, bare or under TLS.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use readily_benches::failure::Failure;
use readily_benches::tls::{self, SERVER_NAME};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// How connections are made.
pub(crate) struct Dialer {
    to: SocketAddr,
    limit: Duration,
    tls: Option<Arc<ClientConfig>>,
}

impl Dialer {
    /// With `trust`, TLS for servers with a certificate of that file.
    pub(crate) fn new(
        to: SocketAddr,
        limit: Duration,
        trust: Option<&Path>,
    ) -> Result<Self, Failure> {
        let tls = trust.map(|file| tls::client(file, &[])).transpose()?.map(Arc::new);
        Ok(Self { to, limit, tls })
    }

    /// A connection that does not block; a TLS handshake follows with the first bytes.
    pub(crate) fn dial(&self) -> Result<Wire, Failure> {
        let stream = TcpStream::connect_timeout(&self.to, self.limit)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let Some(config) = &self.tls else { return Ok(Wire::Plain(stream)) };
        let name = ServerName::try_from(SERVER_NAME).map_err(Failure::failed)?;
        let session = ClientConnection::new(config.clone(), name).map_err(Failure::failed)?;
        Ok(Wire::Tls(Box::new(StreamOwned::new(session, stream))))
    }
}

/// One connection's bytes.
pub(crate) enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Whether `read` bytes where `asked` were asked for tell that the kernel has no more now.
    pub(crate) fn is_drained(&self, read: usize, asked: usize) -> bool {
        match self {
            Self::Plain(_) => read < asked,
            // What is short is a record.
            Self::Tls(_) => false,
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    /// Sends what a record has made of bytes that were written.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
