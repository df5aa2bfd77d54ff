//! What is on its way, and when it arrives.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use super::ends::EndRef;

/// Something that will arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Delivery {
    /// This many of the bytes on their way to an end.
    Bytes(EndRef, u32),
    /// The mark of urgent data: a read stops there.
    Urgent(EndRef),
    /// The end of the stream.
    Fin(EndRef),
    /// A reset.
    Reset(EndRef),
    /// Word that the other side of this end has read.
    Space(EndRef),
    /// A wish of this end to be connected; how often it was made before.
    Syn(EndRef, Target, u8),
    /// Word to this end that it is connected.
    Made(EndRef),
    /// Word to this end that it never will be, as an error of the system.
    Failed(EndRef, i32),
    /// A datagram, by its key.
    Datagram(usize),
}

/// Who was listening at an address when a connection to it began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Target {
    /// A listener of the loop.
    Listener(u32),
    /// A server of the outside world.
    Server(u32),
    /// Nobody.
    Nobody,
}

/// Deliveries in the order of their times. What is due at once costs the same however much waits.
#[derive(Default, Debug)]
pub(super) struct Schedule {
    due: VecDeque<Delivery>,
    later: BinaryHeap<Later>,
    pushed: u64,
}

impl Schedule {
    /// Adds a delivery; those of one time keep their order.
    #[inline]
    pub(super) fn push(&mut self, at: u64, now: u64, delivery: Delivery) {
        if at <= now {
            self.due.push_back(delivery);
        } else {
            self.pushed += 1;
            self.later.push(Later { at, order: self.pushed, delivery });
        }
    }

    /// The next delivery that is due.
    #[inline]
    pub(super) fn pop(&mut self, now: u64) -> Option<Delivery> {
        // What waited for its time was sent before what is due at once.
        match self.later.peek() {
            Some(first) if first.at <= now => self.later.pop().map(|later| later.delivery),
            _ => self.due.pop_front(),
        }
    }

    /// When the next delivery is due.
    pub(super) fn next(&self) -> Option<u64> {
        if self.due.is_empty() { self.later.peek().map(|later| later.at) } else { Some(0) }
    }
}

#[derive(PartialEq, Eq, Debug)]
struct Later {
    at: u64,
    order: u64,
    delivery: Delivery,
}

impl Ord for Later {
    /// The greatest is the first to be delivered.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_come_in_order_of_time_and_then_of_sending() {
        let mut schedule = Schedule::default();
        for (key, at) in [30, 10, 0, 20, 10, 0].into_iter().enumerate() {
            schedule.push(at, 0, Delivery::Datagram(key));
        }
        let mut order = Vec::new();
        for now in [0, 9, 10, 30] {
            assert_eq!(schedule.next().is_some_and(|at| at <= now), now != 9);
            while let Some(Delivery::Datagram(key)) = schedule.pop(now) {
                order.push((now, key));
            }
        }
        assert_eq!(order, [(0, 2), (0, 5), (10, 1), (10, 4), (30, 3), (30, 0)]);
        assert_eq!(schedule.next(), None);
    }
}
