//! What a run has found.

use std::fmt;

use serde::Serialize;

use crate::serve::Census;

/// All figures of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) connections: usize,
    pub(crate) loops: usize,
    /// Of one table.
    pub(crate) descriptors: usize,
    /// Of 1 KiB, every byte checked.
    pub(crate) round_trips: u64,
    pub(crate) opened_per_second: f64,
    /// Resident, of the whole server with all connections open.
    pub(crate) server_bytes: u64,
    /// The same less what it had before the first one, for each.
    pub(crate) server_bytes_each: f64,
    pub(crate) client_bytes: u64,
    /// What the kernel's slabs grew by for each pair of sockets. Half of it counts as available
    /// with the kernel, though it is not: `MemAvailable` would tell too little.
    pub(crate) slab_bytes_each: f64,
    /// Buffers of all TCP sockets while all connections are open.
    pub(crate) tcp_bytes: u64,
    pub(crate) held_seconds: f64,
    /// CPU time of the server in that time.
    pub(crate) held_cpu_seconds: f64,
    /// How many connections there were for the first of the next two.
    pub(crate) few: usize,
    /// CPU time of the server for a round trip on a random connection, in microseconds.
    pub(crate) few_micros: f64,
    /// The same with all connections open.
    pub(crate) all_micros: f64,
    /// Connections that the client ended, and saw the server end after it.
    pub(crate) closed: u64,
    pub(crate) closed_per_second: f64,
    /// What the server counted.
    pub(crate) accepted: u64,
    pub(crate) in_order: u64,
    pub(crate) otherwise: u64,
    /// Connections of the loops that had most and fewest.
    pub(crate) fullest: u64,
    pub(crate) emptiest: u64,
    /// Of the whole run.
    pub(crate) seconds: f64,
}

impl Outcome {
    /// Takes in what the server has counted.
    pub(crate) fn count(&mut self, censuses: &[Census]) {
        self.accepted = censuses.iter().map(|census| census.accepted).sum();
        self.in_order = censuses.iter().map(|census| census.in_order).sum();
        self.otherwise = censuses.iter().map(|census| census.otherwise).sum();
        self.fullest = censuses.iter().map(|census| census.accepted).max().unwrap_or(0);
        self.emptiest = censuses.iter().map(|census| census.accepted).min().unwrap_or(0);
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20));
        let rows = [
            ("connections at once", self.connections.to_string()),
            ("loops, each with a table of its own", self.loops.to_string()),
            ("descriptors in a table, at most", self.descriptors.to_string()),
            ("connections of a loop", format!("{} to {}", self.emptiest, self.fullest)),
            ("round trips of 1 KiB, every byte checked", self.round_trips.to_string()),
            ("opened, with a round trip each", format!("{:.0} a second", self.opened_per_second)),
            ("memory of the server", mib(self.server_bytes)),
            ("  for each connection", format!("{:.0} bytes", self.server_bytes_each)),
            ("memory of the client", mib(self.client_bytes)),
            (
                "memory of the kernel, each pair of sockets",
                format!("{:.0} bytes", self.slab_bytes_each),
            ),
            ("TCP buffers, all of them idle", mib(self.tcp_bytes)),
            (
                "CPU time of the server, idle",
                format!("{:.3} s of {:.0} s", self.held_cpu_seconds, self.held_seconds),
            ),
            (
                "CPU time of a round trip",
                format!(
                    "{:.1} us, with {} open {:.1} us",
                    self.all_micros, self.few, self.few_micros
                ),
            ),
            ("closed in order, as clients saw", self.closed.to_string()),
            ("  a second", format!("{:.0}", self.closed_per_second)),
            (
                "as the server counted",
                format!(
                    "{} accepted, {} in order, {} otherwise",
                    self.accepted, self.in_order, self.otherwise
                ),
            ),
            ("the whole run", format!("{:.0} s", self.seconds)),
        ];
        let width = rows.iter().map(|(what, _)| what.len()).max().unwrap_or(0);
        rows.iter().try_for_each(|(what, figure)| writeln!(f, "{what:<width$}  {figure}"))
    }
}
