//! What listens where, and a command to try each: bash and perl are all they need.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::path::Path;

/// The table that the showcase begins with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tour(Vec<Stop>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Stop {
    what: &'static str,
    at: String,
    command: String,
}

impl Tour {
    /// A service over TCP: what a client says, and what reads the answer.
    pub fn tcp(self, what: &'static str, at: SocketAddr, says: &str, reads: &str) -> Self {
        self.internet("tcp", what, at, says, reads)
    }

    /// A service over UDP.
    pub fn udp(self, what: &'static str, at: SocketAddr, says: &str, reads: &str) -> Self {
        self.internet("udp", what, at, says, reads)
    }

    /// A service on a Unix socket that answers a line by a line.
    pub fn unix(self, what: &'static str, path: &Path, says: &str) -> Self {
        let script = r#"$s = IO::Socket::UNIX->new(shift); $s->say(shift); print $s->getline"#;
        let command = format!("perl -MIO::Socket::UNIX -e '{script}' '{}' {says}", path.display());
        self.stop(what, path.display().to_string(), command)
    }

    fn internet(
        self,
        over: &str,
        what: &'static str,
        at: SocketAddr,
        says: &str,
        reads: &str,
    ) -> Self {
        let device = format!("/dev/{over}/{}/{}", at.ip(), at.port());
        let command = format!(r"bash -c 'exec 3<>{device}; printf {says} >&3; {reads} <&3'");
        self.stop(what, at.to_string(), command)
    }

    fn stop(mut self, what: &'static str, at: String, command: String) -> Self {
        self.0.push(Stop { what, at, command });
        self
    }
}

impl Display for Tour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stops = &self.0;
        stops.iter().try_for_each(|Stop { what, at, command }| {
            writeln!(f, "{what:10}  {at}\n    {command}")
        })
    }
}
