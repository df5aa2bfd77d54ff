//! What a comparison found: plain data, written as JSON and read back from it.

use serde::{Deserialize, Serialize};

/// Everything that one run of `compare` found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Results {
    /// When it began: `2026-11-22 18:40 UTC`.
    pub date: String,
    /// How long it took, in seconds.
    pub took_seconds: f64,
    /// The command line.
    pub command: String,
    /// What the figures depend on beside the code.
    pub machine: Machine,
    /// What was compared, in the order of the report.
    pub works: Vec<Work>,
}

/// The machine and what was installed on it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Name and value, as `("processor", "AMD EPYC")`.
    pub facts: Vec<(String, String)>,
    /// What a reader has to know before a figure is believed, in sentences: "The governor is not
    /// known.", "Server and generator share two cores.".
    pub warnings: Vec<String>,
}

/// One task that every entry was given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Work {
    /// What `--only` takes, as `echo-1k`.
    pub name: String,
    /// For a heading, as `TCP echo, 1 KiB`.
    pub title: String,
    /// The group of works that it belongs to, as `TCP echo`.
    pub group: String,
    /// What is counted, in the singular: `round trip`, `request`, `handshake`, `delivery`, `MiB`.
    pub unit: String,
    /// What one has to know to read it, in sentences.
    pub notes: Vec<String>,
    /// The servers, in the order of their rows.
    pub entries: Vec<Entry>,
}

/// What an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The least that can be done; it does not do all that a server must.
    Limit,
    /// Readily.
    Subject,
    /// What Readily is compared with.
    Peer,
}

/// One server at one work.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its row, as `tokio, current thread`.
    pub label: String,
    /// What it is for.
    pub role: Role,
    /// Versions of what it is made of, as `tokio 1.54.0`.
    pub version: String,
    /// Where its source is, in this repository; empty for programs from elsewhere.
    pub source: String,
    /// How it was started and driven.
    pub commands: Vec<String>,
    /// Whether it could be measured.
    pub outcome: Outcome,
    /// What is particular about it, in sentences.
    pub notes: Vec<String>,
    /// Connections of the closed-loop rounds.
    pub connections: u64,
    /// Closed loop: one for each round, in order. Round `n` of all entries was taken in turns.
    pub rounds: Vec<Round>,
    /// Latencies of all closed-loop rounds, in steps of 1 %: nanoseconds and how often.
    pub latencies: Vec<(u64, u64)>,
    /// Open loop, by rising rate.
    pub offered: Vec<Offered>,
    /// Closed loop with other numbers of connections, rising.
    pub scaling: Vec<Scaling>,
    /// With idle connections, by rising number.
    pub idle: Vec<Idle>,
    /// The most connections that it held at once, where that was looked for; its process may have
    /// been given no more.
    pub held: Option<u64>,
    /// What was counted rather than timed.
    pub counted: Counted,
}

/// Whether an entry could be measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It passed the gate and was measured.
    Measured,
    /// It failed the gate or a round; this is why.
    Failed(String),
    /// Something has to be built or installed first; this is what.
    Missing(String),
    /// It does not exist; this is why.
    Absent(String),
}

/// One closed-loop round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Units per second.
    pub per_second: f64,
    /// CPU time of the server for each unit, in microseconds, user space and kernel.
    pub cpu_us: f64,
    /// Share of one core that the server was running, 0 to 1; more with several threads.
    pub server_busy: f64,
    /// The same of the load generator.
    pub generator_busy: f64,
    /// Context switches of the server for each unit.
    pub switches: f64,
    /// Latencies of this round.
    pub latency: Percentiles,
}

/// Latencies, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half do not exceed it.
    pub p50: f64,
    /// Nine in ten.
    pub p90: f64,
    /// 99 in 100.
    pub p99: f64,
    /// 999 in 1,000.
    pub p999: f64,
    /// 9,999 in 10,000.
    pub p9999: f64,
    /// The longest.
    pub max: f64,
}

/// One open-loop run at a fixed rate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Offered {
    /// Units per second that should have begun.
    pub rate: f64,
    /// Units per second that were done.
    pub achieved: f64,
    /// Latency since a unit should have been sent.
    pub intended: Percentiles,
    /// Latency since it was sent, which hides waiting; for comparison.
    pub sent: Percentiles,
    /// The first of the two, in steps of 1 %: nanoseconds and how often.
    pub latencies: Vec<(u64, u64)>,
}

/// The cost of a unit with a number of busy connections.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// Busy connections.
    pub connections: u64,
    /// Units per second.
    pub per_second: f64,
    /// CPU time of the server for each unit, in microseconds.
    pub cpu_us: f64,
}

/// What idle connections cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Idle {
    /// Connections that were open, after one unit each.
    pub connections: u64,
    /// User memory of the server for each (resident, less the same before).
    pub bytes_each: f64,
    /// CPU time of the server for one more unit beside them, in microseconds.
    pub cpu_us: Option<f64>,
}

/// Figures that do not depend on how busy the machine is; for each unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// Instructions in user space.
    pub instructions: Option<f64>,
    /// System calls.
    pub system_calls: Option<f64>,
    /// Heap allocations.
    pub allocations: Option<f64>,
}
