//! A port for all loops of a fleet.

use std::io;
use std::net::SocketAddr;

/// A port that is taken for a fleet before its loops are made, so that all of them get the same
/// one.
#[derive(Debug)]
pub struct Reservation {
    address: SocketAddr,
    /// Bound and not listening: the kernel gives it no connection. A copy of it is in each table
    /// of [`Descriptors::PerLoop`](super::Descriptors::PerLoop), and the port is free again when
    /// the last one is closed.
    _socket: socket2::Socket,
}

impl Reservation {
    /// Takes a port; the system's choice for port 0.
    ///
    /// # Errors
    /// Where the address cannot be had.
    pub fn new(at: SocketAddr) -> io::Result<Self> {
        let domain = socket2::Domain::for_address(at);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.bind(&at.into())?;
        let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Reservation { address, _socket: socket })
    }

    /// Where each loop listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
