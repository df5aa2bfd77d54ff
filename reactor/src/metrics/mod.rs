//! What loops count, as text for Prometheus (exposition format 0.0.4).
//!
//! One [`Metrics`] is shared by all loops of a process. Each loop publishes to it, and any of them
//! may show all of them: under whatever path a service of yours answers with [`Metrics::text`] as
//! [`CONTENT_TYPE`]. The whole of it is in the book, in the page on logs and metrics.
//!
//! # What is guaranteed
//!
//! - What is shown of a loop is at most [`AGE_MAX`] and one turn old. A loop that has nothing to do
//!   turns once more to publish its last figures, and then sleeps.
//! - Labels come from the program alone (names of states, of counts, of logs), so that no client
//!   can make more of them.
//! - A loop that does not publish pays two comparisons a turn; one that does copies its counters
//!   once a second, and waits for nobody.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::logbook::{Logbook, Watch};

mod board;
mod exchanges;
mod page;
mod publish;
mod text;

use self::board::Board;
use self::exchanges::Cells;
pub use self::exchanges::Exchanges;
pub(crate) use self::publish::Publisher;

/// What the text is: the value of `content-type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How old figures of a loop may be, besides the turn that it is in.
pub const AGE_MAX: Duration = Duration::from_secs(1);

/// Everything that is shown: cheap to clone, and the same for all clones.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// One for each loop that publishes.
    boards: Mutex<Vec<Arc<Board>>>,
    /// With the loop that they belong to.
    exchanges: Mutex<Vec<(usize, Arc<Cells>)>>,
    logs: Mutex<Vec<(&'static str, Watch)>>,
}

impl Metrics {
    /// Metrics of nothing yet: loops are added by [`Reactor::publish`](crate::Reactor::publish).
    pub fn new() -> Self {
        Metrics::default()
    }

    /// Counts of the exchanges of one loop, such as requests of HTTP; `index` is the loop's.
    pub fn exchanges(&self, index: usize) -> Exchanges {
        let cells = Arc::new(Cells::default());
        lock(&self.0.exchanges).push((index, cells.clone()));
        Exchanges::new(cells)
    }

    /// Shows the figures of a log under that name; another of the same name takes its place.
    pub fn show_log(&self, name: &'static str, log: &Logbook) {
        let mut logs = lock(&self.0.logs);
        logs.retain(|(known, _)| *known != name);
        logs.push((name, log.watch()));
    }

    /// All of it as text, from any thread. It allocates, and takes as long as there is to print:
    /// usually well below a millisecond.
    pub fn text(&self) -> String {
        text::write(&self.0)
    }

    /// A board for a loop; one that has the same index goes.
    fn add_board(&self, index: usize, board: Board) -> Arc<Board> {
        let board = Arc::new(board);
        let mut boards = lock(&self.0.boards);
        boards.retain(|known| known.index != index);
        boards.push(board.clone());
        boards.sort_by_key(|board| board.index);
        board
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("loops", &lock(&self.0.boards).len()).finish()
    }
}

/// What is behind these locks is replaced as a whole, so a poisoned one holds what is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
