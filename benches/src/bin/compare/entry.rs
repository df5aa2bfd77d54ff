//! One server at one work, while it is measured.

use std::collections::BTreeMap;

use readily_benches::contender::{Contender, Program};
use readily_benches::failure::Failure;
use readily_benches::machine::crate_version;
use readily_benches::results::{Counted, Entry, Outcome, Role};
use readily_benches::server::Server;
use readily_benches::summary::in_steps;
use readily_benches::tool::{HAPROXY, LIGHTTPD, NGINX};

use crate::generators;
use crate::works::Work;

/// An entry and its running server.
pub(crate) struct Candidate {
    pub(crate) contender: Contender,
    pub(crate) entry: Entry,
    /// `None` once it has failed.
    pub(crate) server: Option<Server>,
    /// Latencies of all rounds so far.
    pub(crate) latencies: BTreeMap<u64, u64>,
}

impl Candidate {
    pub(crate) fn new(work: &Work, contender: Contender, server: Result<Server, Failure>) -> Self {
        let mut candidate = Self {
            contender,
            entry: blank(work, contender),
            server: None,
            latencies: BTreeMap::new(),
        };
        match server {
            Ok(server) => candidate.server = Some(server),
            Err(failure) => candidate.fail(failure),
        }
        candidate
    }

    /// Does `run` with the server if there is one; a failure ends the entry and is shown.
    pub(crate) fn attempt<T>(
        &mut self,
        run: impl FnOnce(&mut Server) -> Result<T, Failure>,
    ) -> Option<T> {
        match run(self.server.as_mut()?) {
            Ok(value) => Some(value),
            Err(failure) => {
                self.fail(failure);
                None
            }
        }
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        self.server = None;
        // What this package builds is never just missing.
        let is_ours = matches!(self.contender.program, Program::Peer(_) | Program::Example(_));
        self.entry.outcome = match failure {
            Failure::Missing(line) if !is_ours => Outcome::Missing(line),
            Failure::Missing(line) | Failure::Failed(line) => Outcome::Failed(line),
        };
    }

    /// Something beside the rounds did not work: the rounds stand, and a note says so.
    pub(crate) fn note(&mut self, what: &str, failure: &Failure) {
        self.entry.notes.push(format!("{what}: {failure}."));
    }

    /// Stops the server, and hands out what was found.
    pub(crate) fn finish(mut self) -> Entry {
        if let Some(server) = self.server.take()
            && let Err(failure) = server.stop()
        {
            self.fail(failure.during("at its end"));
        }
        self.entry.latencies = in_steps(self.latencies);
        self.entry
    }
}

/// A row without figures for what cannot be measured.
pub(crate) fn absent(label: &str, why: &str) -> Entry {
    Entry {
        label: label.to_owned(),
        role: Role::Peer,
        version: String::new(),
        source: String::new(),
        commands: Vec::new(),
        outcome: Outcome::Absent(why.to_owned()),
        notes: Vec::new(),
        connections: 0,
        rounds: Vec::new(),
        latencies: Vec::new(),
        offered: Vec::new(),
        scaling: Vec::new(),
        idle: Vec::new(),
        held: None,
        counted: Counted::default(),
    }
}

fn blank(work: &Work, contender: Contender) -> Entry {
    let notes = [contender.note].into_iter().filter(|note| !note.is_empty());
    Entry {
        role: contender.role,
        version: version(contender),
        source: contender.source.to_owned(),
        commands: vec![contender.command(), generators::command(work, contender)],
        outcome: Outcome::Measured,
        notes: notes.map(str::to_owned).collect(),
        connections: work.connections_of(contender),
        ..absent(contender.label, "")
    }
}

fn version(contender: Contender) -> String {
    match contender.program {
        Program::Nginx(_) => NGINX.version(),
        Program::Haproxy(_) => HAPROXY.version(),
        Program::Lighttpd(_) => LIGHTTPD.version(),
        Program::Peer(_) | Program::Example(_) => {
            let versions = contender.crates.iter().map(|name| {
                format!("{name} {}", crate_version(name).unwrap_or("of an unknown version"))
            });
            versions.collect::<Vec<_>>().join(", ")
        }
    }
}
