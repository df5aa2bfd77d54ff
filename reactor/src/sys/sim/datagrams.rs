//! Datagram sockets.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::{Rc, Weak};

use readily_protocols::contract::{Address, Datagram, Transmit};
use rustix::io::Errno;
use slab::Slab;

use super::super::{Bind, PortSharing, Readiness, Token};
use super::report::New;
use super::schedule::Delivery;
use super::{DatagramLink, Sim, error};

/// How many datagrams one call takes at most.
const BATCH: usize = 32;

/// The loop's datagram socket, closed by dropping it.
#[derive(Debug)]
pub struct SimSocket {
    pub(super) index: u32,
    _open: Rc<()>,
}

/// All sockets, and what is on its way to them.
#[derive(Debug)]
pub(super) struct Datagrams {
    pub(super) link: DatagramLink,
    sockets: Vec<Socket>,
    flying: Slab<Packet>,
    /// What arrived where no socket of the loop is.
    outside: BTreeMap<SocketAddr, Vec<(SocketAddr, Vec<u8>)>>,
}

#[derive(Debug)]
pub(super) struct Socket {
    at: SocketAddr,
    sharing: PortSharing,
    /// Upgrades while the loop has it open.
    open: Weak<()>,
    token: Token,
    waiting: VecDeque<Packet>,
    pending: Readiness,
    pub(super) queued: bool,
}

#[derive(Clone, Debug)]
struct Packet {
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

impl Datagrams {
    pub(super) fn new() -> Self {
        Datagrams {
            link: DatagramLink::perfect(),
            sockets: Vec::new(),
            flying: Slab::new(),
            outside: BTreeMap::new(),
        }
    }

    /// How many the loop has open.
    pub(super) fn open(&self) -> usize {
        self.sockets.iter().filter(|socket| socket.is_open()).count()
    }

    /// What is to be reported of a socket, which is then no longer new.
    pub(super) fn report(&mut self, socket: u32) -> (Token, Readiness) {
        let socket = &mut self.sockets[socket as usize];
        socket.queued = false;
        (socket.token, std::mem::take(&mut socket.pending))
    }

    /// Marks a socket; says whether it has to be queued.
    fn mark(&mut self, socket: usize, what: Readiness) -> bool {
        let socket = &mut self.sockets[socket];
        socket.pending = socket.pending.and(what);
        !std::mem::replace(&mut socket.queued, true)
    }
}

impl Socket {
    fn is_open(&self) -> bool {
        self.open.strong_count() > 0
    }
}

/// The outside world: datagrams.
impl Sim {
    /// Changes how datagrams travel; perfectly at first.
    pub fn set_datagram_link(&mut self, link: DatagramLink) {
        self.datagrams.link = link;
    }

    /// Sends one from an address of the outside world.
    pub fn send_datagram(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.fly(Packet { from, to, bytes: bytes.to_vec() });
    }

    /// What has arrived at an address of the outside world since this was asked last, with its
    /// senders.
    pub fn take_datagrams(&mut self, at: SocketAddr) -> Vec<(SocketAddr, Vec<u8>)> {
        self.datagrams.outside.remove(&at).unwrap_or_default()
    }
}

/// The loop's calls.
impl Sim {
    pub(super) fn open_socket(
        &mut self,
        at: SocketAddr,
        options: &Bind,
        token: Token,
    ) -> io::Result<(SimSocket, SocketAddr)> {
        let Address::Ip(at) = self.with_port(&Address::Ip(at))? else {
            return Err(error(Errno::INVAL));
        };
        let free = |other: &Socket| {
            let both_share = [other.sharing, options.sharing] == [PortSharing::Shared; 2];
            other.at != at || both_share || !other.is_open()
        };
        if !self.datagrams.sockets.iter().all(free) {
            return Err(error(Errno::ADDRINUSE));
        }
        self.has_descriptor()?;
        let open = Rc::new(());
        self.datagrams.sockets.push(Socket {
            at,
            sharing: options.sharing,
            open: Rc::downgrade(&open),
            token,
            waiting: VecDeque::new(),
            pending: Readiness::default(),
            queued: false,
        });
        let index = self.datagrams.sockets.len() - 1;
        self.raise_socket(index, Readiness::WRITABLE);
        Ok((SimSocket { index: index as u32, _open: open }, at))
    }

    pub(super) fn take_batch(
        &mut self,
        socket: u32,
        each: &mut dyn FnMut(Datagram<'_>),
    ) -> io::Result<usize> {
        let waiting = &mut self.datagrams.sockets[socket as usize].waiting;
        if waiting.is_empty() {
            return Err(error(Errno::AGAIN));
        }
        let n = waiting.len().min(BATCH);
        for mut packet in waiting.drain(..n) {
            let Packet { from, to, ref mut bytes } = packet;
            each(Datagram { from, to: Some(to.ip()), ecn: None, bytes });
        }
        Ok(n)
    }

    pub(super) fn send_batch(
        &mut self,
        socket: u32,
        transmit: &Transmit,
        bytes: &[u8],
    ) -> io::Result<()> {
        let segment = transmit.segment.unwrap_or(bytes.len()).max(1);
        if segment > self.datagrams.link.size_max {
            return Err(error(Errno::MSGSIZE));
        }
        if self.rng.hits(self.datagrams.link.refuse) {
            self.raise_socket(socket as usize, Readiness::WRITABLE);
            return Err(error(Errno::AGAIN));
        }
        let at = self.datagrams.sockets[socket as usize].at;
        let host = transmit.from.unwrap_or_else(|| host_of(at));
        let (from, to) = (SocketAddr::new(host, at.port()), transmit.to);
        // An empty datagram is one too.
        for piece in bytes.chunks(segment).chain(bytes.is_empty().then_some(bytes)) {
            self.fly(Packet { from, to, bytes: piece.to_vec() });
        }
        Ok(())
    }

    pub(super) fn deliver_datagram(&mut self, key: usize) {
        let Some(packet) = self.datagrams.flying.try_remove(key) else { return };
        let Datagrams { sockets, outside, link, .. } = &mut self.datagrams;
        let hears = |socket: &Socket| {
            let named = socket.at.ip() == packet.to.ip() || socket.at.ip().is_unspecified();
            named && socket.at.port() == packet.to.port() && socket.is_open()
        };
        match sockets.iter().position(hears) {
            None => outside.entry(packet.to).or_default().push((packet.from, packet.bytes)),
            Some(at) if sockets[at].waiting.len() < link.queue => {
                sockets[at].waiting.push_back(packet);
                self.raise_socket(at, Readiness::READABLE);
            }
            // There is no room: the system drops it without a word.
            Some(_) => {}
        }
    }

    fn fly(&mut self, packet: Packet) {
        let link = &self.datagrams.link;
        let copies = match self.rng.hits(link.loss) {
            true => 0,
            false => 1 + usize::from(self.rng.hits(link.duplicate)),
        };
        for _ in 0..copies {
            let due = self.now + self.rng.time(&link.delay).as_nanos() as u64;
            let key = self.datagrams.flying.insert(packet.clone());
            self.schedule.push(due, self.now, Delivery::Datagram(key));
        }
    }

    fn raise_socket(&mut self, socket: usize, what: Readiness) {
        if self.datagrams.mark(socket, what) {
            self.new.push_back(New::Socket(socket as u32));
        }
    }
}

fn host_of(at: SocketAddr) -> IpAddr {
    if at.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { at.ip() }
}
