//! Datagram endpoints: push in, pull out.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use readily_protocols::contract::{App, Desk, Effects, Endpoint, EndpointId, Transmit};

use crate::clock::Clock;
use crate::reactor::{Alarm, Reactor};
use crate::sys::{Bind, Readiness, Source, Sys};
use crate::timers::{Key, NEVER, Nanos};

/// What one transmit may fill: more than the largest UDP payload, or a batch of smaller ones.
const TRANSMIT_MAX: usize = 65_535;

/// How long an endpoint waits for its next `expire` when its deadline stays in the past.
const FROZEN: std::time::Duration = std::time::Duration::from_secs(1);

pub(crate) struct EndpointSlot<A: App, S: Sys> {
    socket: Option<S::Socket>,
    endpoint: Box<dyn Endpoint<A>>,
    budget: usize,
    out: Box<[u8]>,
    /// Built, and refused by the socket: it goes first when the socket takes again.
    unsent: Option<Transmit>,
    readable: bool,
    writable: bool,
    /// Something may be waiting to be pulled.
    stirred: bool,
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
    deadline: Nanos,
    dropped: u64,
}

/// What one round came to.
#[derive(Default)]
struct Served {
    received: u64,
    sent: u64,
    lost: u64,
    panicked: bool,
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
        self.is_open() && (can_send || (self.readable && self.view.has_room))
    }

    fn receive(
        &mut self,
        sys: &mut S,
        (app, fx): (&mut A, &mut Effects<A>),
        clock: &Clock,
        served: &mut Served,
    ) {
        let mut left = self.budget;
        while self.readable && left > 0 && self.view.has_room {
            let Some(socket) = &mut self.socket else { return };
            let endpoint = &mut self.endpoint;
            let mut take = |datagram: readily_protocols::contract::Datagram<'_>| {
                let mut desk = Desk { app: &mut *app, fx: &mut *fx };
                let call = AssertUnwindSafe(|| endpoint.handle(datagram, &mut desk));
                served.panicked |= catch_unwind(call).is_err();
            };
            match sys.receive(socket, &mut take) {
                Ok(n) => {
                    served.received += n as u64;
                    left = left.saturating_sub(n.max(1));
                    self.stirred = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                // Interrupted, or the news that a datagram sent before met no one: neither is an
                // end.
                Err(_) => left -= 1,
            }
            self.transmit(sys, app, fx, served);
            served.panicked |= !self.look(clock);
        }
    }

    fn transmit(&mut self, sys: &mut S, app: &mut A, fx: &mut Effects<A>, served: &mut Served) {
        for _ in 0..self.budget {
            if !self.writable {
                return;
            }
            let next = match self.unsent.take() {
                Some(transmit) => Some(transmit),
                None => {
                    let mut desk = Desk { app: &mut *app, fx: &mut *fx };
                    let (endpoint, out) = (&mut self.endpoint, &mut self.out);
                    let call = AssertUnwindSafe(|| endpoint.poll_transmit(out, &mut desk));
                    catch_unwind(call).unwrap_or_else(|_| {
                        served.panicked = true;
                        None
                    })
                }
            };
            let (Some(transmit), Some(socket)) = (next, &mut self.socket) else {
                self.stirred = false;
                return;
            };
            match sys.transmit(socket, &transmit, &self.out[..transmit.len]) {
                Ok(()) => served.sent += 1,
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => self.unsent = Some(transmit),
                    ErrorKind::WouldBlock => {
                        self.unsent = Some(transmit);
                        self.writable = false;
                    }
                    _ => served.lost += 1,
                },
            }
        }
    }

    /// Asks it about itself; says whether it answered.
    fn look(&mut self, clock: &Clock) -> bool {
        let endpoint = &self.endpoint;
        let asked = catch_unwind(AssertUnwindSafe(|| View {
            has_room: endpoint.has_room(),
            deadline: endpoint.deadline().map_or(NEVER, |at| clock.nanos(at)),
            dropped: endpoint.dropped(),
        }));
        asked.map(|view| self.view = view).is_ok()
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
        if options.budget == 0 {
            return Err(io::Error::new(ErrorKind::InvalidInput, "budget is 0"));
        }
        let id = u16::try_from(self.endpoints.len()).map_err(|_| ErrorKind::OutOfMemory)?;
        let (socket, address) = self.sys.bind(at, &options, Source::Endpoint(id).token())?;
        self.endpoints.push(EndpointSlot {
            socket: Some(socket),
            endpoint: Box::new(endpoint),
            budget: options.budget,
            out: vec![0; TRANSMIT_MAX].into_boxed_slice(),
            unsent: None,
            readable: false,
            writable: true,
            stirred: true,
            view: View { has_room: true, deadline: NEVER, dropped: 0 },
            counted: 0,
            timer: Key::NONE,
            armed: NEVER,
        });
        self.after_endpoint(usize::from(id), Served::default());
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
        let mut served = Served::default();
        let (slot, sys) = (&mut self.endpoints[at], &mut self.sys);
        slot.transmit(sys, &mut self.app, &mut self.fx, &mut served);
        slot.receive(sys, (&mut self.app, &mut self.fx), &self.clock, &mut served);
        self.after_endpoint(at, served);
    }

    fn after_endpoint(&mut self, at: usize, served: Served) {
        self.counters.datagrams_in += served.received;
        self.counters.datagrams_out += served.sent;
        self.counters.datagrams_lost += served.lost;
        let slot = &mut self.endpoints[at];
        let panicked = !slot.look(&self.clock) || served.panicked;
        self.counters.panics += u64::from(panicked);
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
            self.thaw(at);
        } else {
            self.after_endpoint(at, Served::default());
        }
    }

    /// An endpoint that did not move its deadline is not asked again at once, or it would have the
    /// loop for itself.
    fn thaw(&mut self, at: usize) {
        let slot = &mut self.endpoints[at];
        if slot.view.deadline > self.clock.now() || slot.timer.is_none() {
            return;
        }
        self.counters.frozen_endpoints += 1;
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
        let panicked = catch_unwind(AssertUnwindSafe(|| call(endpoint, &mut desk))).is_err();
        self.after_endpoint(at, Served { panicked, ..Served::default() });
    }

    pub(crate) fn close_endpoints(&mut self) {
        for slot in &mut self.endpoints {
            slot.socket = None;
        }
    }
}
