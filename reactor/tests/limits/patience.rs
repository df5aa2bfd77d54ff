//! How long a loop waits, to the millisecond.

use std::time::Duration;

use readily::sys::sim::Link;
use readily::{End, Fault, Reason, Step};

use crate::house::House;
use crate::troupe::swallow;
use crate::{around, config};

/// Every limit of these tests, in milliseconds.
const L: u64 = 50;
const LIMIT: Duration = Duration::from_millis(L);

pub(crate) fn a_peer_that_takes_nothing() {
    let ended = |n| {
        let config = config(|c| c.send_stall = LIMIT);
        let mut house = House::new(config, |io, _| {
            io.tx.write(b"hello");
            Ok(Step::Wait)
        });
        house.sim().set_link(Link { window: 1..=1, ..Link::perfect() });
        let client = house.connect();
        house.sim().stop_reading(client);
        house.settle();
        house.wait(Duration::from_millis(n));
        let stalled = End::Fault(Fault::TimedOut(Reason::SendStall));
        assert!(house.reactor.app().gone.iter().all(|(_, why)| *why == stalled));
        house.counters().ended_timed_out
    };
    around(L, ended, [0, 1, 1]);
}

pub(crate) fn a_silent_peer_after_our_end() {
    let open = |n| {
        let config = config(|c| c.linger_idle = LIMIT);
        let mut house = House::new(config, |_, _| Ok(Step::Finish));
        house.connect();
        house.settle();
        house.wait(Duration::from_millis(n));
        house.counters().open
    };
    around(L, open, [1, 0, 0]);
}

pub(crate) fn a_talking_peer_after_our_end() {
    let open = |n| {
        let config = config(|c| c.linger_within = LIMIT);
        let mut house = House::new(config, |_, _| Ok(Step::Finish));
        let client = house.connect();
        house.settle();
        for _ in 0..n {
            house.sim().send(client, b"x");
            house.wait(Duration::from_millis(1));
        }
        house.counters().open
    };
    around(L, open, [1, 0, 0]);
}

pub(crate) fn a_drain() {
    let aborted = |n| {
        let mut house = House::new(config(|c| c.drain_within = LIMIT), swallow);
        house.connect();
        house.settle();
        house.reactor.drain();
        house.turn();
        house.wait(Duration::from_millis(n));
        house.counters().ended_aborted
    };
    around(L, aborted, [0, 1, 1]);
}

pub(crate) fn a_listener_without_descriptors() {
    let accepted = |n| {
        let mut house = House::new(config(|c| c.accept_retry = LIMIT), swallow);
        let open = house.sim().descriptors().all();
        house.sim().set_descriptors_max(open);
        house.connect();
        house.settle();
        let stopped =
            (house.counters().descriptors_exhausted, house.counters().refused_descriptors);
        assert_eq!(stopped, (1, 1), "the spare one tells who waits");
        house.connect();
        // Freed by others than the loop, which is not told.
        house.sim().set_descriptors_max(usize::MAX);
        house.wait(Duration::from_millis(n));
        house.counters().accepted
    };
    around(L, accepted, [0, 1, 1]);
}
