//! The memory between loops and the thread, and what they tell each other.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{CHUNK, Dropped, Figures, Options};

/// Whole lines, in the order in which one handle wrote them; each chunk has [`CHUNK`] bytes of
/// memory.
pub(super) type Chunks = VecDeque<Vec<u8>>;

/// The lines of one handle that the thread has not taken yet.
#[derive(Default)]
pub(super) struct Pages {
    chunks: Mutex<Chunks>,
    lines: AtomicU64,
    dropped: AtomicU64,
}

/// What the thread is told.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Orders {
    /// Much is waiting.
    pub(super) hurries: bool,
    /// Open the file anew.
    pub(super) reopens: bool,
    /// There is no handle any more.
    pub(super) closes: bool,
    /// The thread has ended.
    is_done: bool,
}

/// What handles and the thread share.
pub(super) struct Shared {
    pub(super) options: Options,
    /// Chunks with lines in them, those included that are being written.
    used: AtomicUsize,
    pages: Mutex<Vec<Arc<Pages>>>,
    orders: Mutex<Orders>,
    changed: Condvar,
    /// Of handles that were dropped.
    lines: AtomicU64,
    dropped: AtomicU64,
    failures: AtomicU64,
}

impl Pages {
    /// Appends a whole line, if there is room.
    pub(super) fn push(&self, line: &[u8], shared: &Shared) -> Result<(), Dropped> {
        let mut chunks = lock(&self.chunks);
        match chunks.back_mut() {
            Some(last) if last.len() + line.len() <= CHUNK => last.extend_from_slice(line),
            _ => {
                let used = if line.len() > CHUNK { None } else { shared.take_chunk() };
                let Some(used) = used else {
                    self.dropped.fetch_add(1, Relaxed);
                    return Err(Dropped);
                };
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.extend_from_slice(line);
                chunks.push_back(chunk);
                // The one before is full.
                let full = chunks.len() - 1;
                drop(chunks);
                if shared.is_much(full, used) {
                    shared.tell(|orders| orders.hurries = true);
                }
            }
        }
        self.lines.fetch_add(1, Relaxed);
        Ok(())
    }

    fn take(&self) -> Chunks {
        std::mem::take(&mut *lock(&self.chunks))
    }
}

impl Shared {
    pub(super) fn new(options: Options) -> Self {
        Shared {
            options,
            used: AtomicUsize::new(0),
            pages: Mutex::default(),
            orders: Mutex::default(),
            changed: Condvar::new(),
            lines: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// The pages of a new handle.
    pub(super) fn add_pages(&self) -> Arc<Pages> {
        let pages = Arc::new(Pages::default());
        lock(&self.pages).push(pages.clone());
        pages
    }

    /// Everything that waits, and forgets the handles that are gone.
    pub(super) fn take(&self) -> Chunks {
        let mut all = Chunks::new();
        lock(&self.pages).retain(|pages| {
            // Asked first: whoever is gone writes nothing more.
            let is_gone = Arc::strong_count(pages) == 1;
            all.append(&mut pages.take());
            if is_gone {
                self.lines.fetch_add(pages.lines.load(Relaxed), Relaxed);
                self.dropped.fetch_add(pages.dropped.load(Relaxed), Relaxed);
            }
            !is_gone
        });
        all
    }

    /// Says how many are used then; none where there is no other.
    fn take_chunk(&self) -> Option<usize> {
        let most = self.options.ring / CHUNK;
        let more = |used: usize| (used < most).then_some(used + 1);
        self.used.fetch_update(Relaxed, Relaxed, more).ok().map(|used| used + 1)
    }

    /// Whether the thread is to hear of it: a handle has another batch of full chunks, or half of
    /// all is used. Not each time, since it may be a system call.
    fn is_much(&self, full: usize, used: usize) -> bool {
        let batch = (self.options.batch / CHUNK).max(1);
        let half = (self.options.ring / CHUNK).div_ceil(2);
        (full > 0 && full.is_multiple_of(batch)) || used == half
    }

    /// A chunk was written.
    pub(super) fn give_chunk(&self) {
        self.used.fetch_sub(1, Relaxed);
    }

    pub(super) fn count_failure(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(super) fn figures(&self) -> Figures {
        let pages = lock(&self.pages);
        let sum = |base: &AtomicU64, of: fn(&Pages) -> &AtomicU64| {
            let each = pages.iter().map(|pages| of(pages).load(Relaxed));
            base.load(Relaxed) + each.sum::<u64>()
        };
        Figures {
            lines: sum(&self.lines, |pages| &pages.lines),
            dropped: sum(&self.dropped, |pages| &pages.dropped),
            failures: self.failures.load(Relaxed),
            waiting: (self.used.load(Relaxed) * CHUNK) as u64,
        }
    }

    pub(super) fn reopen(&self) {
        self.tell(|orders| orders.reopens = true);
    }

    /// The thread's last word, however it ends.
    pub(super) fn done(&self) {
        self.tell(|orders| orders.is_done = true);
    }

    /// Has the thread write what is left and end; says whether it did in time.
    pub(super) fn close(&self) -> bool {
        self.tell(|orders| orders.closes = true);
        let is_going = |orders: &mut Orders| !orders.is_done;
        let orders = lock(&self.orders);
        let waited = self.changed.wait_timeout_while(orders, self.options.closing, is_going);
        let (orders, _) = waited.unwrap_or_else(PoisonError::into_inner);
        orders.is_done
    }

    /// Waits until there is something to do or `patience` has passed; one that is `deaf` does not
    /// hear that much is waiting.
    pub(super) fn wait(&self, patience: Duration, deaf: bool) -> Orders {
        // As long as a day is as good as for ever: it looks again then.
        let until = Instant::now() + patience.min(Duration::from_secs(24 * 60 * 60));
        let mut orders = lock(&self.orders);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let is_called = orders.reopens || orders.closes || (orders.hurries && !deaf);
            if is_called || left.is_zero() {
                let told = *orders;
                (orders.hurries, orders.reopens) = (false, false);
                return told;
            }
            let waited = self.changed.wait_timeout(orders, left);
            (orders, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn tell(&self, tell: impl FnOnce(&mut Orders)) {
        tell(&mut lock(&self.orders));
        self.changed.notify_all();
    }
}

/// Nothing is left half done under any of these locks, so a poisoned one holds what is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
