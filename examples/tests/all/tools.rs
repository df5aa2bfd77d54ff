//! Clients that others wrote, where this machine has them.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::server::run;

/// Names a Python that has the modules that are asked for.
const PYTHON: &str = "READILY_PYTHON";

/// Whether a program runs; where it does not, says what nobody has looked at.
pub(crate) fn has(program: &str, probe: &[&str], instead: &str) -> bool {
    let mut command = Command::new(program);
    command.args(probe).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let has = command.status().is_ok_and(|status| status.success());
    if !has {
        missing(program, instead);
    }
    has
}

/// A Python with this module; where there is none, says what nobody has looked at.
pub(crate) fn python(module: &str, instead: &str) -> Option<Command> {
    let python = std::env::var_os(PYTHON).unwrap_or_else(|| OsString::from("python3"));
    let mut probe = Command::new(&python);
    probe.args(["-c", &format!("import {module}")]).stdin(Stdio::null());
    let ran = probe.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !ran.is_ok_and(|status| status.success()) {
        missing(&format!("Python with `{module}` (named in {PYTHON})"), instead);
        return None;
    }
    Some(Command::new(python))
}

/// Past the capture of the test harness: nobody should take this for a look.
fn missing(what: &str, instead: &str) {
    let told = format!("\nNO CLIENT: {what} is not there, so {instead}.\n");
    let _ = std::io::stderr().write_all(told.as_bytes());
}

/// Asks by curl, which says no more than what goes wrong.
pub(crate) fn curl(arguments: &[&str]) -> Output {
    let mut command = Command::new("curl");
    run(command.args(["--noproxy", "*", "--max-time", "60", "-sS"]).args(arguments))
}

/// A file or folder of this process alone. It is removed when it is dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("readily-test-{}-{name}", std::process::id());
        Scratch(std::env::temp_dir().join(name))
    }

    pub(crate) fn holding(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let scratch = Scratch::new(name);
        std::fs::write(&scratch.0, bytes).expect("a file");
        scratch
    }

    /// A folder with these files, each a path and what is in it.
    pub(crate) fn folder(name: &str, files: &[(&str, &[u8])]) -> Self {
        let scratch = Scratch::new(name);
        std::fs::create_dir(&scratch.0).expect("a folder");
        for (path, bytes) in files {
            let path = scratch.0.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, bytes).expect("a file");
        }
        scratch
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may never have been written.
        let _ = std::fs::remove_file(&self.0).or_else(|_| std::fs::remove_dir_all(&self.0));
    }
}
