//! The contract for datagrams: push in, pull out.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::{App, Effects, Streams};

/// The two bits of explicit congestion notification (RFC 3168, section 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ecn {
    /// ECT(1), `01`.
    Ect1 = 1,
    /// ECT(0), `10`.
    Ect0 = 2,
    /// CE, `11`: a router was congested.
    Ce = 3,
}

/// One datagram that arrived.
#[derive(Debug)]
pub struct Datagram<'a> {
    /// Who sent it, by its own word.
    pub from: SocketAddr,
    /// Which of our addresses it was sent to, where the system says so.
    pub to: Option<IpAddr>,
    /// Its congestion bits.
    pub ecn: Option<Ecn>,
    /// What is in it; may be nothing.
    pub bytes: &'a mut [u8],
}

/// One datagram to be sent, or several of one size to one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transmit {
    /// Where to.
    pub to: SocketAddr,
    /// From which of our addresses; the system's choice otherwise.
    pub from: Option<IpAddr>,
    /// Congestion bits.
    pub ecn: Option<Ecn>,
    /// How many bytes of the buffer were filled.
    pub len: usize,
    /// The size of each datagram but the last, when the bytes are several (GSO).
    pub segment: Option<usize>,
}

/// What an endpoint may touch during a call besides its datagrams.
#[derive(Debug)]
pub struct Desk<'a, A: App> {
    /// The application's own state.
    pub app: &'a mut A,
    /// Requests, and what is known of the loop.
    pub fx: &'a mut Effects<A>,
}

/// A datagram protocol: one value serves one socket.
///
/// Packets are pulled, since they should be built when the socket can take them.
pub trait Endpoint<A: App> {
    /// Takes one datagram in. It must not answer by keeping it: answers are pulled.
    fn handle(&mut self, datagram: Datagram<'_>, desk: &mut Desk<'_, A>);

    /// Fills `into`, which is empty, with the next datagram to send, or with at most `segments` of
    /// one size where that is more than one; `None` when there is none. Called until then, as long
    /// as the socket takes them.
    fn poll_transmit(
        &mut self,
        into: &mut Vec<u8>,
        segments: usize,
        desk: &mut Desk<'_, A>,
    ) -> Option<Transmit>;

    /// Whether it can take more datagrams in; while it says no, they wait in the kernel.
    fn has_room(&self) -> bool {
        true
    }

    /// When to call [`expire`](Endpoint::expire); asked again after every call.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Called when the deadline has passed; it must move it.
    fn expire(&mut self, desk: &mut Desk<'_, A>) {
        let _ = desk;
    }

    /// Mail that is addressed to it.
    fn receive(&mut self, mail: A::Mail, desk: &mut Desk<'_, A>) {
        let _ = (mail, desk);
    }

    /// How many datagrams it dropped, for the loop's counters.
    fn dropped(&self) -> u64 {
        0
    }

    /// The byte streams that it carries, if it carries any.
    fn streams(&mut self) -> Option<&mut dyn Streams> {
        None
    }

    /// The loop shuts down: nobody new is to be served.
    fn drain(&mut self, desk: &mut Desk<'_, A>) {
        let _ = desk;
    }

    /// Whether it still owes its peers something that was written before: while the loop drains, it
    /// is waited for.
    fn is_owing(&self) -> bool {
        false
    }

    /// The loop is about to close the socket: what is pulled after this is the last that is sent.
    fn close(&mut self, desk: &mut Desk<'_, A>) {
        let _ = desk;
    }
}
