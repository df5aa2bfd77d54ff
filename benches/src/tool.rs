//! Programs from the system that some figures need.

use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;

/// Counts instructions.
pub const VALGRIND: Tool = Tool { program: "valgrind", package: "valgrind", version: "--version" };
/// Counts system calls.
pub const STRACE: Tool = Tool { program: "strace", package: "strace", version: "--version" };
/// A peer of the relay and of the HTTP proxies.
pub const HAPROXY: Tool = Tool { program: "haproxy", package: "haproxy", version: "-v" };
/// A peer of the HTTP servers, the relay and the HTTP proxies.
pub const NGINX: Tool = Tool { program: "nginx", package: "nginx", version: "-v" };
/// A peer of the HTTP servers.
pub const LIGHTTPD: Tool = Tool { program: "lighttpd", package: "lighttpd", version: "-v" };

/// Where Debian puts daemons; not in the search path of every user.
const DAEMONS: &str = "/usr/sbin";

/// A program and the Debian package that brings it.
#[derive(Debug)]
pub struct Tool {
    program: &'static str,
    package: &'static str,
    version: &'static str,
}

impl Tool {
    /// Its path.
    pub fn find(&self) -> Result<PathBuf, Failure> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .chain([PathBuf::from(DAEMONS)])
            .map(|directory| directory.join(self.program))
            .find(|candidate| candidate.is_file())
            .ok_or_else(|| {
                Failure::Missing(format!(
                    "{} is missing: apt-get install {}",
                    self.program, self.package
                ))
            })
    }

    /// Its name and version in one line, or that it is missing.
    pub fn version(&self) -> String {
        let first_line = self.find().ok().and_then(|path| {
            let output = Command::new(path).arg(self.version).output().ok()?;
            // nginx says it on stderr.
            let text = [output.stdout, output.stderr].concat();
            Some(String::from_utf8_lossy(&text).lines().next()?.trim().to_owned())
        });
        first_line.unwrap_or_else(|| format!("no {}", self.program))
    }
}
