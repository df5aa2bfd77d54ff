//! Sends each datagram back: the first [`Endpoint`].

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use crate::contract::{App, Datagram, Desk, Endpoint, Transmit};

/// Ports of services that answer anything: two of them facing each other never stop (RFC 862, 863,
/// 864, 865, 867, 868).
const LOOP_PORTS: [u16; 7] = [0, 7, 9, 13, 17, 19, 37];

/// The echo of RFC 862 over datagrams.
///
/// It never answers with more than it got, does not answer the ports of other answering services,
/// and drops and counts what is larger than its limit or finds its queue full.
#[derive(Debug)]
pub struct UdpEcho {
    queue: VecDeque<Reply>,
    limits: UdpEchoLimits,
    dropped: u64,
}

/// The bounds of a [`UdpEcho`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UdpEchoLimits {
    /// The largest datagram that is echoed, in bytes. What is larger than the path's MTU less its
    /// headers (1472 on Ethernet over IPv4) may arrive in fragments but is not sent so: the loop's
    /// sockets do not fragment, and count such an answer as lost.
    pub datagram: usize,
    /// How many answers may wait for the socket.
    pub queue: usize,
}

impl Default for UdpEchoLimits {
    fn default() -> Self {
        UdpEchoLimits { datagram: 1500, queue: 64 }
    }
}

#[derive(Debug)]
struct Reply {
    to: SocketAddr,
    from: Option<IpAddr>,
    bytes: Box<[u8]>,
}

impl UdpEcho {
    /// An echo with these bounds.
    pub fn new(limits: UdpEchoLimits) -> Self {
        UdpEcho { queue: VecDeque::new(), limits, dropped: 0 }
    }
}

impl Default for UdpEcho {
    fn default() -> Self {
        UdpEcho::new(UdpEchoLimits::default())
    }
}

impl<A: App> Endpoint<A> for UdpEcho {
    fn handle(&mut self, datagram: Datagram<'_>, _: &mut Desk<'_, A>) {
        let refused = datagram.bytes.len() > self.limits.datagram
            || self.queue.len() >= self.limits.queue
            || LOOP_PORTS.contains(&datagram.from.port());
        if refused {
            self.dropped += 1;
            return;
        }
        let bytes = (&*datagram.bytes).into();
        self.queue.push_back(Reply { to: datagram.from, from: datagram.to, bytes });
    }

    fn poll_transmit(
        &mut self,
        into: &mut Vec<u8>,
        _: usize,
        _: &mut Desk<'_, A>,
    ) -> Option<Transmit> {
        let reply = self.queue.pop_front()?;
        let len = reply.bytes.len();
        into.extend_from_slice(&reply.bytes);
        Some(Transmit { to: reply.to, from: reply.from, ecn: None, len, segment: None })
    }

    fn has_room(&self) -> bool {
        self.queue.len() < self.limits.queue
    }

    fn dropped(&self) -> u64 {
        self.dropped
    }
}
