//! Datagram endpoints: push in, pull out.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use readily_protocols::contract::{
    App, Datagram, Desk, Effects, Endpoint, EndpointId, Streams, Transmit,
};

use crate::clock::Clock;
use crate::listener::{Accepted, First};
use crate::reactor::{Alarm, Reactor};
use crate::sys::{Bind, Readiness, Source, Sys};
use crate::timers::{Key, NEVER, Nanos};

/// What one transmit may fill: more than the largest UDP payload, or a batch of smaller ones.
const TRANSMIT_MAX: usize = 65_535;

/// How many datagrams of one size are sent at once: ten of them fill what the largest packet of IP
/// may hold on the usual paths, and more would be refused by the system.
const SEGMENTS_MAX: usize = 10;

/// How long an endpoint waits for its next `expire` when its deadline stays in the past.
const FROZEN: std::time::Duration = std::time::Duration::from_secs(1);

/// How many times the budget of a turn an endpoint may send its last: a farewell to thousands, and
/// an end for one that never stops.
const LAST_PULLS: usize = 1024;

pub(crate) struct EndpointSlot<A: App, S: Sys> {
    socket: Option<S::Socket>,
    endpoint: Box<dyn Endpoint<A>>,
    /// Makes the first state of each stream that a peer opens.
    first: Option<First<A>>,
    budget: usize,
    out: Vec<u8>,
    /// Built, and refused by the socket: it goes first when the socket takes again.
    unsent: Option<Transmit>,
    readable: bool,
    writable: bool,
    /// Something may be waiting to be pulled.
    stirred: bool,
    /// Events of its streams were left for the next turn.
    pub(crate) has_news: bool,
    /// What has happened since it was counted last.
    served: Served,
    /// What it said last of itself.
    view: View,
    /// How many of its drops were counted.
    counted: u64,
    timer: Key,
    armed: Nanos,
}

/// What an endpoint says of itself; asked for after each call, since its code may panic.
#[derive(Clone, Copy)]
struct View {
    has_room: bool,
    is_owing: bool,
    deadline: Nanos,
    dropped: u64,
}

/// What an endpoint did; kept with it, since a machine that panics ends the round.
#[derive(Default)]
struct Served {
    received: u64,
    sent: u64,
    lost: u64,
    panics: u64,
}

impl<A: App, S: Sys> EndpointSlot<A, S> {
    pub(crate) fn ready(&mut self, what: Readiness) {
        self.readable |= what.has(Readiness::READABLE);
        self.writable |= what.has(Readiness::WRITABLE);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.socket.is_some()
    }

    /// Whether it can go on without an event.
    pub(crate) fn is_eager(&self) -> bool {
        let can_send = self.writable && (self.stirred || self.unsent.is_some());
        self.is_open() && (can_send || self.has_news || (self.readable && self.view.has_room))
    }

    /// Whether it still has to deliver what it was given.
    pub(crate) fn is_owing(&self) -> bool {
        self.is_open() && (self.view.is_owing || self.unsent.is_some())
    }

    /// Something was asked of it: there may be packets to pull, and streams that became ready.
    pub(crate) fn stir(&mut self) {
        self.stirred = true;
    }

    pub(crate) fn note_panic(&mut self) {
        self.served.panics += 1;
    }

    /// How many datagrams, or events of streams, are served at once.
    pub(crate) fn budget(&self) -> usize {
        self.budget
    }

    pub(crate) fn first(&mut self) -> Option<&mut First<A>> {
        self.first.as_mut()
    }

    pub(crate) fn streams(&mut self) -> Option<&mut dyn Streams> {
        self.endpoint.streams()
    }

    /// Takes one batch in; says how many datagrams there were.
    fn receive(&mut self, sys: &mut S, app: &mut A, fx: &mut Effects<A>) -> usize {
        let Some(socket) = &mut self.socket else { return 0 };
        let (endpoint, served) = (&mut self.endpoint, &mut self.served);
        let mut take = |datagram: Datagram<'_>| {
            let mut desk = Desk { app: &mut *app, fx: &mut *fx };
            let call = AssertUnwindSafe(|| endpoint.handle(datagram, &mut desk));
            served.panics += u64::from(catch_unwind(call).is_err());
        };
        match sys.receive(socket, &mut take) {
            Ok(n) => {
                served.received += n as u64;
                self.stirred = true;
                n.max(1)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.readable = false;
                1
            }
            // Interrupted, or the news that a datagram sent before met no one: neither is an end.
            Err(_) => 1,
        }
    }

    fn transmit(&mut self, sys: &mut S, app: &mut A, fx: &mut Effects<A>) {
        let served = &mut self.served;
        for _ in 0..self.budget {
            if !self.writable {
                return;
            }
            let Some(socket) = &mut self.socket else { return };
            let next = match self.unsent.take() {
                Some(transmit) => Some(transmit),
                None => {
                    let segments = sys.segments_max(socket).min(SEGMENTS_MAX);
                    let mut desk = Desk { app: &mut *app, fx: &mut *fx };
                    let (endpoint, out) = (&mut self.endpoint, &mut self.out);
                    out.clear();
                    let call = || endpoint.poll_transmit(out, segments, &mut desk);
                    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
                        served.panics += 1;
                        None
                    })
                }
            };
            let Some(transmit) = next else {
                self.stirred = false;
                return;
            };
            // One that says that it filled more than it did is at fault, not the peer.
            let Some(bytes) = self.out.get(..transmit.len) else {
                served.lost += 1;
                continue;
            };
            match sys.transmit(socket, &transmit, bytes) {
                Ok(()) => served.sent += 1,
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => self.unsent = Some(transmit),
                    ErrorKind::WouldBlock => {
                        self.unsent = Some(transmit);
                        self.writable = false;
                    }
                    _ if transmit.segment.is_some() => {
                        Self::send_apart(sys, socket, &transmit, bytes, served);
                    }
                    _ => served.lost += 1,
                },
            }
        }
    }

    /// Sends datagrams one by one that the system did not take together: not every device can cut
    /// them (GSO), and that is found out by trying.
    fn send_apart(
        sys: &mut S,
        socket: &mut S::Socket,
        transmit: &Transmit,
        bytes: &[u8],
        served: &mut Served,
    ) {
        let size = transmit.segment.unwrap_or(bytes.len()).max(1);
        for one in bytes.chunks(size) {
            let alone = Transmit { len: one.len(), segment: None, ..*transmit };
            match sys.transmit(socket, &alone, one) {
                Ok(()) => served.sent += 1,
                Err(_) => served.lost += 1,
            }
        }
    }

    /// Asks it about itself.
    fn look(&mut self, clock: &Clock) {
        let endpoint = &self.endpoint;
        let asked = catch_unwind(AssertUnwindSafe(|| View {
            has_room: endpoint.has_room(),
            is_owing: endpoint.is_owing(),
            deadline: endpoint.deadline().map_or(NEVER, |at| clock.nanos(at)),
            dropped: endpoint.dropped(),
        }));
        match asked {
            Ok(view) => self.view = view,
            Err(_) => self.served.panics += 1,
        }
    }
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// Serves `endpoint` on a datagram socket of its own; says where it is bound.
    ///
    /// # Errors
    /// Those of the socket and bind calls; `InvalidInput` for a budget of 0.
    pub fn bind(
        &mut self,
        at: SocketAddr,
        options: Bind,
        endpoint: impl Endpoint<A> + 'static,
    ) -> io::Result<(EndpointId, SocketAddr)> {
        self.bind_endpoint(at, &options, Box::new(endpoint), None)
    }

    /// The same for an endpoint that carries streams (QUIC): each one that a peer opens is a
    /// connection of this loop, and `first` makes its first state, or refuses it.
    ///
    /// # Errors
    /// Those of the socket and bind calls; `InvalidInput` for a budget of 0.
    pub fn bind_streams(
        &mut self,
        at: SocketAddr,
        options: Bind,
        endpoint: impl Endpoint<A> + 'static,
        first: impl FnMut(&mut A, &Accepted<'_>) -> Option<A::Conn> + 'static,
    ) -> io::Result<(EndpointId, SocketAddr)> {
        self.bind_endpoint(at, &options, Box::new(endpoint), Some(Box::new(first)))
    }

    fn bind_endpoint(
        &mut self,
        at: SocketAddr,
        options: &Bind,
        endpoint: Box<dyn Endpoint<A>>,
        first: Option<First<A>>,
    ) -> io::Result<(EndpointId, SocketAddr)> {
        if options.budget == 0 {
            return Err(io::Error::new(ErrorKind::InvalidInput, "budget is 0"));
        }
        let id = u16::try_from(self.endpoints.len()).map_err(|_| ErrorKind::OutOfMemory)?;
        let (socket, address) = self.sys.bind(at, options, Source::Endpoint(id).token())?;
        self.endpoints.push(EndpointSlot {
            socket: Some(socket),
            endpoint,
            first,
            budget: options.budget,
            out: Vec::with_capacity(TRANSMIT_MAX),
            unsent: None,
            readable: false,
            writable: true,
            stirred: true,
            has_news: false,
            served: Served::default(),
            view: View { has_room: true, is_owing: false, deadline: NEVER, dropped: 0 },
            counted: 0,
            timer: Key::NONE,
            armed: NEVER,
        });
        self.after_endpoint(usize::from(id));
        Ok((EndpointId(id), address))
    }

    pub(crate) fn serve_endpoints(&mut self) {
        for at in 0..self.endpoints.len() {
            if self.endpoints[at].is_eager() {
                self.serve_endpoint(at);
            }
        }
    }

    fn serve_endpoint(&mut self, at: usize) {
        self.pull(at);
        let mut left = self.endpoints[at].budget;
        loop {
            let slot = &mut self.endpoints[at];
            if left == 0 || !slot.readable || !slot.view.has_room {
                break;
            }
            left = left.saturating_sub(slot.receive(&mut self.sys, &mut self.app, &mut self.fx));
            self.pull(at);
            self.endpoints[at].look(&self.clock);
        }
        self.after_endpoint(at);
    }

    /// Serves the streams that became ready, then sends what there is to send.
    fn pull(&mut self, at: usize) {
        let slot = &self.endpoints[at];
        if slot.stirred || slot.has_news || slot.unsent.is_some() {
            if !self.fx.is_empty() {
                // Before a machine can panic, which forgets what was asked for.
                self.carry_out();
            }
            self.serve_streams(at);
            self.endpoints[at].transmit(&mut self.sys, &mut self.app, &mut self.fx);
            // What was built may have freed what a stream waited for.
            self.serve_streams(at);
        }
    }

    fn after_endpoint(&mut self, at: usize) {
        let slot = &mut self.endpoints[at];
        slot.look(&self.clock);
        let served = std::mem::take(&mut slot.served);
        self.counters.datagrams_in += served.received;
        self.counters.datagrams_out += served.sent;
        self.counters.datagrams_lost += served.lost;
        self.counters.panics += served.panics;
        let counted = std::mem::replace(&mut slot.counted, slot.view.dropped);
        self.counters.datagrams_dropped += slot.view.dropped.saturating_sub(counted);
        let due = slot.view.deadline;
        if due < slot.armed {
            slot.armed = due;
            if slot.timer.is_none() {
                slot.timer = self.timers.arm(due, Alarm::Endpoint(at as u16));
            } else {
                self.timers.rearm(slot.timer, due);
            }
        }
        if !self.fx.is_empty() {
            self.carry_out();
        }
    }

    pub(crate) fn endpoint_is_due(&mut self, at: u16) {
        let at = usize::from(at);
        let slot = &mut self.endpoints[at];
        (slot.timer, slot.armed) = (Key::NONE, NEVER);
        if slot.is_open() && slot.view.deadline <= self.clock.now() {
            self.counters.deadlines += 1;
            self.call_endpoint(at, |endpoint, desk| endpoint.expire(desk));
            // Sending what is due may be what moves the deadline.
            self.pull(at);
            self.after_endpoint(at);
            self.thaw(at);
        } else {
            self.after_endpoint(at);
        }
    }

    /// An endpoint that did not move its deadline is not asked again at once, or it would have the
    /// loop for itself.
    fn thaw(&mut self, at: usize) {
        let slot = &mut self.endpoints[at];
        if slot.view.deadline > self.clock.now() || slot.timer.is_none() {
            return;
        }
        // While the socket takes nothing, there is nothing that it could do.
        self.counters.frozen_endpoints += u64::from(slot.writable);
        slot.armed = self.clock.after(FROZEN);
        self.timers.rearm(slot.timer, slot.armed);
    }

    pub(crate) fn mail_endpoint(&mut self, id: EndpointId, mail: A::Mail) {
        let at = usize::from(id.0);
        if self.endpoints.get(at).is_some_and(EndpointSlot::is_open) {
            self.call_endpoint(at, |endpoint, desk| endpoint.receive(mail, desk));
        } else {
            self.drop_mail(mail);
        }
    }

    fn call_endpoint(
        &mut self,
        at: usize,
        call: impl FnOnce(&mut dyn Endpoint<A>, &mut Desk<'_, A>),
    ) {
        let slot = &mut self.endpoints[at];
        slot.stirred = true;
        let mut desk = Desk { app: &mut self.app, fx: &mut self.fx };
        let endpoint = &mut *slot.endpoint;
        if catch_unwind(AssertUnwindSafe(|| call(endpoint, &mut desk))).is_err() {
            slot.served.panics += 1;
        }
        self.after_endpoint(at);
    }

    /// Tells endpoints that nobody new is to be served.
    pub(crate) fn drain_endpoints(&mut self) {
        for at in 0..self.endpoints.len() {
            self.call_endpoint(at, |endpoint, desk| endpoint.drain(desk));
        }
    }

    /// Has each endpoint say its last, then closes its socket.
    pub(crate) fn close_endpoints(&mut self) {
        for at in 0..self.endpoints.len() {
            if self.endpoints[at].is_open() {
                self.call_endpoint(at, |endpoint, desk| endpoint.close(desk));
                for _ in 0..LAST_PULLS {
                    self.pull(at);
                    if !self.endpoints[at].stirred || !self.endpoints[at].writable {
                        break;
                    }
                }
                self.after_endpoint(at);
                self.endpoints[at].socket = None;
            }
        }
    }
}
