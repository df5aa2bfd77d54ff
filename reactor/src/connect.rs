//! Outgoing connections.

use std::io::ErrorKind;

use readily_protocols::contract::{App, Busy, Cause, Connect, End, Id, Machine, Remote};

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
        let made =
            self.sys.connect(&connect.to, &StreamOptions::default()).and_then(|mut stream| {
                let registered = self.sys.register(&mut stream, Source::Conn(id).token());
                self.slots[index].stream = Some(stream);
                registered
            });
        match made {
            Ok(()) => self.arm(index, patience),
            Err(error) => self.end(index, End::Unreachable(error.kind())),
        }
    }

    /// Looks how an outgoing connection has come out.
    pub(crate) fn finish_connect(&mut self, id: Id) {
        let index = id.index as usize;
        let slot = &mut self.slots[index];
        let Some(stream) = &slot.stream else { return };
        match self.sys.connected(stream) {
            Ok(()) => {
                slot.phase = Phase::Open;
                slot.patience = NEVER;
                slot.flags.set(Flags::WRITABLE);
                if let Some(peer) = slot.peer() {
                    self.call_later(peer.index as usize);
                }
                self.open(id);
            }
            Err(error) => match error.kind() {
                ErrorKind::NotConnected | ErrorKind::WouldBlock | ErrorKind::Interrupted => {}
                kind => self.end(index, End::Unreachable(kind)),
            },
        }
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
