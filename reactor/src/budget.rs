//! One budget for the buffers of all connections.

use readily_protocols::contract::{App, End, Id};

use crate::reactor::Reactor;
use crate::slot::Flags;
use crate::sys::Sys;

impl<A: App, S: Sys> Reactor<A, S> {
    /// Charges what a connection holds now; says whether it is still there.
    #[inline]
    pub(crate) fn charge(&mut self, index: usize) -> bool {
        let slot = &mut self.slots[index];
        let rx = slot.rx.as_ref().map_or(0, |rx| rx.charge());
        let tx = slot.tx.as_ref().map_or(0, |tx| tx.charge());
        let layer = self.layers.charge(index, slot.flags);
        let Ok(inside) = slot.machine_held() else {
            self.counters.panics += 1;
            self.end(index, End::Panicked);
            return false;
        };
        let holds = (rx + tx + layer).saturating_add(inside).min(u32::MAX as usize) as u32;
        if holds == slot.held {
            return true;
        }
        let held = std::mem::replace(&mut slot.held, holds);
        if holds > 0 {
            slot.flags.set(Flags::HOLDS);
        } else {
            slot.flags.clear(Flags::HOLDS);
        }
        let buffered = self.counters.buffered + u64::from(holds) - u64::from(held);
        self.counters.buffered = buffered;
        if holds > held && buffered > self.config.buffers_max as u64 && slot.machine.is_some() {
            self.end(index, End::Shed);
            return false;
        }
        self.feed_starved();
        true
    }

    /// Whether reading must wait for others to give memory back; then it is queued for that.
    #[inline]
    pub(crate) fn starves(&mut self, index: usize) -> bool {
        // A peer that has ended or failed is read to its end all the same: else the dead would keep
        // what the living wait for. And whoever has begun may go on, or nobody could ever finish.
        if !self.is_tight() {
            return false;
        }
        let slot = &mut self.slots[index];
        let begun = slot.rx.as_ref().is_some_and(|rx| !rx.is_empty())
            || slot.machine_held().unwrap_or(0) > 0
            || self.layers.holds(index, slot.flags);
        let drains = slot.flags.has(Flags::DRAIN) && slot.stream.is_some();
        if begun || drains {
            return false;
        }
        if !slot.flags.has(Flags::STARVED) {
            slot.flags.set(Flags::STARVED);
            self.counters.starved += 1;
            self.starved.push_back(Id { index: index as u32, generation: slot.generation });
        }
        true
    }

    /// Whether new connections are refused.
    pub(crate) fn refuses_for_memory(&self) -> bool {
        self.counters.buffered > self.config.buffers_max as u64 / 100 * 98
    }

    #[inline]
    pub(crate) fn is_tight(&self) -> bool {
        self.counters.buffered > self.tight_at
    }

    /// Memory was given back: those who waited for it are visited in the next turn.
    pub(crate) fn feed_starved(&mut self) {
        if self.starved.is_empty() || self.is_tight() {
            return;
        }
        while let Some(id) = self.starved.pop_front() {
            if let Some(index) = self.find(id) {
                self.slots[index].flags.clear(Flags::STARVED);
                self.enqueue(index);
            }
        }
    }
}
