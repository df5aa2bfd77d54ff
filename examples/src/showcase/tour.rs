//! What listens where, and a command to try each.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::path::Path;

/// The table that the showcase begins with, and that its page shows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tour(Vec<Stop>);

/// One service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stop {
    /// Its name.
    pub what: &'static str,
    /// Where it is.
    pub at: String,
    /// Its port, where it has one.
    pub port: Option<u16>,
    /// The state in which a connection begins there, by its position; none where there are no
    /// connections.
    pub first: Option<usize>,
    /// What a shell may be told to try it.
    pub command: String,
}

impl Tour {
    /// Adds a service to the end.
    pub fn add(&mut self, stop: Stop) {
        self.0.push(stop);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each in its order.
    pub fn stops(&self) -> &[Stop] {
        &self.0
    }
}

impl Display for Tour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|Stop { what, at, command, .. }| {
            writeln!(f, "{what:15}  {at}\n    {command}")
        })
    }
}

/// Says something over `tcp` or `udp`, and reads the answer: bash is all it needs.
pub fn with_bash(over: &str, at: SocketAddr, says: &str, reads: &str) -> String {
    let device = format!("/dev/{over}/{}/{}", at.ip(), at.port());
    format!(r"bash -c 'exec 3<>{device}; printf {says} >&3; {reads} <&3'")
}

/// Says a line on a Unix socket, and reads one.
pub fn with_perl(path: &Path, says: &str) -> String {
    let script = r#"$s = IO::Socket::UNIX->new(shift); $s->say(shift); print $s->getline"#;
    format!("perl -MIO::Socket::UNIX -e '{script}' '{}' {says}", path.display())
}
