//! The servers that stand side by side, and where their programs are.

use std::net::SocketAddr;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::failure::Failure;
use crate::haproxy::{self, Splice};
use crate::scratch::Scratch;
use crate::server::{Door, Launch};
use crate::table::SUBJECT;

/// One server of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// The echo server that is the limit.
    RawEpollEcho,
    /// Readily's echo server.
    TcpEcho,
    /// tokio's echo server.
    TokioEcho,
    /// Readily's relay.
    TcpRelay,
    /// tokio's relay.
    TokioRelay,
    /// HAProxy as a relay.
    Haproxy(Splice),
}

/// The echo servers, in the order of their rows.
pub const ECHOES: [Contender; 3] =
    [Contender::RawEpollEcho, Contender::TcpEcho, Contender::TokioEcho];

/// The relays, in the order of their rows.
pub const RELAYS: [Contender; 4] = [
    Contender::TcpRelay,
    Contender::TokioRelay,
    Contender::Haproxy(Splice::Never),
    Contender::Haproxy(Splice::Auto),
];

impl Contender {
    /// Its row.
    pub fn label(self) -> &'static str {
        match self {
            Self::RawEpollEcho => "raw epoll",
            Self::TcpEcho | Self::TcpRelay => SUBJECT,
            Self::TokioEcho | Self::TokioRelay => "tokio",
            Self::Haproxy(Splice::Never) => "HAProxy",
            Self::Haproxy(Splice::Auto) => "HAProxy, splice-auto",
        }
    }

    fn program(self) -> &'static str {
        match self {
            Self::RawEpollEcho => "raw_epoll_echo",
            Self::TcpEcho => "tcp_echo",
            Self::TokioEcho => "tokio_echo",
            Self::TcpRelay => "tcp_relay",
            Self::TokioRelay => "tokio_relay",
            Self::Haproxy(_) => "haproxy",
        }
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

    /// A binary of this package.
    pub fn binary(&self, name: &str) -> Result<PathBuf, Failure> {
        self.find(name, "", "cargo build --release -p readily-benches --bins")
    }

    /// How to start a contender; a relay gets the address `to`.
    pub fn launch(
        &self,
        contender: Contender,
        to: Option<SocketAddr>,
        scratch: &Scratch,
    ) -> Result<Launch, Failure> {
        let name = contender.program();
        let program = match contender {
            Contender::TcpEcho | Contender::TcpRelay => {
                self.find(name, "examples", "cargo build --release --examples")?
            }
            Contender::Haproxy(splice) => {
                let to = to.ok_or_else(|| Failure::failed("a relay needs an address"))?;
                return haproxy::launch(to, splice, scratch);
            }
            _ => self.binary(name)?,
        };
        let mut arguments = vec!["--listen".into(), "127.0.0.1:0".into()];
        if let Some(to) = to {
            arguments.extend(["--to".into(), to.to_string().into()]);
        }
        let name = name.to_owned();
        Ok(Launch { name, program, arguments, door: Door::Announced, stop: Signal::TERM })
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
