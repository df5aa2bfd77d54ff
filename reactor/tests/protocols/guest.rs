//! A client of the outside world on a plain socket or on TLS.

use readily::Address;
use readily::sys::sim::{ClientId, Sim};

use crate::caller::{Caller, Ended};
use crate::keys::{self, BOTH};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Plain,
    Secure,
}

/// A client of either kind.
pub(crate) enum Guest {
    Plain(ClientId),
    Secure(Box<Caller>),
}

impl Guest {
    pub(crate) fn new(sim: &mut Sim, kind: Kind, at: &Address) -> Guest {
        match kind {
            Kind::Plain => Guest::Plain(sim.connect(at)),
            Kind::Secure => Guest::Secure(Box::new(Caller::new(sim, at, &keys::client(&BOTH)))),
        }
    }

    pub(crate) fn id(&self) -> ClientId {
        match self {
            Guest::Plain(id) => *id,
            Guest::Secure(caller) => caller.id,
        }
    }

    pub(crate) fn say(&mut self, sim: &mut Sim, bytes: &[u8]) {
        match self {
            Guest::Plain(id) => sim.send(*id, bytes),
            Guest::Secure(caller) => caller.say(bytes),
        }
    }

    /// Takes in what has arrived, and sends what is ready.
    pub(crate) fn talk(&mut self, sim: &mut Sim) {
        if let Guest::Secure(caller) = self {
            caller.talk(sim);
        }
    }

    /// Ends its half in order; everything that it said must be on its way.
    pub(crate) fn close(&mut self, sim: &mut Sim) {
        match self {
            Guest::Plain(id) => sim.shutdown(*id),
            Guest::Secure(caller) => caller.close(),
        }
    }

    /// Whether all that it said is on its way.
    pub(crate) fn has_said_all(&self) -> bool {
        matches!(self, Guest::Plain(_)) || matches!(self, Guest::Secure(at) if !at.is_handshaking())
    }

    pub(crate) fn heard<'a>(&'a self, sim: &'a Sim) -> &'a [u8] {
        match self {
            Guest::Plain(id) => sim.received(*id),
            Guest::Secure(caller) => &caller.heard,
        }
    }

    /// Whether the other side has ended in order.
    pub(crate) fn has_ended(&self, sim: &Sim) -> bool {
        match self {
            Guest::Plain(id) => sim.is_ended(*id),
            Guest::Secure(caller) => caller.ended == Some(Ended::InOrder),
        }
    }
}
