//! Files for tests.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use readily::File;

/// A file with this in it, which has no name any more.
pub(crate) fn file(bytes: &[u8]) -> File {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(format!("readily-{process}-file-{number}"));
    let options = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
    let mut file = options.expect("a file");
    fs::remove_file(&path).expect("its name");
    file.write_all(bytes).expect("written");
    file.into()
}
