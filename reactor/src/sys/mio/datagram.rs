//! UDP in batches: several datagrams a system call where the kernel can, one at a time where not.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;

use quinn_udp::{BATCH_SIZE, EcnCodepoint, RecvMeta, UdpSockRef, UdpSocketState};
use readily_protocols::contract::{Datagram, Ecn, Transmit};
use socket2::{Domain, Type};

use crate::sys::{Bind, PortSharing};

/// The largest UDP payload, and so the largest batch of merged datagrams (GRO).
const BUFFER: usize = 64 * 1024;

/// A bound datagram socket.
#[derive(Debug)]
pub struct Socket {
    socket: mio::net::UdpSocket,
    state: UdpSocketState,
}

impl Socket {
    pub(super) fn open(at: SocketAddr, options: &Bind) -> io::Result<(Self, SocketAddr)> {
        let socket = socket2::Socket::new(Domain::for_address(at), Type::DGRAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_reuse_port(options.sharing == PortSharing::Shared)?;
        if let Some(bytes) = options.send_buffer {
            socket.set_send_buffer_size(bytes)?;
        }
        if let Some(bytes) = options.receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.bind(&at.into())?;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let socket = mio::net::UdpSocket::from_std(socket.into());
        let bound = socket.local_addr()?;
        Ok((Socket { socket, state }, bound))
    }

    pub(super) fn source(&mut self) -> &mut mio::net::UdpSocket {
        &mut self.socket
    }

    /// How many datagrams the system cuts out of one call; fewer once it turned out not to.
    pub(super) fn segments_max(&self) -> usize {
        self.state.max_gso_segments()
    }

    pub(super) fn transmit(&self, transmit: &Transmit, bytes: &[u8]) -> io::Result<()> {
        let out = quinn_udp::Transmit {
            destination: transmit.to,
            ecn: transmit.ecn.and_then(|ecn| EcnCodepoint::from_bits(ecn as u8)),
            contents: &bytes[..transmit.len],
            segment_size: transmit.segment,
            src_ip: transmit.from,
        };
        // By way of mio, so that it sees `WouldBlock` on systems where it must re-arm.
        self.socket.try_io(|| self.state.try_send(UdpSockRef::from(&self.socket), &out))
    }
}

/// Memory for one batch, shared by all sockets of the loop and made with the first.
#[derive(Debug, Default)]
pub(super) struct Buffers(Vec<Box<[u8]>>);

impl Buffers {
    pub(super) fn receive(
        &mut self,
        socket: &Socket,
        each: &mut dyn FnMut(Datagram<'_>),
    ) -> io::Result<usize> {
        if self.0.is_empty() {
            self.0 = (0..BATCH_SIZE).map(|_| vec![0; BUFFER].into_boxed_slice()).collect();
        }
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let received = {
            let mut buffers = self.0.iter_mut();
            let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| {
                IoSliceMut::new(buffers.next().map_or(&mut [], |buffer| &mut **buffer))
            });
            let sock = UdpSockRef::from(&socket.socket);
            socket.socket.try_io(|| socket.state.recv(sock, &mut slices, &mut metas))?
        };
        let mut count = 0;
        for (buffer, meta) in self.0.iter_mut().zip(&metas).take(received) {
            // Merged datagrams are told apart by their stride; an empty one is a chunk of its own.
            for bytes in buffer[..meta.len.max(1)].chunks_mut(meta.stride.max(1)) {
                let bytes = if meta.len == 0 { &mut [] } else { bytes };
                let ecn = meta.ecn.map(ecn);
                each(Datagram { from: meta.addr, to: meta.dst_ip, ecn, bytes });
                count += 1;
            }
        }
        Ok(count)
    }
}

fn ecn(bits: EcnCodepoint) -> Ecn {
    match bits {
        EcnCodepoint::Ect0 => Ecn::Ect0,
        EcnCodepoint::Ect1 => Ecn::Ect1,
        EcnCodepoint::Ce => Ecn::Ce,
    }
}
