//! Runs the load generator against a server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::failure::Failure;
use crate::process::Process;
use crate::scratch::Scratch;
use crate::server::Server;
use crate::summary::Summary;

/// What `load --hold` prints once its round trips are done.
pub const HOLDING: &str = "holding";

/// The longest run: thousands of round trips against a server under valgrind.
const RUN_LIMIT: Duration = Duration::from_secs(300);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// One run of the load generator.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Connections that share the round trips.
    pub connections: u64,
    /// Bytes of a message.
    pub size: u64,
    /// Round trips over all connections.
    pub requests: u64,
}

/// Starts load generators, in processes of their own.
#[derive(Debug)]
pub struct Driver<'a> {
    load: PathBuf,
    scratch: &'a Scratch,
}

impl<'a> Driver<'a> {
    /// `load` is the path of the load generator.
    pub fn new(load: PathBuf, scratch: &'a Scratch) -> Self {
        Self { load, scratch }
    }

    /// Does the round trips and closes.
    pub fn run(&self, server: &mut Server, load: Load) -> Result<Summary, Failure> {
        let mut process = self.start(server.address(), load, 0)?;
        let result = process.line_within(RUN_LIMIT).and_then(|line| {
            process.succeed_within(STOP_LIMIT)?;
            Summary::from_json(&line)
        });
        result.map_err(|failure| server.explain(failure))
    }

    /// Opens `idle` connections, with one round trip each, and keeps them.
    pub fn hold(&self, server: &mut Server, idle: u64, size: u64) -> Result<Held, Failure> {
        let load = Load { connections: 0, size, requests: 0 };
        let mut process = self.start(server.address(), load, idle)?;
        let result = process.line_within(RUN_LIMIT).and_then(|_| process.line_within(RUN_LIMIT));
        match result {
            Ok(line) if line == HOLDING => Ok(Held { process }),
            Ok(line) => Err(Failure::failed(format!("load said {line:?}"))),
            Err(failure) => Err(server.explain(failure)),
        }
    }

    fn start(&self, to: SocketAddr, load: Load, idle: u64) -> Result<Process, Failure> {
        let mut command = Command::new(&self.load);
        command.args(["--connect", &to.to_string()]);
        command.args(["--connections", &load.connections.to_string()]);
        command.args(["--size", &load.size.to_string()]);
        command.args(["--requests", &load.requests.to_string(), "--json"]);
        if idle > 0 {
            command.args(["--idle", &idle.to_string(), "--hold"]);
        }
        Process::start("load", &mut command, self.scratch)
    }
}

/// Connections that stay open until [`Held::release`].
#[derive(Debug)]
pub struct Held {
    process: Process,
}

impl Held {
    /// Closes them; an error where the server had closed one before.
    pub fn release(mut self, server: &mut Server) -> Result<(), Failure> {
        // A signal to a process that has ended already is no failure: it is waited for next.
        let _ = self.process.signal(Signal::TERM);
        self.process.succeed_within(STOP_LIMIT).map_err(|failure| server.explain(failure))
    }
}
