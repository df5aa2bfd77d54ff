//! Looking at a loop from outside, between its turns.

use readily_protocols::contract::{App, Id, Remote, Tally};

use crate::config::Config;
use crate::counters::{Counters, StateCounters};
use crate::reactor::Reactor;
use crate::slot::Phase;
use crate::sys::Sys;

/// One connection, as it is between two turns.
#[derive(Debug)]
pub struct Connection<'a> {
    /// Its id.
    pub id: Id,
    /// The name of its state.
    pub state: &'static str,
    /// Where its other side is.
    pub remote: &'a Remote,
    /// Bytes of memory it holds in buffers.
    pub buffered: u32,
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// The application.
    pub fn app(&self) -> &A {
        &self.app
    }

    /// The application, to change it.
    pub fn app_mut(&mut self) -> &mut A {
        &mut self.app
    }

    /// The system, to look at or to change a simulated one.
    pub fn sys_mut(&mut self) -> &mut S {
        &mut self.sys
    }

    /// The limits.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What was counted.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What protocols counted, by name: the reason of each fault among it.
    pub fn tally(&self) -> &Tally {
        self.fx.tally()
    }

    /// How connections are spread over states.
    pub fn states(&self) -> &StateCounters {
        &self.states
    }

    /// Each connection, in the order of their slots.
    pub fn connections(&self) -> impl Iterator<Item = Connection<'_>> {
        let live = self.slots.iter().filter(|(_, slot)| slot.phase != Phase::Reserved);
        live.map(|(index, slot)| Connection {
            id: Id { index: index as u32, generation: slot.generation },
            state: slot.state(),
            remote: &slot.remote,
            buffered: slot.held,
        })
    }

    /// Whether it shuts down.
    pub fn is_draining(&self) -> bool {
        self.fx.draining()
    }

    /// The size of a slot in bytes, machine included: what an idle connection costs.
    pub const fn slot_size() -> usize {
        size_of::<crate::slot::Slot<A, S>>()
    }
}
