//! What a connection holds for an exchange that is not over at once.

use std::time::{Duration, Instant};

use crate::http1::Limits;
use crate::http1::syntax::refusal::Refusal;

/// One exchange that goes on. In a box of its own, so that a connection between two requests does
/// not pay for it.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) stage: Stage,
    /// How much of the body was received, and how much may be.
    pub(super) received: u64,
    pub(super) most: u64,
    /// How much of the answer's body was written, and with which status.
    pub(super) sent: u64,
    pub(super) status: u16,
    /// When the whole request must be there; none if it may take any time.
    pub(super) until: Option<Instant>,
    /// How much was received when the window began.
    mark: u64,
    /// When the service was first called.
    pub(super) began: Option<Instant>,
    /// The head; behind it the body and its trailers while they are put together. Kept longer only
    /// for an access log.
    pub(super) bytes: Vec<u8>,
    /// Where the body begins in it.
    pub(super) head: usize,
    /// Whether the body was asked for, and has not all come.
    pub(super) asked: bool,
}

/// How far an exchange has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// The body is put together.
    Collecting,
    /// The service has not answered.
    Unanswered,
    /// The body of the answer is sent.
    Sending,
}

impl Open {
    /// `most` bytes of a body may come.
    pub(super) fn new(stage: Stage, most: u64) -> Box<Self> {
        Box::new(Open {
            stage,
            received: 0,
            most,
            sent: 0,
            status: 0,
            until: None,
            mark: 0,
            began: None,
            bytes: Vec::new(),
            head: 0,
            asked: false,
        })
    }

    /// Adds what has arrived to what is put together: `left` bytes are known to follow.
    pub(super) fn collect(&mut self, bytes: &[u8], left: Option<u64>) {
        let (there, n) = (self.bytes.len(), bytes.len());
        if self.bytes.capacity() - there < n {
            // Never more than twice what has arrived, whatever was announced.
            let all = left.map_or(usize::MAX, |left| there.saturating_add(left as usize));
            let capacity = (2 * self.bytes.capacity()).max(there + n).min(all.max(there + n));
            self.bytes.reserve_exact(capacity - there);
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// When to look whether the body comes fast enough, or is late; none if neither is limited.
    pub(super) fn body_deadline(&self, now: Instant, window: Duration) -> Option<Instant> {
        self.until.into_iter().chain(now.checked_add(window)).min()
    }

    /// The same, as a window begins.
    pub(super) fn first_window(
        &mut self,
        unread: usize,
        now: Instant,
        window: Duration,
    ) -> Option<Instant> {
        self.mark = self.received + unread as u64;
        self.body_deadline(now, window)
    }

    /// A window has ended: the next one begins, unless too little came in it.
    pub(super) fn next_window(
        &mut self,
        unread: usize,
        now: Instant,
        limits: &Limits,
    ) -> Result<(), Refusal> {
        if self.until.is_some_and(|until| now >= until) {
            return Err(Refusal::RequestTimedOut);
        }
        // Frames of chunks are unread once, and received never.
        let there = self.received + unread as u64;
        if there.saturating_sub(self.mark) < u64::from(limits.body_window_bytes) {
            return Err(Refusal::BodyTooSlow);
        }
        self.mark = there;
        Ok(())
    }
}
