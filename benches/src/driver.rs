//! Runs a load generator against a server.

use std::fmt;
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

/// One run of `load`; as text, its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Busy connections.
    pub connections: u64,
    /// What a unit is.
    pub talk: Talk,
    /// How long it goes on.
    pub length: Length,
    /// Units per second; as fast as answers come where there is none.
    pub rate: Option<f64>,
}

/// How long a run is; as text, the arguments that every load generator takes for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many units over all connections.
    Requests(u64),
    /// So much time.
    Seconds {
        /// What is done at first and not timed.
        warm_up: Duration,
        /// What is timed.
        timed: Duration,
    },
}

impl Length {
    /// A timed second without a warm-up.
    pub const SECOND: Self =
        Self::Seconds { warm_up: Duration::ZERO, timed: Duration::from_secs(1) };
}

impl Load {
    /// A closed loop; its length is for the caller to say.
    pub const fn of(connections: u64, talk: Talk) -> Self {
        Self { connections, talk, length: Length::Requests(0), rate: None }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, talk, length, rate } = self;
        write!(f, "--connections {connections} {talk} {length}")?;
        rate.map_or(Ok(()), |rate| write!(f, " --rate {rate}"))
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(requests) => write!(f, "--requests {requests}"),
            Self::Seconds { warm_up, timed } => {
                write!(f, "--seconds {}", timed.as_secs_f64())?;
                if warm_up.is_zero() {
                    return Ok(());
                }
                write!(f, " --warm-up {}", warm_up.as_secs_f64())
            }
        }
    }
}

/// Starts load generators, in processes of their own.
///
/// They run on the cores that the calling thread may run on.
#[derive(Debug)]
pub struct Driver<'a> {
    generator: PathBuf,
    scratch: &'a Scratch,
}

impl<'a> Driver<'a> {
    /// `generator` is the path of a load generator.
    pub fn new(generator: PathBuf, scratch: &'a Scratch) -> Self {
        Self { generator, scratch }
    }

    /// Drives `server` as the arguments `words` say, and closes every connection.
    ///
    /// # Errors
    /// Where an answer is wrong or missing, or one of the two processes ends.
    pub fn run(&self, server: &mut Server, words: &str) -> Result<Summary, Failure> {
        let mut command = self.command(server, words);
        command.args(["--server-pid", &server.pid().as_raw_pid().to_string()]);
        let mut process = Process::start(&self.name(), &mut command, self.scratch)?;
        let result = process.line_within(RUN_LIMIT).and_then(|line| {
            process.succeed_within(STOP_LIMIT)?;
            Summary::from_json(&line)
        });
        result.map_err(|failure| server.explain(failure))
    }

    /// Opens connections as `words` say, which `--hold` is among, and keeps them.
    ///
    /// # Errors
    /// As those of [`run`](Self::run).
    pub fn hold(&self, server: &mut Server, words: &str) -> Result<Held, Failure> {
        let mut command = self.command(server, words);
        let process = Process::start(&self.name(), &mut command, self.scratch)?;
        Held::after_round_trips(process, server)
    }

    fn command(&self, server: &Server, words: &str) -> Command {
        let mut command = Command::new(&self.generator);
        command.args(["--connect", &server.address().to_string()]);
        command.args(words.split_whitespace()).arg("--json");
        if let Some(certificate) = server.certificate() {
            command.arg("--trust").arg(certificate);
        }
        command
    }

    /// What failures call it.
    fn name(&self) -> String {
        let name = self.generator.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_a_run() {
        let millis = Duration::from_millis;
        let talk = Talk::Echo { size: 1 };
        for (length, rate, expected) in [
            (Length::Requests(7), None, "--requests 7"),
            (Length::SECOND, None, "--seconds 1"),
            (
                Length::Seconds { warm_up: millis(50), timed: millis(1_250) },
                Some(2_500.0),
                "--seconds 1.25 --warm-up 0.05 --rate 2500",
            ),
        ] {
            let load = Load { connections: 64, talk, length, rate };
            assert_eq!(load.to_string(), format!("--connections 64 --size 1 {expected}"));
        }
    }
}
