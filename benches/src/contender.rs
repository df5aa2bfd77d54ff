//! A server that stands beside others: its row, its program, and how it is started.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use readily::quic::Limits;

use crate::content;
use crate::failure::Failure;
use crate::results::Role;
use crate::scratch::Scratch;
use crate::server::Launch;
use crate::system::{haproxy, lighttpd, nginx};

/// One server of a table; [`catalogue`](crate::catalogue) lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contender {
    /// Its row.
    pub label: &'static str,
    /// What it is compared for.
    pub role: Role,
    /// Whose program it is.
    pub program: Program,
    /// Its arguments beside the address: a subcommand and options.
    pub words: &'static [&'static str],
    /// The window sizes that are passed on.
    pub windows: Windows,
    /// Whether it makes a certificate at start, and saves it for its clients.
    pub security: Security,
    /// Whether it gets a folder.
    pub serves: Serves,
    /// The crates whose versions stand for it.
    pub crates: &'static [&'static str],
    /// Its source in this repository; empty for programs from elsewhere.
    pub source: &'static str,
    /// What is particular about it, in a sentence; or nothing.
    pub note: &'static str,
}

/// Whose program a contender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// A binary of this package.
    Peer(&'static str),
    /// One of Readily's examples.
    Example(&'static str),
    /// nginx, if it is installed.
    Nginx(nginx::Site),
    /// HAProxy, if it is installed.
    Haproxy(haproxy::Mode),
    /// lighttpd, if it is installed.
    Lighttpd(lighttpd::Site),
}

/// How many bytes may be under way on QUIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windows {
    /// The program's own defaults.
    Own,
    /// Those of Readily's server.
    Readily,
}

/// Whether clients need a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// They do not.
    Plain,
    /// They trust the one that the server has saved.
    Certificate,
}

/// What a server is told to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    /// What it does of its own.
    Own,
    /// The folder with the large file.
    Folder,
}

impl Contender {
    /// A peer: a binary of this package with a subcommand.
    pub const fn peer(
        label: &'static str,
        program: &'static str,
        words: &'static [&'static str],
    ) -> Self {
        Self {
            label,
            role: Role::Peer,
            program: Program::Peer(program),
            words,
            windows: Windows::Own,
            security: Security::Plain,
            serves: Serves::Own,
            crates: &[],
            source: "",
            note: "",
        }
    }

    /// The least that can be done.
    pub const fn limit(
        label: &'static str,
        program: &'static str,
        words: &'static [&'static str],
    ) -> Self {
        Self { role: Role::Limit, ..Self::peer(label, program, words) }
    }

    /// Readily itself, by one of its examples.
    pub const fn example(label: &'static str, name: &'static str) -> Self {
        let program = Program::Example(name);
        Self { role: Role::Subject, program, ..Self::peer(label, name, &[]) }
    }

    /// The same with a certificate.
    pub const fn secured(self) -> Self {
        Self { security: Security::Certificate, ..self }
    }

    /// The same with the folder of the large file.
    pub const fn of_folder(self) -> Self {
        Self { serves: Serves::Folder, ..self }
    }

    /// The same with where it comes from.
    pub const fn from(self, crates: &'static [&'static str], source: &'static str) -> Self {
        Self { crates, source, ..self }
    }

    /// The same with a note.
    pub const fn noted(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// The name of its program.
    pub fn name(self) -> &'static str {
        match self.program {
            Program::Peer(name) | Program::Example(name) => name,
            Program::Nginx(_) => "nginx",
            Program::Haproxy(_) => "haproxy",
            Program::Lighttpd(_) => "lighttpd",
        }
    }

    /// Its command line, for a reader.
    pub fn command(self) -> String {
        let mut line = match self.program {
            Program::Peer(name) | Program::Example(name) => name.to_owned(),
            Program::Nginx(_) => return "nginx -c FILE (src/system/nginx.rs writes it)".to_owned(),
            Program::Haproxy(_) => {
                return "haproxy -db -f FILE (src/system/haproxy.rs writes it)".to_owned();
            }
            Program::Lighttpd(_) => {
                return "lighttpd -D -f FILE (src/system/lighttpd.rs writes it)".to_owned();
            }
        };
        for word in self.arguments() {
            line.push(' ');
            line.push_str(&word.to_string_lossy());
        }
        line.push_str(" --listen 127.0.0.1:0");
        if self.security == Security::Certificate {
            line.push_str(" --cert-out FILE");
        }
        if self.serves == Serves::Folder {
            line.push_str(" --root DIR");
        }
        line
    }

    fn arguments(self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = self.words.iter().map(OsString::from).collect();
        if self.windows == Windows::Readily {
            let Limits { stream_window, window, send_window, .. } = Limits::DEFAULT;
            let windows = format!("{stream_window},{window},{send_window}");
            arguments.extend(["--windows".into(), windows.into()]);
        }
        arguments
    }
}

/// Where built programs are looked for.
#[derive(Debug)]
pub struct Programs {
    directory: PathBuf,
}

impl Programs {
    /// `directory` holds the binaries, `examples` under it Readily's servers.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Those beside the program that runs.
    pub fn beside_this() -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        let directory =
            program.parent().ok_or_else(|| Failure::failed("this program has no directory"))?;
        Ok(Self::new(directory.to_owned()))
    }

    /// A binary of this package.
    pub fn binary(&self, name: &str) -> Result<PathBuf, Failure> {
        self.find(name, "", "cargo build --release -p readily-benches --bins")
    }

    /// One of Readily's examples.
    pub fn example(&self, name: &str) -> Result<PathBuf, Failure> {
        self.find(name, "examples", "cargo build --release --examples")
    }

    /// How to start a contender; a relay gets the address `to`.
    pub fn launch(
        &self,
        contender: Contender,
        to: Option<SocketAddr>,
        scratch: &Scratch,
    ) -> Result<Launch, Failure> {
        let (name, program) = match contender.program {
            Program::Nginx(site) => return nginx::launch(site, to, scratch),
            Program::Haproxy(mode) => return haproxy::launch(mode, to, scratch),
            Program::Lighttpd(site) => return lighttpd::launch(site, scratch),
            Program::Peer(name) => (name, self.binary(name)?),
            Program::Example(name) => (name, self.example(name)?),
        };
        let mut launch = Launch::announced(name, program);
        // A subcommand comes first.
        launch.arguments.splice(0..0, contender.arguments());
        if let Some(to) = to {
            launch.arguments.extend(["--to".into(), to.to_string().into()]);
        }
        if contender.security == Security::Certificate {
            launch.saves_certificate(scratch.path("pem"));
        }
        if contender.serves == Serves::Folder {
            launch.arguments.extend(["--root".into(), content::folder(scratch)?.into()]);
        }
        Ok(launch)
    }

    fn find(&self, name: &str, folder: &str, build: &str) -> Result<PathBuf, Failure> {
        let path = self.directory.join(folder).join(name);
        if path.is_file() {
            Ok(path)
        } else {
            Err(Failure::Missing(format!("{name} is missing: {build}")))
        }
    }
}
