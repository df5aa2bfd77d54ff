//! A datagram in, the same one out.

use std::net::{SocketAddr, UdpSocket};

use readily_benches::cli::{self, Subcommand};
use readily_benches::failure::Failure;
use readily_benches::terminate;

/// The longest datagram there is.
const LONGEST: usize = 64 * 1024;

pub(crate) const UDP: Subcommand = Subcommand {
    usage: "udp --listen ADDR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        Ok(Box::new(move || serve(listen)))
    },
};

fn serve(listen: SocketAddr) -> Result<(), Failure> {
    terminate::exit_on_sigterm()?;
    let socket = UdpSocket::bind(listen)?;
    cli::announce(socket.local_addr()?)?;
    let mut buffer = vec![0; LONGEST];
    loop {
        let (read, from) = socket.recv_from(&mut buffer)?;
        socket.send_to(&buffer[..read], from)?;
    }
}
