//! Runs the load generator against a server.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::failure::Failure;
use crate::process::Process;
use crate::scratch::Scratch;
use crate::server::Server;
use crate::summary::Summary;
use crate::talk::Talk;

/// What `--hold` prints once its round trips are done.
pub const HOLDING: &str = "holding";

/// The longest run: thousands of round trips against a server under valgrind.
pub(crate) const RUN_LIMIT: Duration = Duration::from_secs(300);
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(30);

/// One run of the load generator.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Connections that share the round trips.
    pub connections: u64,
    /// What a round trip is.
    pub talk: Talk,
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
        let mut process = self.start(server, load, 0)?;
        let result = process.line_within(RUN_LIMIT).and_then(|line| {
            process.succeed_within(STOP_LIMIT)?;
            Summary::from_json(&line)
        });
        result.map_err(|failure| server.explain(failure))
    }

    /// Opens `idle` connections, with one round trip each, and keeps them.
    pub fn hold(&self, server: &mut Server, idle: u64, talk: Talk) -> Result<Held, Failure> {
        let process = self.start(server, Load { connections: 0, talk, requests: 0 }, idle)?;
        Held::after_round_trips(process, server)
    }

    fn start(&self, server: &Server, load: Load, idle: u64) -> Result<Process, Failure> {
        let mut command = Command::new(&self.load);
        command.args(["--connect", &server.address().to_string()]);
        command.args(["--connections", &load.connections.to_string()]);
        command.args(load.talk.to_string().split(' '));
        command.args(["--requests", &load.requests.to_string(), "--json"]);
        if let Some(certificate) = server.certificate() {
            command.arg("--trust").arg(certificate);
        }
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
    /// Waits until a load generator with `--hold` has done its round trips.
    pub(crate) fn after_round_trips(
        mut process: Process,
        server: &mut Server,
    ) -> Result<Self, Failure> {
        let result = process.line_within(RUN_LIMIT).and_then(|_| process.line_within(RUN_LIMIT));
        match result {
            Ok(line) if line == HOLDING => Ok(Self { process }),
            Ok(line) => Err(Failure::failed(format!("the load generator said {line:?}"))),
            Err(failure) => Err(server.explain(failure)),
        }
    }

    /// Closes them; an error where the server had closed one before.
    pub fn release(mut self, server: &mut Server) -> Result<(), Failure> {
        // A signal to a process that has ended already is no failure: it is waited for next.
        let _ = self.process.signal(Signal::TERM);
        self.process.succeed_within(STOP_LIMIT).map_err(|failure| server.explain(failure))
    }
}
