//! A body that did not come with its head.

use std::time::{Duration, Instant};

use crate::contract::Rx;

use crate::http1::Limits;
use crate::http1::syntax::refusal::Refusal;

/// Up to this many bytes, head and body wait where they arrived; a larger one is moved out as it
/// comes, since the receive buffer of a connection is no larger than this by default.
pub(super) const IN_PLACE_MAX: usize = 64 * 1024;

/// A request whose head is whole and whose body is not.
#[derive(Debug)]
pub(super) struct Pending {
    /// When the whole request must be there; none if it may take any time.
    until: Option<Instant>,
    head: u32,
    body: u32,
    /// How much was there when the window began.
    mark: u32,
    /// Head and body as far as they came, once they are too large to wait in the receive buffer.
    moved: Option<Box<Moved>>,
}

/// A box of its own, so that a connection without a large body does not pay for it.
#[derive(Debug)]
struct Moved(Vec<u8>);

impl Pending {
    /// Neither is past its limit.
    pub(super) fn new(head: usize, body: u32, until: Option<Instant>) -> Self {
        Pending { until, head: head as u32, body, mark: 0, moved: None }
    }

    /// The length of the head.
    pub(super) fn head(&self) -> usize {
        self.head as usize
    }

    /// The head and as much of the body as is there.
    pub(super) fn bytes<'a>(&'a self, rx: &'a Rx) -> &'a [u8] {
        match &self.moved {
            Some(moved) => &moved.0,
            None => rx.bytes(),
        }
    }

    /// Whether it is no longer in the receive buffer.
    pub(super) fn is_moved(&self) -> bool {
        self.moved.is_some()
    }

    /// Bytes of memory that it holds outside of the receive buffer.
    pub(super) fn held(&self) -> usize {
        self.moved.as_ref().map_or(0, |moved| moved.0.capacity())
    }

    /// Takes what has arrived; says whether the request is whole.
    pub(super) fn receive(&mut self, rx: &mut Rx) -> bool {
        let whole = self.whole();
        if self.moved.is_none() {
            if rx.len() >= whole {
                return true;
            }
            if whole <= IN_PLACE_MAX && !rx.is_full() {
                return false;
            }
        }
        let moved = self.moved.get_or_insert_with(|| Box::new(Moved(Vec::new())));
        let bytes = &mut moved.0;
        let n = rx.len().min(whole - bytes.len());
        if bytes.capacity() - bytes.len() < n {
            // Never more than twice what has arrived, whatever was announced.
            let capacity = (2 * bytes.capacity()).max(bytes.len() + n).min(whole);
            bytes.reserve_exact(capacity - bytes.len());
        }
        bytes.extend_from_slice(&rx.bytes()[..n]);
        rx.consume(n);
        bytes.len() == whole
    }

    /// When to look whether it comes fast enough, or is late; none if neither is limited.
    pub(super) fn deadline(&self, now: Instant, window: Duration) -> Option<Instant> {
        self.until.into_iter().chain(now.checked_add(window)).min()
    }

    /// A window has ended: the next one begins, unless too little came in it.
    pub(super) fn expire(&mut self, rx: &Rx, now: Instant, limits: &Limits) -> Result<(), Refusal> {
        if self.until.is_some_and(|until| now >= until) {
            return Err(Refusal::RequestTimedOut);
        }
        let there = (self.bytes(rx).len() - self.head()) as u32;
        if there - self.mark < limits.body_window_bytes {
            return Err(Refusal::BodyTooSlow);
        }
        self.mark = there;
        Ok(())
    }

    fn whole(&self) -> usize {
        self.head() + self.body as usize
    }
}
