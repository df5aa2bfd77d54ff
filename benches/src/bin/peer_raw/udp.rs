//! The limit of a UDP echo server: as many datagrams as there are with one system call, and back
//! with another one.

use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};
use readily_benches::cli::{self, Subcommand};
use readily_benches::failure::Failure;
use readily_benches::terminate;

/// Datagrams taken from the kernel at once.
const BATCH: usize = 64;

/// More than the longest datagram, by a cache line: so all their first lines fit into the cache.
const BUFFER: usize = 64 * 1024 + 64;

pub(crate) const UDP: Subcommand = Subcommand {
    usage: "udp --listen ADDR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        Ok(Box::new(move || serve(listen)))
    },
};

/// Blocks where there is nothing to do: with one socket there is nothing to poll.
fn serve(listen: SocketAddr) -> Result<(), Failure> {
    terminate::exit_on_sigterm()?;
    let socket = UdpSocket::bind(listen)?;
    cli::announce(socket.local_addr()?)?;
    let mut buffers = vec![[0; BUFFER]; BATCH];
    let mut incoming = MultiHeaders::preallocate(BATCH, None);
    // Apart from the others: what is sent leaves its own addresses in them.
    let mut outgoing = MultiHeaders::preallocate(BATCH, None);
    let mut sizes = Vec::with_capacity(BATCH);
    let mut senders = Vec::with_capacity(BATCH);
    loop {
        receive(&socket, &mut incoming, &mut buffers, &mut sizes, &mut senders)?;
        send(&socket, &mut outgoing, &buffers, &sizes, &senders)?;
    }
}

/// Waits for one datagram, and takes all others that are there.
fn receive(
    socket: &UdpSocket,
    headers: &mut MultiHeaders<SockaddrStorage>,
    buffers: &mut [[u8; BUFFER]],
    sizes: &mut Vec<usize>,
    senders: &mut Vec<Option<SockaddrStorage>>,
) -> Result<(), Failure> {
    sizes.clear();
    senders.clear();
    let mut slices: Vec<_> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
    let flags = MsgFlags::MSG_WAITFORONE;
    let received =
        recvmmsg(socket.as_raw_fd(), headers, &mut slices, flags, None).map_err(Failure::failed)?;
    for datagram in received {
        sizes.push(datagram.bytes);
        senders.push(datagram.address);
    }
    Ok(())
}

/// Blocks until all are on their way; after one that cannot be sent the others are lost, as
/// datagrams are.
fn send(
    socket: &UdpSocket,
    headers: &mut MultiHeaders<SockaddrStorage>,
    buffers: &[[u8; BUFFER]],
    sizes: &[usize],
    senders: &[Option<SockaddrStorage>],
) -> Result<(), Failure> {
    let slices: Vec<_> =
        buffers.iter().zip(sizes).map(|(buffer, size)| [IoSlice::new(&buffer[..*size])]).collect();
    sendmmsg(socket.as_raw_fd(), headers, &slices, senders, [], MsgFlags::empty())
        .map_err(Failure::failed)?;
    Ok(())
}
