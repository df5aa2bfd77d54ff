//! Quinn's endpoint and its connections, and how they are driven.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::BytesMut;
use quinn_proto::{
    ClientConfig, ConnectError, ConnectionHandle, DatagramEvent, EcnCodepoint, Endpoint, Incoming,
    ServerConfig,
};

use super::Limits;
use super::config::{Config, ConfigError, Offer, transport};
use super::connection::{Connection, Stage};
use super::limits::{
    ACCEPTED, CONNECTING, IGNORED, REFUSED_DRAINING, REFUSED_FULL, REFUSED_HALF_OPEN, RESPONDED,
    RESPONSE_DROPPED, RETRIED, UNACCEPTABLE,
};
use super::secrets::Wall;
use super::shared::Shared;
use super::validation::Unvalidated;
use crate::contract::{Datagram, Ecn, Transmit};

/// The least time between two calls of one connection for its timers.
const GRANULARITY: Duration = Duration::from_millis(1);

/// All of a [`Quic`](super::Quic) that does not know the application.
pub(super) struct Core {
    endpoint: Endpoint,
    server: Option<ServerConfig>,
    client: Option<ClientConfig>,
    wall: Arc<Wall>,
    limits: Limits,
    /// By quinn's handle.
    connections: Vec<Option<Box<Connection>>>,
    pub(super) shared: Shared,
    /// Packets that belong to no connection.
    responses: VecDeque<(Transmit, Box<[u8]>)>,
    /// Where quinn writes such a packet.
    scratch: Vec<u8>,
    /// The time of the last call that had one.
    now: Option<Instant>,
    /// The connections whose time has come, while they are called.
    due: Vec<u32>,
    pub(super) dropped: u64,
}

impl Core {
    pub(super) fn new(config: Config, limits: Limits) -> Core {
        let server = config.server.clone().map(Arc::new);
        // The loop's sockets do not fragment, so that a path's MTU can be found out.
        let endpoint = Endpoint::new(config.endpoint.into(), server, true, Some(config.seed));
        Core {
            endpoint,
            server: config.server,
            client: config.client,
            wall: config.wall,
            limits,
            connections: Vec::new(),
            shared: Shared::default(),
            responses: VecDeque::new(),
            scratch: Vec::new(),
            now: None,
            due: Vec::new(),
            dropped: 0,
        }
    }

    /// Offers application datagrams on the connections that are made from now on.
    pub(super) fn offer_datagrams(&mut self) -> Result<(), ConfigError> {
        let transport = Arc::new(transport(&self.limits, Offer::Datagrams)?);
        if let Some(client) = &mut self.client {
            client.transport_config(transport.clone());
        }
        if let Some(server) = &mut self.server {
            server.transport_config(transport);
            self.endpoint.set_server_config(Some(Arc::new(server.clone())));
        }
        Ok(())
    }

    /// Takes a datagram in. Names the connection that it was for.
    pub(super) fn handle(
        &mut self,
        now: Instant,
        wall: SystemTime,
        datagram: &Datagram<'_>,
    ) -> Option<u32> {
        self.wall.set(wall);
        self.now = Some(now);
        self.scratch.clear();
        let (from, len) = (datagram.from, datagram.bytes.len());
        let bytes = BytesMut::from(&*datagram.bytes);
        let ecn = datagram.ecn.and_then(|ecn| EcnCodepoint::from_bits(ecn as u8));
        match self.endpoint.handle(now, from, datagram.to, ecn, bytes, &mut self.scratch) {
            Some(DatagramEvent::ConnectionEvent(handle, event)) => {
                let at = handle.0 as u32;
                let connection = self.connections.get_mut(handle.0)?.as_mut()?;
                connection.receive(from, datagram.bytes);
                connection.quinn.handle_event(event);
                self.shared.mark_dirty(at, &mut connection.dirty);
                self.settle(at);
                Some(at)
            }
            Some(DatagramEvent::NewConnection(incoming)) => self.decide(incoming, now, len),
            Some(DatagramEvent::Response(response)) => {
                self.respond(&response);
                None
            }
            None => {
                self.shared.count(IGNORED);
                self.dropped += 1;
                None
            }
        }
    }

    /// Fills `into` with what is to be sent next.
    pub(super) fn transmit(
        &mut self,
        now: Instant,
        segments: usize,
        into: &mut Vec<u8>,
    ) -> Option<Transmit> {
        self.now = Some(now);
        if let Some((transmit, bytes)) = self.responses.pop_front() {
            into.extend_from_slice(&bytes);
            return Some(transmit);
        }
        while let Some(at) = self.shared.take_dirty() {
            let Some(connection) = self.of_mut(at).filter(|connection| connection.dirty) else {
                continue;
            };
            connection.dirty = false;
            let transmit = connection.transmit(now, segments, into);
            if transmit.is_some() {
                // It may have more, after others had their turn.
                self.mark_dirty(at);
            }
            self.settle(at);
            if let Some(transmit) = transmit {
                return Some(plain(&transmit));
            }
        }
        None
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.shared.timers.next()
    }

    /// Calls the connections whose time has come.
    pub(super) fn expire(&mut self, now: Instant) {
        self.now = Some(now);
        // Each at most once: one whose next time has passed too waits for the next call.
        let mut due = mem::take(&mut self.due);
        due.extend(std::iter::from_fn(|| self.shared.timers.take_due(now)));
        for at in due.drain(..) {
            let Some((connection, shared)) = self.parts(at) else { continue };
            connection.armed = None;
            if connection.deadline().is_some_and(|deadline| deadline <= now) {
                connection.expire(at, now, shared);
                shared.mark_dirty(at, &mut connection.dirty);
            }
            self.settle(at);
        }
        self.due = due;
    }

    /// Finds or begins a connection to a server.
    pub(super) fn connect(
        &mut self,
        to: SocketAddr,
        name: &str,
        now: Instant,
    ) -> Result<u32, ErrorKind> {
        self.now = Some(now);
        let client = self.client.as_ref().ok_or(ErrorKind::Unsupported)?;
        let target = (to, Box::from(name));
        if let Some(at) = self.shared.targets.get(&target) {
            return Ok(*at);
        }
        if self.endpoint.open_connections() >= self.limits.connections {
            return Err(ErrorKind::QuotaExceeded);
        }
        let made = self.endpoint.connect(now, client.clone(), to, name);
        let (handle, quinn) = made.map_err(|why| match why {
            ConnectError::InvalidServerName(_) => ErrorKind::InvalidInput,
            ConnectError::InvalidRemoteAddress(_) => ErrorKind::AddrNotAvailable,
            _ => ErrorKind::Other,
        })?;
        self.shared.count(CONNECTING);
        let mut connection = Connection::new(quinn, now + self.limits.handshake);
        connection.target = Some(Box::new(target.clone()));
        let at = self.insert(handle, connection);
        self.shared.targets.insert(target, at);
        Ok(at)
    }

    /// Ends all connections.
    pub(super) fn close(&mut self, now: Instant) {
        for at in 0..self.connections.len() {
            if let Some(connection) = &mut self.connections[at] {
                connection.close(at as u32, now, &mut self.shared);
                self.settle(at as u32);
            }
        }
    }

    /// Carries events from a connection to quinn's endpoint and to the streams until there are none
    /// left, and sees to its timer. Drops it when it is drained.
    pub(super) fn settle(&mut self, at: u32) {
        let Core { connections, endpoint, shared, now, .. } = self;
        let Some(connection) = connections.get_mut(at as usize).and_then(Option::as_mut) else {
            return;
        };
        let mut drained = false;
        loop {
            while let Some(event) = connection.quinn.poll_endpoint_events() {
                // That it is drained is the last that may be said: then the handle is another's.
                if drained {
                    continue;
                }
                drained = event.is_drained();
                let handle = ConnectionHandle(at as usize);
                if let Some(event) = endpoint.handle_event(handle, event) {
                    connection.quinn.handle_event(event);
                }
            }
            let Some(event) = connection.quinn.poll() else { break };
            connection.on_event(at, event, shared);
        }
        if drained {
            self.remove(at);
        } else {
            // Quinn counts a probe from the last packet, however long ago that was sent: the time
            // of the next may have passed already, and has until the probe is sent.
            let deadline = connection.deadline().map(|time| match *now {
                Some(now) if time <= now => now + GRANULARITY,
                _ => time,
            });
            shared.timers.arm(at, &mut connection.armed, deadline);
        }
    }

    pub(super) fn of_mut(&mut self, at: u32) -> Option<&mut Connection> {
        self.connections.get_mut(at as usize)?.as_deref_mut()
    }

    pub(super) fn of(&self, at: u32) -> Option<&Connection> {
        self.connections.get(at as usize)?.as_deref()
    }

    /// A connection beside what is shared.
    pub(super) fn parts(&mut self, at: u32) -> Option<(&mut Connection, &mut Shared)> {
        Some((self.connections.get_mut(at as usize)?.as_deref_mut()?, &mut self.shared))
    }

    pub(super) fn mark_dirty(&mut self, at: u32) {
        if let Some((connection, shared)) = self.parts(at) {
            shared.mark_dirty(at, &mut connection.dirty);
        }
    }

    /// How many connections there are, those that are being closed included.
    pub(super) fn len(&self) -> usize {
        self.endpoint.open_connections()
    }

    /// Takes a peer's connection on, or not.
    fn decide(&mut self, incoming: Incoming, now: Instant, len: usize) -> Option<u32> {
        let refusal = if self.shared.draining {
            Some(REFUSED_DRAINING)
        } else if self.shared.half_open >= self.limits.half_open_cap {
            Some(REFUSED_HALF_OPEN)
        } else if self.endpoint.open_connections() >= self.limits.connections {
            Some(REFUSED_FULL)
        } else {
            None
        };
        if let Some(name) = refusal {
            self.shared.count(name);
            let response = self.endpoint.refuse(incoming, &mut self.scratch);
            self.respond(&response);
            return None;
        }
        if self.shared.half_open >= self.limits.half_open && !incoming.remote_address_validated() {
            self.retry(incoming);
            return None;
        }
        self.accept(incoming, now, len)
    }

    fn retry(&mut self, incoming: Incoming) {
        match self.endpoint.retry(incoming, &mut self.scratch) {
            Ok(response) => {
                self.shared.count(RETRIED);
                self.respond(&response);
            }
            Err(error) => self.endpoint.ignore(error.into_incoming()),
        }
    }

    fn accept(&mut self, incoming: Incoming, now: Instant, len: usize) -> Option<u32> {
        let proven = incoming.remote_address_validated();
        let unvalidated = Unvalidated::new(len, *incoming.orig_dst_cid());
        match self.endpoint.accept(incoming, now, &mut self.scratch, None) {
            Ok((handle, quinn)) => {
                self.shared.count(ACCEPTED);
                self.shared.half_open += 1;
                let mut connection = Connection::new(quinn, now + self.limits.handshake);
                connection.unvalidated = (!proven).then(|| Box::new(unvalidated));
                Some(self.insert(handle, connection))
            }
            Err(error) => {
                self.shared.count(UNACCEPTABLE);
                if let Some(response) = error.response {
                    self.respond(&response);
                }
                None
            }
        }
    }

    fn insert(&mut self, handle: ConnectionHandle, connection: Connection) -> u32 {
        if self.connections.len() <= handle.0 {
            self.connections.resize_with(handle.0 + 1, || None);
        }
        self.connections[handle.0] = Some(Box::new(connection));
        let at = handle.0 as u32;
        self.mark_dirty(at);
        self.settle(at);
        at
    }

    fn remove(&mut self, at: u32) {
        let Some(mut connection) = self.connections[at as usize].take() else { return };
        self.shared.timers.disarm(at, &mut connection.armed);
        let why = match connection.stage {
            Stage::Lost(why) => why,
            _ => ErrorKind::ConnectionAborted,
        };
        connection.keys().for_each(|key| self.shared.streams.gone(key, why));
    }

    /// Queues the packet in `scratch`.
    fn respond(&mut self, response: &quinn_proto::Transmit) {
        if self.responses.len() >= self.limits.responses {
            self.shared.count(RESPONSE_DROPPED);
            return;
        }
        self.shared.count(RESPONDED);
        self.responses.push_back((plain(response), self.scratch[..response.size].into()));
    }
}

/// Quinn's transmit in the words of the contract.
fn plain(transmit: &quinn_proto::Transmit) -> Transmit {
    Transmit {
        to: transmit.destination,
        from: transmit.src_ip,
        ecn: transmit.ecn.map(|ecn| match ecn {
            EcnCodepoint::Ect0 => Ecn::Ect0,
            EcnCodepoint::Ect1 => Ecn::Ect1,
            EcnCodepoint::Ce => Ecn::Ce,
        }),
        len: transmit.size,
        segment: transmit.segment_size,
    }
}
