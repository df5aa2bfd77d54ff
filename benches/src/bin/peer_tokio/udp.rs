//! The UDP echo server of tokio's own examples.

use std::net::SocketAddr;

use readily_benches::cli::{self, Subcommand};
use readily_benches::failure::Failure;
use tokio::net::UdpSocket;
use tokio::signal::unix::{SignalKind, signal};

use crate::runtime::{self, Threads};

/// The longest datagram there is.
const LONGEST: usize = 64 * 1024;

pub(crate) const UDP: Subcommand = Subcommand {
    usage: "udp --listen ADDR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        Ok(Box::new(move || runtime::run(Threads::ONE, serve(listen))))
    },
};

async fn serve(listen: SocketAddr) -> Result<(), Failure> {
    let socket = UdpSocket::bind(listen).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    cli::announce(socket.local_addr()?)?;
    tokio::select! {
        failed = echo(socket) => failed,
        _ = terminate.recv() => Ok(()),
    }
}

async fn echo(socket: UdpSocket) -> Result<(), Failure> {
    let mut buffer = vec![0; LONGEST];
    loop {
        let (read, from) = socket.recv_from(&mut buffer).await?;
        socket.send_to(&buffer[..read], from).await?;
    }
}
