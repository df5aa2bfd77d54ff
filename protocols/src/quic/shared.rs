//! What all connections of an endpoint share.

use std::collections::{BTreeMap, VecDeque};

use super::connection::Target;
use super::table::Table;
use super::timers::Timers;

/// Everything but quinn's endpoint and the connections themselves.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) streams: Table,
    pub(super) timers: Timers,
    /// Connections of ours that are there or are being made.
    pub(super) targets: BTreeMap<Target, u32>,
    /// Connections of peers whose handshake is not over.
    pub(super) half_open: usize,
    /// Streams that were released before all was delivered.
    pub(super) owing: usize,
    pub(super) draining: bool,
    /// What happened in this call, to be counted at its end.
    pub(super) counts: Vec<&'static str>,
    /// Connections that may have something to send, each once.
    dirty: VecDeque<u32>,
}

impl Shared {
    pub(super) fn count(&mut self, name: &'static str) {
        self.counts.push(name);
    }

    /// Puts a connection into the queue of those that may have something to send; `dirty` says
    /// whether it is there, kept by the connection.
    pub(super) fn mark_dirty(&mut self, at: u32, dirty: &mut bool) {
        if !*dirty {
            *dirty = true;
            self.dirty.push_back(at);
        }
    }

    /// The one that has waited longest.
    pub(super) fn take_dirty(&mut self) -> Option<u32> {
        self.dirty.pop_front()
    }
}
