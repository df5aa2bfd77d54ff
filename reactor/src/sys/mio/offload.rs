//! Threads for work that blocks.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::sys::Work;

/// How many threads a loop starts at most; each is started when it is first needed.
const THREADS: usize = 4;

/// A few threads and a queue, which the loop bounds: it counts what is unanswered. The threads end
/// with the pool, after the job they are in. The loop's thread starts them, so they share its
/// descriptor table.
#[derive(Default)]
pub(super) struct Pool {
    shared: Arc<Shared>,
    threads: usize,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    work: VecDeque<Work>,
    idle: usize,
    closed: bool,
}

impl Shared {
    /// A job never runs under the lock, so a poisoned one holds a sound queue.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    pub(super) fn run(&mut self, work: Work) -> Result<(), Work> {
        let mut queue = self.shared.queue();
        if queue.idle <= queue.work.len() && self.threads < THREADS {
            let shared = self.shared.clone();
            let name = format!("readily-offload-{}", self.threads);
            match std::thread::Builder::new().name(name).spawn(move || serve(&shared)) {
                Ok(_) => self.threads += 1,
                Err(_) if self.threads == 0 => return Err(work),
                Err(_) => {}
            }
        }
        queue.work.push_back(work);
        self.shared.changed.notify_one();
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.changed.notify_all();
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} threads)", self.threads)
    }
}

fn serve(shared: &Shared) {
    let mut queue = shared.queue();
    while !queue.closed {
        let Some(work) = queue.work.pop_front() else {
            queue.idle += 1;
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
            continue;
        };
        drop(queue);
        // The loop put a guard around the job itself: a panic of the user's does not get here.
        work();
        queue = shared.queue();
    }
}
