//! A directory for the files of one run, gone at its end.

use std::cell::Cell;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::failure::Failure;

/// One process has few at a time; a killed one with the same id may have left some behind.
const ATTEMPTS: u32 = 100;

/// A temporary directory that is removed on drop.
#[derive(Debug)]
pub struct Scratch {
    directory: PathBuf,
    files: Cell<u32>,
}

impl Scratch {
    /// A new directory under the system's one for temporary files.
    pub fn new() -> Result<Self, Failure> {
        for attempt in 0..ATTEMPTS {
            let name = format!("readily-measure-{}-{attempt}", std::process::id());
            let directory = std::env::temp_dir().join(name);
            match fs::create_dir(&directory) {
                Ok(()) => return Ok(Self { directory, files: Cell::new(0) }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Failure::from(error).during("a temporary directory")),
            }
        }
        Err(Failure::failed(format!("{ATTEMPTS} temporary directories of this process exist")))
    }

    /// A path in it that was never handed out before.
    pub fn path(&self, suffix: &str) -> PathBuf {
        self.files.set(self.files.get() + 1);
        self.directory.join(format!("{}.{suffix}", self.files.get()))
    }

    /// The folder of that name, which is the same whenever it is asked for; and whether it is new.
    ///
    /// # Errors
    /// Those of making it.
    pub fn folder(&self, name: &str) -> Result<(PathBuf, bool), Failure> {
        let folder = self.directory.join(name);
        match fs::create_dir(&folder) {
            Ok(()) => Ok((folder, true)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok((folder, false)),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing depends on it: the system clears what stays behind.
        let _ = fs::remove_dir_all(&self.directory);
    }
}
