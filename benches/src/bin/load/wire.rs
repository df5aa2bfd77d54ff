//! The socket of a connection, bare or under TLS.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use readily_benches::failure::Failure;
use readily_benches::talk::{Handshake, Lifetime, Talk};
use readily_benches::tls::{self, SERVER_NAME};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, StreamOwned};

/// How connections are made.
pub(crate) struct Dialer {
    to: SocketAddr,
    talk: Talk,
    tls: Option<Arc<ClientConfig>>,
}

impl Dialer {
    /// With `trust`, TLS for servers with a certificate of that file.
    pub(crate) fn new(to: SocketAddr, talk: Talk, trust: Option<&Path>) -> Result<Self, Failure> {
        let config = |file: &Path| match talk.handshake() {
            Handshake::Full => tls::client(file, &[]),
            Handshake::Resumed => tls::resuming_client(file),
        };
        let tls = trust.map(config).transpose()?.map(Arc::new);
        Ok(Self { to, talk, tls })
    }

    /// A connection that does not block, and may not be there yet; a TLS handshake follows with
    /// the first bytes.
    ///
    /// One for a single request is reset where this side ends it: it would leave its port behind
    /// for a minute otherwise, and the system would run out of them within two seconds.
    pub(crate) fn dial(&self) -> Result<Wire, Failure> {
        let family = if self.to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(family, SocketType::STREAM, flags, None)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        if self.talk.lifetime() == Lifetime::OneRequest {
            sockopt::set_socket_linger(&socket, Some(Duration::ZERO))?;
        }
        match connect(&socket, &self.to) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(errno) => return Err(errno.into()),
        }
        let stream = TcpStream::from(socket);
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
    /// Between two connections.
    Closed,
}

impl Wire {
    pub(crate) fn socket(&self) -> io::Result<&TcpStream> {
        match self {
            Self::Plain(stream) => Ok(stream),
            Self::Tls(stream) => Ok(&stream.sock),
            Self::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// How its handshake was done, once that is over; none without TLS.
    pub(crate) fn handshake(&self) -> Option<HandshakeKind> {
        match self {
            Self::Tls(stream) => stream.conn.handshake_kind(),
            Self::Plain(_) | Self::Closed => None,
        }
    }

    /// Whether `read` bytes where `asked` were asked for tell that the kernel has no more now.
    pub(crate) fn is_drained(&self, read: usize, asked: usize) -> bool {
        match self {
            Self::Plain(_) => read < asked,
            // What is short is a record.
            Self::Tls(_) | Self::Closed => false,
        }
    }
}

impl Read for Wire {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
            Self::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }
}

impl Write for Wire {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
            Self::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// Sends what a record has made of bytes that were written.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) | Self::Closed => Ok(()),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
