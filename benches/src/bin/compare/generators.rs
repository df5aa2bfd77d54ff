//! How each task is driven: which generator, with which arguments.

use std::time::Duration;

use readily_benches::bench::{self, Bench};
use readily_benches::contender::{Contender, Security};
use readily_benches::driver::{Held, Length};
use readily_benches::failure::Failure;
use readily_benches::server::Server;
use readily_benches::summary::Summary;
use readily_benches::talk::{Get, Request, Talk};

use crate::works::{Task, Work};

/// Bytes of a message that an idle connection has sent once.
const IDLE_BYTES: u64 = 1 << 10;

/// How many files each connection gets in a round, unless that is to be a short one.
const FILES: u64 = 3;
const LONG: Duration = Duration::from_millis(500);

/// One run of a generator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drive {
    pub(crate) connections: u64,
    pub(crate) length: Length,
    /// Units per second; as fast as answers come where there is none.
    pub(crate) rate: Option<f64>,
}

/// Drives `server` and waits for what was found.
pub(crate) fn run(
    bench: &Bench<'_>,
    task: Task,
    server: &mut Server,
    drive: Drive,
) -> Result<Summary, Failure> {
    bench.driver(task.program())?.run(server, &words(task, drive))
}

/// Opens connections that stay, with one unit each.
pub(crate) fn hold(
    bench: &Bench<'_>,
    task: Task,
    server: &mut Server,
    connections: u64,
) -> Result<Held, Failure> {
    let words = match task {
        Task::QuicEcho { .. } | Task::QuicBulk { .. } | Task::QuicHandshakes => {
            format!("--bytes {IDLE_BYTES} --connections {connections} --hold")
        }
        Task::Talk(talk) => bench::hold(connections, talk),
        Task::Datagrams { .. } | Task::Broadcast { .. } => {
            return Err(Failure::failed("idle connections are not measured for it"));
        }
    };
    bench.driver(task.program())?.hold(server, &words)
}

/// The command line, for a reader.
pub(crate) fn command(work: &Work, contender: Contender) -> String {
    let drive =
        Drive { connections: work.connections_of(contender), length: Length::SECOND, rate: None };
    let trust = match contender.security {
        Security::Plain => "",
        Security::Certificate => " --trust FILE",
    };
    format!("{} --connect ADDR{trust} {}", work.task.program(), words(work.task, drive))
}

/// Units for the gate: `each` on every connection, less where a unit is large.
pub(crate) fn gate_length(work: &Work, connections: u64, each: u64) -> u64 {
    match work.task {
        Task::QuicBulk { .. } => 1,
        Task::Talk(talk) if talk.size() >= 1 << 20 || sends_files(talk) => connections,
        _ => connections * each,
    }
}

/// What is timed of an entry: `usual`, unless units are so long that some would be cut.
pub(crate) fn round_length(work: &Work, connections: u64, usual: Length) -> Length {
    match work.task {
        // The first of each connection is not timed.
        Task::Talk(talk) if sends_files(talk) => {
            let is_look = matches!(usual, Length::Seconds { timed, .. } if timed < LONG);
            let files = if is_look { 1 } else { FILES };
            Length::Requests((files + 1) * connections)
        }
        _ => usual,
    }
}

fn sends_files(talk: Talk) -> bool {
    matches!(talk, Talk::Http(Get { request: Request::File, .. }))
}

fn words(task: Task, drive: Drive) -> String {
    let Drive { connections, length, rate } = drive;
    let rate = rate.map_or_else(String::new, |rate| format!(" --rate {rate}"));
    match task {
        Task::Talk(talk) => format!("--connections {connections} {talk} {length}{rate}"),
        Task::Datagrams { size } => format!("--sockets {connections} --size {size} {length}"),
        Task::Broadcast { size } => format!("--subscribers {connections} --size {size} {length}"),
        Task::QuicEcho { size } => format!("--connections {connections} --echo {size} {length}"),
        Task::QuicBulk { bytes } => format!("--bytes {bytes} --connections {connections}"),
        Task::QuicHandshakes => format!("--connections {connections} --handshakes {length}"),
    }
}
