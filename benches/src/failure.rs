//! Why something was not done, as one line for a person.

use std::fmt;
use std::io;

/// Why a figure, or a whole program, has no result.
#[derive(Clone, Debug)]
pub enum Failure {
    /// Something that has to be built or installed first: the line names the command.
    Missing(String),
    /// It was tried and went wrong.
    Failed(String),
}

impl Failure {
    /// A failure of an attempt, in one line.
    pub fn failed(line: impl ToString) -> Self {
        Self::Failed(line.to_string())
    }

    /// The same failure, with what was being done in front of it.
    pub fn during(self, what: &str) -> Self {
        match self {
            Self::Missing(line) => Self::Missing(line),
            Self::Failed(line) => Self::Failed(format!("{what}: {line}")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(line) | Self::Failed(line) => f.write_str(line),
        }
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<rustix::io::Errno> for Failure {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::from(io::Error::from(errno))
    }
}
