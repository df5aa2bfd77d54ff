//! What the examples share: their command line and how they print; and the states of those that
//! have more than a page of them.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::process::ExitCode;

use readily::{App, Reactor};

pub mod certificate;
pub mod chat;
mod cli;
pub mod http_api;
pub mod http_client;
pub mod http_echo;
pub mod https_site;
pub mod key_value;
pub mod quic_client;
pub mod reports;
mod served;
pub mod showcase;
pub mod static_files;
mod web;
pub mod web_socket;
pub mod ws_client;

pub use cli::{Choice, Cli, Usage, Within};
pub use served::Served;
pub use web::{HTML, TEXT};

/// Exit code for bad arguments.
const USAGE: u8 = 2;

/// Why an example ended before it served.
#[derive(Debug)]
pub enum Failure {
    /// It was asked what it is.
    Help(String),
    /// Its arguments cannot be used.
    Usage(Usage),
    /// Something failed while it ran.
    Run(io::Error),
}

/// Runs an example: a mistake in its arguments is one line and exit code 2, a failure one and 1.
pub fn run(main: impl FnOnce() -> Result<(), Failure>) -> ExitCode {
    let (line, code) = match main() {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Help(text)) => {
            say(text);
            return ExitCode::SUCCESS;
        }
        Err(Failure::Usage(Usage(line))) => (line, ExitCode::from(USAGE)),
        Err(Failure::Run(error)) => (error.to_string(), ExitCode::FAILURE),
    };
    // Whatever an argument held, what is wrong with it stays one line.
    let line = line.replace(char::is_control, " ");
    let _ = writeln!(io::stderr(), "{}: {line}", cli::program());
    code
}

/// Prints a line; that nobody reads it any more is no reason to stop serving.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a line for each event of the loop, where `--trace` asks for it.
pub fn trace<A: App>(cli: &Cli, reactor: &mut Reactor<A>) {
    if cli.is_set("--trace") {
        reactor.trace(|event| say(event));
    }
}

/// Names the address in an error of listening on it: such an error is a mistake in the arguments.
///
/// # Errors
/// As it was.
pub fn listening<T>(at: impl Display, result: io::Result<T>) -> io::Result<T> {
    let at = at.to_string();
    result.map_err(|error| io::Error::new(error.kind(), Unavailable { at, error }))
}

#[derive(Debug)]
struct Unavailable {
    at: String,
    error: io::Error,
}

impl Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: {}", self.at, self.error)
    }
}

impl std::error::Error for Unavailable {}

impl From<Usage> for Failure {
    fn from(usage: Usage) -> Self {
        Failure::Usage(usage)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.get_ref().is_some_and(|inner| inner.is::<Unavailable>()) {
            Failure::Usage(Usage(error.to_string()))
        } else {
            Failure::Run(error)
        }
    }
}
