//! One server under measurement: started, bare or under a tool, and stopped.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::callgrind;
use crate::cli::LISTENING_ON;
use crate::failure::Failure;
use crate::memcheck;
use crate::process::{self, Process};
use crate::reservation::Reservation;
use crate::scratch::Scratch;
use crate::strace;

/// A server under valgrind needs seconds to start.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// How long a server gets to notice that its clients are gone.
const SETTLE_LIMIT: Duration = Duration::from_secs(2);
const SETTLE_STEP: Duration = Duration::from_millis(2);

/// What to start, and how.
#[derive(Debug)]
pub struct Launch {
    /// What failures call it.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where it listens.
    pub door: Door,
    /// The signal that ends it with exit code 0.
    pub stop: Signal,
    /// Where it saves the certificate that its clients have to trust.
    pub certificate: Option<PathBuf>,
}

impl Launch {
    /// A program that takes `--listen`, says where it listens, and ends on SIGTERM.
    pub fn announced(name: &str, program: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            program,
            arguments: vec!["--listen".into(), "127.0.0.1:0".into()],
            door: Door::Announced,
            stop: Signal::TERM,
            certificate: None,
        }
    }

    /// Asks for a certificate made at start, saved to `file`.
    pub fn saves_certificate(&mut self, file: PathBuf) {
        self.arguments.extend(["--cert-out".into(), file.clone().into()]);
        self.certificate = Some(file);
    }
}

/// How the address of a server becomes known.
#[derive(Debug)]
pub enum Door {
    /// It prints `listening on ADDR`.
    Announced,
    /// It inherits this listener.
    Inherited(TcpListener),
    /// It binds this address, and does not say when.
    Reserved(Reservation),
}

/// The tool that a server runs under.
#[derive(Debug)]
pub enum Under {
    /// None.
    Nothing,
    /// `valgrind --tool=callgrind`, which writes to this file.
    Callgrind(PathBuf),
    /// `valgrind --tool=memcheck`, which writes to this file.
    Memcheck(PathBuf),
    /// `strace -c -f`, which writes to this file.
    Strace(PathBuf),
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    process: Process,
    pid: Pid,
    address: SocketAddr,
    certificate: Option<PathBuf>,
    stop: Signal,
    /// Descriptors before the first client.
    descriptors: usize,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub fn start(launch: Launch, under: &Under, scratch: &Scratch) -> Result<Self, Failure> {
        let mut command = match under {
            Under::Nothing => Command::new(&launch.program),
            Under::Callgrind(out) => callgrind::command(&launch.program, out)?,
            Under::Memcheck(out) => memcheck::command(&launch.program, out)?,
            Under::Strace(out) => strace::command(&launch.program, out)?,
        };
        command.args(&launch.arguments);
        let mut process = Process::start(&launch.name, &mut command, scratch)?;
        let address = match &launch.door {
            Door::Announced => announced(&mut process, &launch.name)?,
            Door::Inherited(listener) => listener.local_addr()?,
            Door::Reserved(reservation) => accepting(&mut process, reservation.address())?,
        };
        let pid = match under {
            // valgrind runs the server in its own process, strace as a child.
            Under::Nothing | Under::Callgrind(_) | Under::Memcheck(_) => process.pid(),
            Under::Strace(_) => child_of(&process)?,
        };
        let descriptors = process::descriptors(pid)?;
        let Launch { certificate, stop, .. } = launch;
        Ok(Self { process, pid, address, certificate, stop, descriptors })
    }

    /// The better account of `failure`: the server's own end, if it has ended.
    pub fn explain(&mut self, failure: Failure) -> Failure {
        self.process.explain(failure)
    }

    /// Waits until the server has closed its connections, then stops it.
    ///
    /// So each run does the same work at its end, and the difference of two runs has none of it.
    pub fn stop(mut self) -> Result<(), Failure> {
        let deadline = Instant::now() + SETTLE_LIMIT;
        while process::descriptors(self.pid).is_ok_and(|open| open > self.descriptors)
            && Instant::now() < deadline
        {
            std::thread::sleep(SETTLE_STEP);
        }
        if let Err(errno) = kill_process(self.pid, self.stop) {
            return Err(self.explain(errno.into()));
        }
        self.process.succeed_within(STOP_LIMIT)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate that its clients have to trust.
    pub fn certificate(&self) -> Option<&Path> {
        self.certificate.as_deref()
    }

    /// The process id of the server itself, not of a tool around it.
    pub fn pid(&self) -> Pid {
        self.pid
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server under strace would outlive strace. `stop` has waited for its end already, and
        // an id that was waited for may belong to another process, so only a child is killed.
        if self.pid != self.process.pid()
            && let Ok(Some(child)) = process::child_of(self.process.pid())
        {
            let _ = kill_process(child, Signal::KILL);
        }
    }
}

/// Waits until strace has started the server: one that inherits its listener does not say so.
fn child_of(strace: &Process) -> Result<Pid, Failure> {
    let deadline = Instant::now() + SETTLE_LIMIT;
    while Instant::now() < deadline {
        if let Some(child) = process::child_of(strace.pid())? {
            return Ok(child);
        }
        std::thread::sleep(SETTLE_STEP);
    }
    Err(Failure::failed("strace has no child"))
}

/// Waits until a connection is accepted.
fn accepting(process: &mut Process, address: SocketAddr) -> Result<SocketAddr, Failure> {
    let deadline = Instant::now() + START_LIMIT;
    while let Err(error) = TcpStream::connect(address) {
        if process.wait_within(SETTLE_STEP).is_ok() || Instant::now() > deadline {
            return Err(process.explain(error.into()));
        }
    }
    Ok(address)
}

fn announced(process: &mut Process, name: &str) -> Result<SocketAddr, Failure> {
    let line = process.line_within(START_LIMIT)?;
    line.strip_prefix(LISTENING_ON).and_then(|address| address.parse().ok()).ok_or_else(|| {
        Failure::failed(format!("{name} said {line:?} instead of {LISTENING_ON:?} and an address"))
    })
}
