//! Outgoing connections.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use readily_protocols::contract::{
    Address, App, Busy, CONNECTS_PER_CALL, Cause, Connect, End, EndpointId, Fault, Id, Machine,
    Over, Remote,
};
use readily_protocols::tls::Initiator;

use crate::carrier::{Layer, PANICKED, StreamOf, Tls};
use crate::reactor::Reactor;
use crate::slot::{Flags, Phase};
use crate::sys::{Source, StreamOptions, Sys};
use crate::timers::NEVER;

impl<A: App, S: Sys> Reactor<A, S> {
    /// Makes an outgoing connection; `machine` is advanced when it is made, and
    /// [`App::gone`] is told if it cannot be.
    ///
    /// # Errors
    /// [`Busy`] when too many were asked for at once.
    pub fn connect(&mut self, connect: Connect, machine: A::Conn) -> Result<Id, Busy> {
        let id = self.fx.connect(connect, machine)?;
        self.carry_out();
        Ok(id)
    }

    pub(crate) fn begin_connect(&mut self, id: Id, connect: Connect, machine: A::Conn) {
        let index = id.index as usize;
        self.counters.connects += 1;
        self.counters.open += 1;
        let patience = self.clock.after(connect.within);
        let slot = &mut self.slots[index];
        slot.machine = Some(machine);
        slot.phase = Phase::Connecting;
        slot.patience = patience;
        slot.remote = Remote::from(connect.to.clone());
        let made = match &connect.over {
            // One who is told of the end, and asks for another connection, does not outlive it.
            _ if self.aborted => Err(End::Unreachable(ErrorKind::ConnectionAborted)),
            Over::Socket => self.connect_socket(id, &connect.to),
            Over::Tls(client, name) => self.connect_tls(id, &connect.to, (&**client, name)),
            Over::Stream(endpoint, name) => {
                self.connect_stream(id, &connect.to, (*endpoint, name)).map_err(End::Unreachable)
            }
        };
        match made {
            Ok(()) => self.arm(index, patience),
            Err(why) if self.failed < CONNECTS_PER_CALL => {
                self.failed += 1;
                self.end(index, why);
            }
            // The application may ask for the next as it hears of the end of this one: that would
            // have no end in one turn.
            Err(why) => self.unmade.push((id, why)),
        }
    }

    /// Ends the outgoing connections that could not even be begun in the last turn.
    pub(crate) fn end_unmade(&mut self) {
        for (id, why) in std::mem::take(&mut self.unmade) {
            if let Some(index) = self.find(id) {
                self.end(index, why);
            }
        }
    }

    fn connect_socket(&mut self, id: Id, to: &Address) -> Result<(), End> {
        let unreachable = |error: std::io::Error| End::Unreachable(error.kind());
        let mut stream = self.sys.connect(to, &StreamOptions::default()).map_err(unreachable)?;
        let registered = self.sys.register(&mut stream, Source::Conn(id).token());
        self.slots[id.index as usize].stream = Some(stream);
        registered.map_err(unreachable)
    }

    /// The session is made first: for what is no name nobody is called.
    fn connect_tls(
        &mut self,
        id: Id,
        to: &Address,
        (client, name): (&dyn Initiator, &str),
    ) -> Result<(), End> {
        let session = match catch_unwind(AssertUnwindSafe(|| client.initiate(name))) {
            Ok(session) => session.map_err(End::Fault)?,
            Err(_) => {
                self.counters.panics += 1;
                return Err(End::Fault(Fault::Local(PANICKED)));
            }
        };
        self.connect_socket(id, to)?;
        let index = id.index as usize;
        let layer = Layer::Tls(Box::new(Tls::new(session)));
        self.layers.put(index, layer, &mut self.slots[index].flags);
        Ok(())
    }

    fn connect_stream(
        &mut self,
        id: Id,
        to: &Address,
        (endpoint, name): (EndpointId, &str),
    ) -> Result<(), ErrorKind> {
        let (at, index) = (usize::from(endpoint.0), id.index as usize);
        let to = to.ip().ok_or(ErrorKind::Unsupported)?;
        let now = self.fx.now();
        let slot = self.endpoints.get_mut(at).filter(|slot| slot.is_open());
        slot.ok_or(ErrorKind::NotConnected)?.stir();
        let key = self.ask_streams(at, |streams| streams.open(to, name, id, now));
        let of = StreamOf::new(at, key.ok_or(ErrorKind::Unsupported)??);
        self.layers.put(index, Layer::Stream(of), &mut self.slots[index].flags);
        Ok(())
    }

    /// Looks how an outgoing connection has come out.
    pub(crate) fn finish_connect(&mut self, id: Id) {
        let index = id.index as usize;
        let slot = &mut self.slots[index];
        let Some(stream) = &slot.stream else { return };
        match self.sys.connected(stream) {
            Ok(()) => self.connect_is_made(id),
            Err(error) => match error.kind() {
                ErrorKind::NotConnected | ErrorKind::WouldBlock | ErrorKind::Interrupted => {}
                kind => self.end(index, End::Unreachable(kind)),
            },
        }
    }

    pub(crate) fn connect_is_made(&mut self, id: Id) {
        let index = id.index as usize;
        let slot = &mut self.slots[index];
        slot.flags.set(Flags::WRITABLE);
        match self.layers.of(index, slot.flags) {
            Some(Layer::Tls(_)) => self.greet(id),
            _ => self.open_outgoing(id),
        }
    }

    /// An outgoing connection can be used: whoever is linked with it may go on.
    pub(crate) fn open_outgoing(&mut self, id: Id) {
        let slot = &mut self.slots[id.index as usize];
        (slot.phase, slot.patience) = (Phase::Open, NEVER);
        if let Some(peer) = slot.peer() {
            self.call_later(peer.index as usize);
        }
        self.open(id);
    }

    /// A connection is made: its machine is advanced for the first time.
    pub(crate) fn open(&mut self, id: Id) {
        let index = id.index as usize;
        let now = self.clock.now();
        let slot = &mut self.slots[index];
        (slot.entered, slot.progressed) = (now, now);
        slot.flags.set(Flags::CALL);
        if let Some(machine) = &slot.machine {
            self.states.now[machine.state()] += 1;
        }
        self.visit(id, Cause::Advance);
    }
}
