//! Where lines go.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where lines go.
pub(super) enum Sink {
    /// A file that can be opened anew by its path; none before it was opened.
    File { path: PathBuf, file: Option<File> },
    /// Anything else.
    Other(Box<dyn Write + Send>),
}

/// What became of a sink that was opened anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reopened {
    /// It is what it was.
    Same,
    /// It is another, which has nothing of a line that the old one took half of.
    Other,
}

/// Opens a log.
pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

impl Sink {
    /// Opens it by its path; where that fails, it is what it was.
    pub(super) fn reopen(&mut self) -> io::Result<Reopened> {
        let Sink::File { path, file } = self else { return Ok(Reopened::Same) };
        let new = open(path)?;
        let (found, old) = (new.metadata()?, file.as_ref().map(File::metadata).transpose()?);
        let is_same = old.is_some_and(|old| (old.dev(), old.ino()) == (found.dev(), found.ino()));
        *file = Some(new);
        Ok(if is_same { Reopened::Same } else { Reopened::Other })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Other(sink) => sink.write(bytes),
            Sink::File { file: Some(file), .. } => file.write(bytes),
            Sink::File { path, file } => file.insert(open(path)?).write(bytes),
        }
    }

    /// Has it pass on what it may keep itself.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Other(sink) => sink.flush(),
            Sink::File { .. } => Ok(()),
        }
    }

    /// What it is called when it fails.
    pub(super) fn name(&self) -> String {
        match self {
            Sink::File { path, .. } => path.display().to_string(),
            Sink::Other(_) => "its sink".to_owned(),
        }
    }
}
