//! What was published and has not reached everybody.

use std::time::Instant;

use readily_benches::pattern::Pattern;
use readily_benches::websocket::{BINARY, client_frame, server_frame};

/// The messages that are under way, as a server has to send them.
pub(crate) struct Published {
    pattern: Pattern,
    subscribers: u64,
    ring: Vec<Message>,
    /// The number of the next one.
    next: u64,
}

struct Message {
    /// As every subscriber has to get it.
    frame: Vec<u8>,
    at: Instant,
    /// How many subscribers have not got all of it.
    left: u64,
}

impl Published {
    pub(crate) fn new(size: usize, subscribers: u64, in_flight: usize, now: Instant) -> Self {
        let empty = || Message { frame: Vec::new(), at: now, left: 0 };
        let ring = (0..in_flight).map(|_| empty()).collect();
        Self { pattern: Pattern::new(size), subscribers, ring, next: 0 }
    }

    /// Whether the next one may be published: all have got that many before it.
    pub(crate) fn has_room(&self) -> bool {
        self.ring[self.slot(self.next)].left == 0
    }

    /// Publishes the next one: its frame is appended to what the publisher sends.
    pub(crate) fn publish(&mut self, out: &mut Vec<u8>) {
        let slot = self.slot(self.next);
        let payload = self.pattern.message(0, self.next);
        let message = &mut self.ring[slot];
        message.frame.clear();
        server_frame(BINARY, payload, &mut message.frame);
        message.left = self.subscribers;
        client_frame(BINARY, payload, out);
        message.at = Instant::now();
        self.next += 1;
    }

    /// The frame of message `number`, if it is under way.
    #[inline]
    pub(crate) fn frame(&self, number: u64) -> Option<&[u8]> {
        (number < self.next).then(|| &self.ring[self.slot(number)].frame[..])
    }

    /// One more subscriber has all of it; when it was published.
    #[inline]
    pub(crate) fn deliver(&mut self, number: u64) -> Instant {
        let slot = self.slot(number);
        let message = &mut self.ring[slot];
        message.left -= 1;
        message.at
    }

    fn slot(&self, number: u64) -> usize {
        (number % self.ring.len() as u64) as usize
    }
}
