//! Mail from other threads: the one thing of a loop that threads share.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// An offloaded job is done: advance that connection.
    Done(Id),
    /// An offloaded job panicked; there is no answer. Advance that connection, if there is one.
    JobPanicked(Option<Id>),
}

/// What an offloaded job came to that is answered by a wake.
type Ran = Result<Id, Id>;

/// The part of an outbox that has no mail in it, so that a job can hold it whatever mail is.
pub struct Bell {
    /// Whether there may be letters: asked each turn, without a lock.
    filled: AtomicBool,
    /// Bounded by the loop, which counts its jobs.
    done: Mutex<Vec<Ran>>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Bell {
    /// Runs a job that the loop has counted, and has that connection advanced.
    pub fn run_then_wake(&self, id: Id, job: impl FnOnce()) {
        let ran = catch_unwind(AssertUnwindSafe(job)).map(|()| id).map_err(|_| id);
        let mut done = lock(&self.done);
        done.push(ran);
        self.ring(done.len() == 1);
    }

    /// To be called under the lock of what something was put into: else it could be taken, and
    /// the loop told of nothing.
    fn ring(&self, was_empty: bool) {
        self.filled.store(true, Ordering::Release);
        if was_empty {
            (self.wake)();
        }
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").field("filled", &self.filled).finish_non_exhaustive()
    }
}

/// A bounded queue into one loop. It can be shared between threads when `Mail` can be sent.
pub struct Outbox<Mail> {
    queue: Mutex<VecDeque<Letter<Mail>>>,
    limit: usize,
    bell: Arc<Bell>,
}

impl<Mail> Outbox<Mail> {
    /// At most `limit` letters wait; `wake` ends the loop's wait, and is called when the first is
    /// put into an empty queue.
    pub fn new(limit: usize, wake: Box<dyn Fn() + Send + Sync>) -> Self {
        let bell = Bell { filled: AtomicBool::new(false), done: Mutex::default(), wake };
        Outbox { queue: Mutex::default(), limit, bell: Arc::new(bell) }
    }

    /// Puts one in.
    ///
    /// # Errors
    /// [`Full`] with the letter at the limit.
    pub fn post(&self, letter: Letter<Mail>) -> Result<(), Full<Letter<Mail>>> {
        let mut queue = lock(&self.queue);
        if queue.len() >= self.limit {
            return Err(Full(letter));
        }
        self.put(&mut queue, letter);
        Ok(())
    }

    /// Puts one in past the limit: for the few that shut a loop down.
    pub fn urge(&self, letter: Letter<Mail>) {
        self.put(&mut lock(&self.queue), letter);
    }

    /// Runs a job that the loop has counted, and posts its answer past the limit: an answer is
    /// never lost for want of room.
    pub fn answer(&self, to: To, job: impl FnOnce() -> Mail) {
        let letter = match catch_unwind(AssertUnwindSafe(job)) {
            Ok(mail) => Letter::Answer(to, mail),
            Err(_) => Letter::JobPanicked(None),
        };
        self.put(&mut lock(&self.queue), letter);
    }

    /// Whether anything may wait.
    #[inline]
    pub fn has_letters(&self) -> bool {
        self.bell.filled.load(Ordering::Acquire)
    }

    /// Takes all that waits.
    pub fn take(&self, into: &mut VecDeque<Letter<Mail>>) {
        // Before the queues are looked at: what is put in meanwhile says so again.
        self.bell.filled.store(false, Ordering::Relaxed);
        into.append(&mut lock(&self.queue));
        into.extend(lock(&self.bell.done).drain(..).map(|ran| match ran {
            Ok(id) => Letter::Done(id),
            Err(id) => Letter::JobPanicked(Some(id)),
        }));
    }

    /// What a job rings that has no mail to post.
    pub fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    fn put(&self, queue: &mut VecDeque<Letter<Mail>>, letter: Letter<Mail>) {
        let was_empty = queue.is_empty();
        queue.push_back(letter);
        self.bell.ring(was_empty);
    }
}

/// Nothing that can panic runs under a lock here, so a poisoned one holds a sound queue.
fn lock<T>(queue: &Mutex<T>) -> MutexGuard<'_, T> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<Mail> fmt::Debug for Outbox<Mail> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({} of {})", lock(&self.queue).len(), self.limit)
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
        assert!(matches!(letters.pop_front(), Some(Letter::JobPanicked(None))));
        outbox.answer(To::App, || 5);
        assert_eq!(numbers(&outbox), [5]);
    }

    #[test]
    fn a_job_without_mail_is_told_of_past_the_limit_and_after_a_panic() {
        let (outbox, woken) = outbox(0);
        let ids = [1, 2, 3].map(|index| Id { index, generation: 1 });
        outbox.bell().run_then_wake(ids[0], || ());
        outbox.bell().run_then_wake(ids[1], || std::panic::resume_unwind(Box::new(())));
        outbox.bell().run_then_wake(ids[2], || ());
        assert!(outbox.has_letters());
        assert_eq!(woken.load(Ordering::Relaxed), 1, "once for an empty queue");
        let mut letters = VecDeque::new();
        outbox.take(&mut letters);
        let told: Vec<_> = letters
            .into_iter()
            .map(|letter| match letter {
                Letter::Done(id) => (id, true),
                Letter::JobPanicked(Some(id)) => (id, false),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, [(ids[0], true), (ids[1], false), (ids[2], true)]);
        assert!(!outbox.has_letters());
    }

    #[test]
    fn a_bell_goes_to_other_threads_whatever_mail_is() {
        fn goes(_: impl Send + Sync + 'static) {}
        let outbox: Outbox<std::rc::Rc<u8>> = Outbox::new(1, Box::new(|| ()));
        goes(outbox.bell().clone());
    }
}
