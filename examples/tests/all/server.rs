//! An example that runs as a process, and ends with its test.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take before a test gives up: far more than it should.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running example. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    complaints: Receiver<String>,
    /// What it printed before it was ready.
    pub(crate) preface: Vec<String>,
    /// What it printed after `listening on`.
    pub(crate) address: String,
}

impl Server {
    /// Starts an example and waits until it says where it listens.
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        let mut command = example(name);
        command.args(arguments).stdin(Stdio::null());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = read_lines(child.stdout.take().expect("a pipe"));
        let complaints = read_lines(child.stderr.take().expect("a pipe"));
        let (preface, address) = (Vec::new(), String::new());
        let mut server = Server { child, lines, complaints, preface, address };
        loop {
            let line = server.line().unwrap_or_else(|| {
                panic!("{name} ended: {:?}", server.complaints.iter().collect::<Vec<_>>())
            });
            if let Some(address) = line.strip_prefix("listening on ") {
                server.address = address.to_owned();
                return server;
            }
            server.preface.push(line);
        }
    }

    /// Starts one on a free port of the loopback address.
    pub(crate) fn on_loopback(name: &str, arguments: &[&str]) -> Self {
        Server::start(name, &[&["--listen", "127.0.0.1:0"], arguments].concat())
    }

    /// Where it listens, over IP.
    pub(crate) fn ip(&self) -> SocketAddr {
        self.address.parse().expect("an IP address")
    }

    /// The next line it prints; `None` when it has ended.
    pub(crate) fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("it printed nothing for too long"),
        }
    }

    /// Reads what it prints until a line holds each of `parts`.
    pub(crate) fn until(&self, parts: &[&str]) -> String {
        loop {
            let line = self.line().unwrap_or_else(|| panic!("it ended without {parts:?}"));
            if parts.iter().all(|part| line.contains(part)) {
                return line;
            }
        }
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it runs");
    }

    /// Tells it that its log was moved away.
    pub(crate) fn hang_up(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).expect("it runs");
    }

    /// Asks it to end, and says what it still prints. It must end well and without a complaint.
    pub(crate) fn stop(self) -> Vec<String> {
        self.terminate();
        self.ends()
    }

    /// The same where it was asked already.
    pub(crate) fn ends(mut self) -> Vec<String> {
        let rest = std::iter::from_fn(|| self.line()).collect();
        let status = self.child.wait().expect("a child");
        let complaints: Vec<String> = self.complaints.iter().collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
        assert_eq!(status.code(), Some(0), "{rest:#?}");
        rest
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _: std::io::Result<ExitStatus> = self.child.wait();
    }
}

/// Runs an example that ends by itself.
pub(crate) fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("it starts")
}

/// What an example complained of: one line, and that exit code.
#[track_caller]
pub(crate) fn complaint(name: &str, code: i32, output: &Output) -> String {
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), err.lines().count()), (Some(code), 1), "{err}");
    err.strip_prefix(&format!("{name}: ")).expect(&err).trim_end().to_owned()
}

/// The command that starts an example: cargo puts it beside the folder of this test.
pub(crate) fn example(name: &str) -> Command {
    let this = std::env::current_exe().expect("a path");
    let profile = this.ancestors().nth(2).expect("the folder of the profile");
    let path = profile.join("examples").join(name);
    assert!(path.exists(), "{path:?} is not there: `cargo test -p readily-examples` builds it");
    Command::new(path)
}

/// A path for a Unix socket of this test alone.
pub(crate) fn socket_path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("readily-test-{}-{name}.sock", std::process::id()))
}

fn read_lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
