//! A log that no loop waits for: lines go into bounded memory, and a thread writes them out.
//!
//! ```no_run
//! use readily::logbook::{Logbook, Options};
//!
//! # fn main() -> std::io::Result<()> {
//! let mut log = Logbook::file("access.log", Options::default())?;
//! let another_loops = log.clone();
//! if log.write(|line| line.extend_from_slice(b"one line")).is_err() {
//!     // It was dropped, and counted: `log.figures().dropped`.
//! }
//! # drop(another_loops);
//! # Ok(())
//! # }
//! ```
//!
//! # What is guaranteed
//!
//! - [`Logbook::write`] never waits for a disk, a pipe or a terminal. It takes a lock that the
//!   writing thread holds only to take a list from it.
//! - Lines that wait take at most [`Options::ring`] bytes of memory. Past that lines are dropped
//!   and counted.
//! - The lines of one handle stay in their order, and none is torn: what a sink took half of, it is
//!   offered the rest of.
//! - A sink that fails is tried again each [`Options::retry`], and spoken of on stderr at most once
//!   a minute.
//! - When the last handle is dropped, what waits is written, for at most [`Options::closing`].

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

mod pages;
mod sink;
#[cfg(test)]
mod tests;
mod writer;

use self::pages::{Pages, Shared};
use self::sink::Sink;
use self::writer::Writer;

/// How many bytes memory is counted in; no line is longer.
pub const CHUNK: usize = 16 * 1024;

/// The name that a loop may count dropped lines by:
/// [`Effects::count`](crate::Effects::count).
pub const DROPPED: &str = "log lines dropped";

/// The limits of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// How many bytes may wait, of all handles together, at least [`CHUNK`]. They are taken in
    /// steps of [`CHUNK`], so that each handle that has something to say takes one.
    pub ring: usize,
    /// How many bytes of one handle may wait before the thread is woken; half of
    /// [`ring`](Options::ring) wakes it too.
    pub batch: usize,
    /// How long a line waits at most before it is written.
    pub interval: Duration,
    /// How long a sink that failed is let be.
    pub retry: Duration,
    /// How long the last handle waits, when it is dropped, for what is still to be written.
    pub closing: Duration,
}

impl Options {
    /// 4 MiB wait at most.
    pub const RING: usize = 4 * 1024 * 1024;
    /// 64 KiB wake the thread.
    pub const BATCH: usize = 64 * 1024;
    /// A line waits 1 s at most.
    pub const INTERVAL: Duration = Duration::from_secs(1);
    /// A sink that failed is tried again after 1 s.
    pub const RETRY: Duration = Duration::from_secs(1);
    /// 2 s for what is left at the end.
    pub const CLOSING: Duration = Duration::from_secs(2);
}

impl Default for Options {
    fn default() -> Self {
        Options {
            ring: Options::RING,
            batch: Options::BATCH,
            interval: Options::INTERVAL,
            retry: Options::RETRY,
            closing: Options::CLOSING,
        }
    }
}

/// A line was dropped: there was no room for it, or it was longer than [`CHUNK`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the log takes no more now: a line was dropped")
    }
}

impl std::error::Error for Dropped {}

/// What a log has done, all handles together.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Figures {
    /// Lines that were taken.
    pub lines: u64,
    /// Lines that were dropped.
    pub dropped: u64,
    /// Failures of the sink.
    pub failures: u64,
    /// Bytes of memory that waiting lines take now.
    pub waiting: u64,
}

/// One handle of a log: each loop has its own, made by `clone`.
pub struct Logbook {
    pages: Arc<Pages>,
    /// The line that is being written.
    line: Vec<u8>,
    owner: Arc<Owner>,
}

impl Logbook {
    /// Appends to a file, which is made if it is not there.
    ///
    /// A named pipe is opened by the thread, since that waits for a reader.
    ///
    /// # Errors
    /// Those of opening it and of starting the thread; `InvalidInput` for a ring that is smaller
    /// than [`CHUNK`].
    pub fn file(path: impl Into<PathBuf>, options: Options) -> io::Result<Logbook> {
        let path = path.into();
        let is_pipe = fs::metadata(&path).is_ok_and(|found| found.file_type().is_fifo());
        let file = if is_pipe { None } else { Some(sink::open(&path)?) };
        Logbook::start(Sink::File { path, file }, options)
    }

    /// Writes to standard output.
    ///
    /// # Errors
    /// Those of starting the thread, or where no descriptor is left; `InvalidInput` for a ring that
    /// is smaller than [`CHUNK`].
    pub fn stdout(options: Options) -> io::Result<Logbook> {
        // Its own descriptor, since that of `Stdout` has a buffer and a lock that others share.
        let out = io::stdout().as_fd().try_clone_to_owned()?;
        Logbook::start(Sink::Other(Box::new(fs::File::from(out))), options)
    }

    /// Writes to anything. Its `write` is called on a thread of its own, and may block.
    ///
    /// # Errors
    /// Those of starting the thread; `InvalidInput` for a ring that is smaller than [`CHUNK`].
    pub fn to(sink: impl Write + Send + 'static, options: Options) -> io::Result<Logbook> {
        Logbook::start(Sink::Other(Box::new(sink)), options)
    }

    fn start(sink: Sink, options: Options) -> io::Result<Logbook> {
        if options.ring < CHUNK {
            let why = "the ring of a log is smaller than one of its chunks";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let shared = Arc::new(Shared::new(options));
        let writer = Writer::new(sink, shared.clone());
        let thread = thread::Builder::new().name("readily-log".to_owned());
        let thread = Some(thread.spawn(move || writer.run())?);
        let pages = shared.add_pages();
        Ok(Logbook { pages, line: Vec::new(), owner: Arc::new(Owner { shared, thread }) })
    }

    /// Appends one line: what `write` appends, with a line end if it has none.
    ///
    /// # Errors
    /// [`Dropped`] where there is no room for it. It never waits for room.
    pub fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Dropped> {
        self.line.clear();
        self.line.shrink_to(CHUNK);
        write(&mut self.line);
        if self.line.last() != Some(&b'\n') {
            self.line.push(b'\n');
        }
        self.pages.push(&self.line, &self.owner.shared)
    }

    /// Opens the file anew by its path, after what was written before: for a log that was moved
    /// away, usually on [`HANGUP`](crate::HANGUP). It does not wait for it.
    ///
    /// Where it cannot be opened, the old one is kept, and that counts as a failure. A log that is
    /// no file goes on as it is.
    pub fn reopen(&self) {
        self.owner.shared.reopen();
    }

    /// What this log has done.
    pub fn figures(&self) -> Figures {
        self.owner.shared.figures()
    }

    /// A view of it for other threads, which does not keep it open.
    pub fn watch(&self) -> Watch {
        Watch(self.owner.shared.clone())
    }
}

impl Clone for Logbook {
    fn clone(&self) -> Self {
        let pages = self.owner.shared.add_pages();
        Logbook { pages, line: Vec::new(), owner: self.owner.clone() }
    }
}

impl fmt::Debug for Logbook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Logbook").field(&self.figures()).finish()
    }
}

/// The figures of a log, from any thread: see [`Logbook::watch`].
#[derive(Clone)]
pub struct Watch(Arc<Shared>);

impl Watch {
    /// What the log has done, its end included.
    pub fn figures(&self) -> Figures {
        self.0.figures()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.figures()).finish()
    }
}

/// What all handles keep open.
struct Owner {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A thread that a sink holds up is left to itself: it ends with the process.
        if self.shared.close()
            && let Some(thread) = self.thread.take()
        {
            // Where it panicked, the hook has said so.
            let _ = thread.join();
        }
    }
}
