//! Mail from other threads: the one thing of a loop that threads share.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Full, Id, To};

/// What another thread asks of a loop.
#[derive(Debug)]
pub enum Letter<Mail> {
    /// Deliver this.
    Mail(To, Mail),
    /// Deliver this: the answer of an offloaded job.
    Answer(To, Mail),
    /// Advance that connection.
    Wake(Id),
    /// Shut down in order.
    Drain,
    /// Shut down at once.
    Abort,
    /// An offloaded job panicked; there is no answer.
    JobPanicked,
}

/// A bounded queue into one loop. It can be shared between threads when `Mail` can be sent.
pub struct Outbox<Mail> {
    queue: Mutex<VecDeque<Letter<Mail>>>,
    /// Whether the queue may hold something: asked each turn, without the lock.
    filled: AtomicBool,
    limit: usize,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl<Mail> Outbox<Mail> {
    /// At most `limit` letters wait; `wake` ends the loop's wait, and is called when the first is
    /// put into an empty queue.
    pub fn new(limit: usize, wake: Box<dyn Fn() + Send + Sync>) -> Self {
        let queue = Mutex::new(VecDeque::new());
        Outbox { queue, filled: AtomicBool::new(false), limit, wake }
    }

    /// Puts one in.
    ///
    /// # Errors
    /// [`Full`] with the letter at the limit.
    pub fn post(&self, letter: Letter<Mail>) -> Result<(), Full<Letter<Mail>>> {
        let mut queue = self.queue();
        if queue.len() >= self.limit {
            return Err(Full(letter));
        }
        self.put(&mut queue, letter);
        Ok(())
    }

    /// Puts one in past the limit: for the few that shut a loop down.
    pub fn urge(&self, letter: Letter<Mail>) {
        self.put(&mut self.queue(), letter);
    }

    /// Runs a job that the loop has counted, and posts its answer past the limit: an answer is
    /// never lost for want of room.
    pub fn answer(&self, to: To, job: impl FnOnce() -> Mail) {
        let letter = match catch_unwind(AssertUnwindSafe(job)) {
            Ok(mail) => Letter::Answer(to, mail),
            Err(_) => Letter::JobPanicked,
        };
        self.put(&mut self.queue(), letter);
    }

    /// Whether anything may wait.
    #[inline]
    pub fn has_letters(&self) -> bool {
        self.filled.load(Ordering::Acquire)
    }

    /// Takes all that waits.
    pub fn take(&self, into: &mut VecDeque<Letter<Mail>>) {
        let mut queue = self.queue();
        self.filled.store(false, Ordering::Relaxed);
        into.append(&mut queue);
    }

    fn put(&self, queue: &mut VecDeque<Letter<Mail>>, letter: Letter<Mail>) {
        let was_empty = queue.is_empty();
        queue.push_back(letter);
        self.filled.store(true, Ordering::Release);
        if was_empty {
            (self.wake)();
        }
    }

    /// Nothing that can panic runs under the lock, so a poisoned one holds a sound queue.
    fn queue(&self) -> MutexGuard<'_, VecDeque<Letter<Mail>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Mail> fmt::Debug for Outbox<Mail> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({} of {})", self.queue().len(), self.limit)
    }
}
