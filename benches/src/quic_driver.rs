//! Runs the QUIC load generator against a server.

use std::path::PathBuf;
use std::process::Command;

use crate::driver::{Held, RUN_LIMIT, STOP_LIMIT};
use crate::failure::Failure;
use crate::process::Process;
use crate::scratch::Scratch;
use crate::server::Server;
use crate::summary::Transfer;

/// Starts QUIC load generators, in processes of their own.
#[derive(Debug)]
pub struct QuicDriver<'a> {
    quic_load: PathBuf,
    scratch: &'a Scratch,
}

impl<'a> QuicDriver<'a> {
    /// `quic_load` is the path of the load generator.
    pub fn new(quic_load: PathBuf, scratch: &'a Scratch) -> Self {
        Self { quic_load, scratch }
    }

    /// Sends `bytes` over one stream, and gets them back.
    pub fn transfer(&self, server: &mut Server, bytes: u64) -> Result<Transfer, Failure> {
        let mut process = self.start(server, &["--bytes", &bytes.to_string()])?;
        let result = process.line_within(RUN_LIMIT).and_then(|line| {
            process.succeed_within(STOP_LIMIT)?;
            Transfer::from_json(&line)
        });
        result.map_err(|failure| server.explain(failure))
    }

    /// Opens `idle` connections, with `bytes` over one stream of each, and keeps them.
    pub fn hold(&self, server: &mut Server, idle: u64, bytes: u64) -> Result<Held, Failure> {
        let (bytes, idle) = (bytes.to_string(), idle.to_string());
        let process = self.start(server, &["--bytes", &bytes, "--connections", &idle, "--hold"])?;
        Held::after_round_trips(process, server)
    }

    fn start(&self, server: &Server, arguments: &[&str]) -> Result<Process, Failure> {
        let certificate = server
            .certificate()
            .ok_or_else(|| Failure::failed("a QUIC server without a certificate"))?;
        let mut command = Command::new(&self.quic_load);
        command.args(["--connect", &server.address().to_string(), "--trust"]).arg(certificate);
        command.args(arguments).arg("--json");
        Process::start("quic_load", &mut command, self.scratch)
    }
}
