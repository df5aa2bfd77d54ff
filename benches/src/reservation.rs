//! A port of one's own, for servers that do not say which one they got.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket, sockopt};

use crate::failure::Failure;

/// A port that nobody is given by chance while this lives.
///
/// Its socket never listens. Whoever binds the same address on purpose, with `SO_REUSEADDR` as all
/// servers do, gets every connection.
#[derive(Debug)]
pub struct Reservation {
    _socket: OwnedFd,
    address: SocketAddr,
}

impl Reservation {
    /// Takes `listen`, or a free port where it has port 0.
    pub fn new(listen: SocketAddr) -> Result<Self, Failure> {
        let family = if listen.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = socket(family, SocketType::STREAM, None)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        // may's listeners share a port with nobody who does not allow it too.
        sockopt::set_socket_reuseport(&socket, true)?;
        bind(&socket, &listen)?;
        let address = SocketAddr::try_from(getsockname(&socket)?)?;
        Ok(Self { _socket: socket, address })
    }

    /// What is reserved.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_port_is_held_for_who_names_it() -> Result<(), Failure> {
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        let reservation = Reservation::new(any)?;
        let address = reservation.address();
        assert_ne!(Reservation::new(any)?.address(), address);
        let listener = TcpListener::bind(address)?;
        let client = TcpStream::connect(address)?;
        assert_eq!(listener.accept()?.1, client.local_addr()?);
        Ok(())
    }
}
