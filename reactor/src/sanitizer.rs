//! Finds connections that can never go on, and the states that left them so.

use readily_protocols::contract::{App, End};

use crate::config::Sanitizer;
use crate::reactor::Reactor;
use crate::slot::{Flags, Phase};
use crate::sys::Sys;
use crate::timers::NEVER;

/// What can be wrong with a connection that waits.
///
/// Two more are found where they happen, sanitizer or not: a state that spins (see
/// [`Config::spins_max`](crate::Config::spins_max)) and one that freezes its deadline.
const STALL: &str = "stall: unread bytes, no more can come, no deadline";
const ZOMBIE: &str = "zombie: the peer has ended, nothing is pending, no deadline";
const LOST_EDGE: &str = "lost edge: readable and not queued";
const UNFLUSHED: &str = "stall: output is pending, writable and not queued";

impl<A: App, S: Sys> Reactor<A, S> {
    /// Looks at a connection that was just visited.
    #[inline]
    pub(crate) fn sanitize(&mut self, index: usize) {
        if self.config.sanitizer == Sanitizer::On
            && let Some(finding) = self.finding(index)
        {
            self.end(index, End::Stuck(finding));
        }
    }

    fn finding(&mut self, index: usize) -> Option<&'static str> {
        let slot = &self.slots[index];
        if slot.phase != Phase::Open || slot.flags.has(Flags::QUEUED) {
            return None;
        }
        if slot.has_output() {
            return slot.flags.has(Flags::WRITABLE).then_some(UNFLUSHED);
        }
        let (ended, full) = (self.has_ended(index), !slot.may_receive());
        let (linked, armed) = (slot.peer().is_some(), slot.armed != NEVER);
        let unread = slot.rx.as_ref().is_some_and(|rx| !rx.is_empty());
        if (ended || full) && !linked && !armed {
            return Some(if unread { STALL } else { ZOMBIE });
        }
        let starved = slot.flags.has(Flags::STARVED);
        (!starved && self.wants_read(index)).then_some(LOST_EDGE)
    }

    /// Checks what must be true of a loop between turns, at the cost of a look at every slot.
    ///
    /// # Panics
    /// Where it is not: a bug of the loop. For tests.
    pub fn check(&self) {
        let live = self.slots.iter().filter(|(_, slot)| slot.phase != Phase::Reserved);
        let open = live.clone().count() as u64;
        assert_eq!(self.counters.open, open, "open connections are counted");
        let held: u64 = live.clone().map(|(_, slot)| u64::from(slot.held)).sum();
        assert_eq!(self.counters.buffered, held, "buffers are charged");
        let machines = live.clone().filter(|(_, slot)| slot.phase == Phase::Open).count() as u64;
        assert_eq!(self.states.now.iter().sum::<u64>(), machines, "states are counted");
        for (index, slot) in live {
            assert!(slot.phase != Phase::Dead, "{index} was not given back");
            let is_unmade = slot.phase == Phase::Connecting;
            let carried = slot.stream.is_some() || slot.flags.has(Flags::LAYERED) || is_unmade;
            assert!(carried, "{index} has no stream");
        }
    }
}
