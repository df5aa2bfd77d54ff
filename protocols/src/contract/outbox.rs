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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    /// An outbox of numbers, and how often it has woken its loop.
    fn outbox(limit: usize) -> (Outbox<u32>, Arc<AtomicUsize>) {
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        let wake = Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        (Outbox::new(limit, wake), woken)
    }

    fn numbers(outbox: &Outbox<u32>) -> Vec<u32> {
        let mut letters = VecDeque::new();
        outbox.take(&mut letters);
        let number = |letter| match letter {
            Letter::Mail(_, mail) | Letter::Answer(_, mail) => mail,
            other => panic!("{other:?}"),
        };
        letters.into_iter().map(number).collect()
    }

    #[test]
    fn letters_wait_up_to_the_limit_and_come_in_order() {
        let (outbox, woken) = outbox(3);
        assert!(!outbox.has_letters());
        for round in 1..=2 {
            let posted = (0..5).map(|n| outbox.post(Letter::Mail(To::App, n)).is_ok());
            assert_eq!(posted.collect::<Vec<_>>(), [true, true, true, false, false]);
            assert!(outbox.has_letters());
            assert_eq!(woken.load(Ordering::Relaxed), round, "once for an empty queue");
            assert_eq!(numbers(&outbox), [0, 1, 2]);
            assert!(!outbox.has_letters());
        }
    }

    #[test]
    fn what_is_refused_is_given_back() {
        let (outbox, _) = outbox(0);
        let refused = outbox.post(Letter::Mail(To::App, 7));
        assert!(matches!(refused, Err(Full(Letter::Mail(To::App, 7)))));
    }

    #[test]
    fn answers_and_shutdowns_have_room_always() {
        let (outbox, _) = outbox(1);
        outbox.post(Letter::Mail(To::App, 0)).expect("room for one");
        outbox.answer(To::App, || 1);
        outbox.urge(Letter::Mail(To::App, 2));
        assert_eq!(numbers(&outbox), [0, 1, 2]);
    }

    #[test]
    fn a_job_that_panics_has_no_answer_and_leaves_the_outbox_sound() {
        let (outbox, _) = outbox(1);
        outbox.answer(To::App, || std::panic::resume_unwind(Box::new(())));
        let mut letters = VecDeque::new();
        outbox.take(&mut letters);
        assert!(matches!(letters.pop_front(), Some(Letter::JobPanicked)));
        outbox.answer(To::App, || 5);
        assert_eq!(numbers(&outbox), [5]);
    }
}
