//! The thread that writes.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pages::{Chunks, Shared};
use super::sink::{Reopened, Sink};

/// How often a failure is spoken of on stderr.
const COMPLAINT: Duration = Duration::from_secs(60);

/// What the thread has.
pub(super) struct Writer {
    sink: Sink,
    shared: Arc<Shared>,
    /// Taken and not written yet.
    chunks: Chunks,
    /// How much of the first one was written.
    written: usize,
    complaints: Complaints,
}

impl Writer {
    pub(super) fn new(sink: Sink, shared: Arc<Shared>) -> Self {
        Writer {
            sink,
            shared,
            chunks: Chunks::new(),
            written: 0,
            complaints: Complaints::default(),
        }
    }

    pub(super) fn run(mut self) {
        let _last_word = LastWord(self.shared.clone());
        let mut is_failing = false;
        loop {
            let options = &self.shared.options;
            let patience = if is_failing { options.retry } else { options.interval };
            let orders = self.shared.wait(patience, is_failing);
            // What was written before goes where it was to go.
            let mut result = self.write_all();
            if orders.reopens {
                result = self.reopen().and_then(|()| self.write_all());
            }
            is_failing = result.is_err();
            if let Err(error) = result {
                self.complain(&error);
            }
            if orders.closes {
                return;
            }
        }
    }

    /// Writes what was taken, and then what waits now.
    fn write_all(&mut self) -> io::Result<()> {
        self.write_taken()?;
        self.chunks = self.shared.take();
        self.write_taken()?;
        self.sink.flush()
    }

    fn write_taken(&mut self) -> io::Result<()> {
        while let Some(chunk) = self.chunks.front() {
            match self.sink.write(&chunk[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => self.written += n.min(chunk.len() - self.written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.written == chunk.len() {
                self.chunks.pop_front();
                self.written = 0;
                self.shared.give_chunk();
            }
        }
        Ok(())
    }

    fn reopen(&mut self) -> io::Result<()> {
        if self.sink.reopen()? == Reopened::Other
            && let Some(chunk) = self.chunks.front()
        {
            // The line that the old one has half of begins again.
            let end = chunk[..self.written].iter().rposition(|byte| *byte == b'\n');
            self.written = end.map_or(0, |end| end + 1);
        }
        Ok(())
    }

    fn complain(&mut self, error: &io::Error) {
        self.shared.count_failure();
        if self.complaints.are_due(Instant::now()) {
            let (name, dropped) = (self.sink.name(), self.shared.figures().dropped);
            // Who cannot hear of it has the counters.
            let _ = writeln!(io::stderr(), "log: {name}: {error}; lines dropped so far: {dropped}");
        }
    }
}

/// Says that the thread has ended, by a panic of the sink as well.
struct LastWord(Arc<Shared>);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.done();
    }
}

/// When a failure was spoken of last.
#[derive(Default)]
pub(super) struct Complaints(Option<Instant>);

impl Complaints {
    /// Whether one may be spoken of now; the first always may.
    pub(super) fn are_due(&mut self, now: Instant) -> bool {
        let is_due = self.0.is_none_or(|last| now.saturating_duration_since(last) >= COMPLAINT);
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logbook::{Options, sink};

    /// A writer whose file took half of a line, by the name of the file and its next one's.
    fn torn(old: &str, new: &str) -> (String, String) {
        let folder =
            std::env::temp_dir().join(format!("readily-torn-{}-{new}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let (old, new) = (folder.join(old), folder.join(new));
        let file = Some(sink::open(&old).expect("a file"));
        let shared = Arc::new(Shared::new(Options::default()));
        let pages = shared.add_pages();
        pages.push(b"one\n", &shared).expect("it fits");
        pages.push(b"two\n", &shared).expect("it fits");
        let mut writer = Writer::new(Sink::File { path: new.clone(), file }, shared.clone());
        writer.chunks = shared.take();
        writer.written = writer.sink.write(b"one\ntw").expect("it is written");
        writer.reopen().and_then(|()| writer.write_all()).expect("it is written");
        let read = |path| std::fs::read_to_string(path).expect("it is UTF-8");
        let found = (read(&old), read(&new));
        std::fs::remove_dir_all(&folder).expect("it goes");
        found
    }

    #[test]
    fn a_line_that_one_file_has_half_of_is_whole_in_the_next() {
        assert_eq!(torn("old", "new"), ("one\ntw".to_owned(), "two\n".to_owned()));
        let whole = "one\ntwo\n".to_owned();
        assert_eq!(torn("same", "same"), (whole.clone(), whole), "it is the same file");
    }
}
