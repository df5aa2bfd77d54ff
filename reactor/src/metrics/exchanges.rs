//! Counts of requests and their answers.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Counts exchanges of one loop: the application keeps it, and adds each answer.
///
/// It can be sent to the thread of its loop, and not be shared: one thread adds, so that nothing on
/// that path is more than a load and a store. Dropping it keeps what it counted.
pub struct Exchanges {
    cells: Arc<Cells>,
    one_thread: PhantomData<Cell<()>>,
}

/// The upper bounds of the histogram, in microseconds; above the last there is one more bucket.
pub(super) const BOUNDS: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000,
];

/// The classes of status, by the first digit of the code; the first is of every other code.
pub(super) const CLASSES: [&str; 6] = ["other", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// What is counted.
#[derive(Default)]
pub(super) struct Cells {
    classes: [AtomicU64; CLASSES.len()],
    sent: AtomicU64,
    took: [AtomicU64; BOUNDS.len() + 1],
    took_micros: AtomicU64,
}

/// One reading of it, or the sum of several.
#[derive(Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) classes: [u64; CLASSES.len()],
    pub(super) sent: u64,
    /// How many took that long, each bucket by itself.
    pub(super) took: [u64; BOUNDS.len() + 1],
    pub(super) took_micros: u64,
}

impl Exchanges {
    pub(super) fn new(cells: Arc<Cells>) -> Self {
        Exchanges { cells, one_thread: PhantomData }
    }

    /// Adds one: the code of its status, the bytes of its body, and how long it took. By the loop's
    /// clock that is zero for an answer that was complete in one turn.
    pub fn add(&self, status: u16, sent: u64, took: Duration) {
        let class = match status / 100 {
            class @ 1..=5 => usize::from(class),
            _ => 0,
        };
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|bound| *bound < micros);
        bump(&self.cells.classes[class], 1);
        bump(&self.cells.sent, sent);
        bump(&self.cells.took[bucket], 1);
        bump(&self.cells.took_micros, micros);
    }

    /// Adds what an access log is told of.
    #[cfg(feature = "http1")]
    pub fn add_record(&self, record: &readily_protocols::http1::access::Record<'_>) {
        self.add(record.status, record.sent, record.took);
    }
}

impl fmt::Debug for Exchanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes = self.cells.read().classes;
        f.debug_map().entries(CLASSES.iter().zip(classes)).finish()
    }
}

impl Cells {
    pub(super) fn read(&self) -> Totals {
        let read = |cell: &AtomicU64| cell.load(Relaxed);
        Totals {
            classes: self.classes.each_ref().map(read),
            sent: read(&self.sent),
            took: self.took.each_ref().map(read),
            took_micros: read(&self.took_micros),
        }
    }
}

impl Totals {
    pub(super) fn add(&mut self, other: &Totals) {
        let pairs = self.classes.iter_mut().zip(other.classes);
        for (sum, n) in pairs.chain(self.took.iter_mut().zip(other.took)) {
            *sum += n;
        }
        self.sent += other.sent;
        self.took_micros += other.took_micros;
    }
}

/// Only one thread writes: no need to lock the memory for it.
fn bump(cell: &AtomicU64, n: u64) {
    cell.store(cell.load(Relaxed).wrapping_add(n), Relaxed);
}
