//! Where a body goes, and how far it is.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

/// The output of all fetches, and the bar of the one that is running.
///
/// It is written on the loop's own thread: this program has nothing else to do meanwhile. A server
/// would hand that to other threads.
pub struct Sink {
    out: Box<dyn Write>,
    /// Nothing is drawn where standard error is no terminal.
    bar: ProgressBar,
    has_bar: bool,
}

impl Sink {
    /// To that file, which is made anew, or to standard output.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn open(output: Option<&Path>) -> io::Result<Self> {
        let out: Box<dyn Write> = match output {
            Some(path) => Box::new(File::create(path)?),
            None => Box::new(io::stdout()),
        };
        // A bar would be in the midst of a body that a terminal shows.
        let has_bar = output.is_some() || !io::stdout().is_terminal();
        Ok(Sink { out, bar: ProgressBar::hidden(), has_bar })
    }

    /// A body begins, which is that long, if that is known.
    pub fn begin(&mut self, url: &str, length: Option<u64>) {
        if !self.has_bar {
            return;
        }
        let (bar, template) = match length {
            Some(length) => {
                (ProgressBar::new(length), "{msg} [{bar:30}] {bytes} of {total_bytes}, {eta} left")
            }
            None => (ProgressBar::no_length(), "{msg} {spinner} {bytes}, {bytes_per_sec}"),
        };
        let style = ProgressStyle::with_template(template);
        self.bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.set_message(url.to_owned());
    }

    /// More of it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.bar.inc(bytes.len() as u64);
        Ok(())
    }

    /// It is over.
    ///
    /// # Errors
    /// Where what was kept back cannot be written.
    pub fn end(&mut self) -> io::Result<()> {
        self.bar.finish_and_clear();
        self.out.flush()
    }
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sink")
    }
}
