//! One work from its start to its end: servers, gate, rounds in turns, extras.

use std::net::SocketAddr;

use readily_benches::affinity::{Cores, Side};
use readily_benches::bench::Bench;
use readily_benches::contender::Contender;
use readily_benches::driver::Length;
use readily_benches::failure::Failure;
use readily_benches::results::{self, Round};
use readily_benches::server::{Server, Under};
use readily_benches::summary::Summary;

use crate::effort::Effort;
use crate::entry::{Candidate, absent};
use crate::generators::{self, Drive};
use crate::progress::Progress;
use crate::works::{Extra, Placing, Work};
use crate::{counted, extras};

/// Units of each connection that an entry must do rightly before anything is timed.
const GATE: u64 = 20;

/// What all works share.
pub(crate) struct Stage<'a> {
    pub(crate) bench: Bench<'a>,
    pub(crate) cores: Cores,
    pub(crate) effort: Effort,
    pub(crate) progress: Progress,
}

impl Stage<'_> {
    /// Takes every figure of one work.
    pub(crate) fn compare(&self, work: &Work) -> Result<results::Work, Failure> {
        self.progress.begin(work);
        let behind = work
            .behind
            .map(|contender| {
                self.cores
                    .on(Side::Generator, || self.bench.start(contender, None, &Under::Nothing))
            })
            .transpose()?;
        let to = behind.as_ref().map(Server::address);
        let mut candidates: Vec<Candidate> = work
            .entries
            .iter()
            .map(|contender| Candidate::new(work, *contender, self.start(work, *contender, to)))
            .collect();
        self.gate(work, &mut candidates);
        for round in 1..=self.effort.rounds {
            self.round(work, &mut candidates, round);
        }
        if work.extra.contains(&Extra::Offered) {
            extras::offered(self, work, &mut candidates);
        }
        if work.extra.contains(&Extra::Scaling) {
            extras::scaling(self, work, &mut candidates);
        }
        let entries = candidates.into_iter().map(|candidate| {
            let contender = candidate.contender;
            let mut entry = candidate.finish();
            // These start servers of their own, when no other runs.
            if work.extra.contains(&Extra::Idle) {
                extras::idle(self, work, contender, &mut entry);
            }
            if work.extra.contains(&Extra::Held) {
                extras::held(self, work, contender, &mut entry);
            }
            if work.extra.contains(&Extra::Counted) {
                counted::count(self, work, contender, to, &mut entry);
            }
            entry
        });
        let mut entries: Vec<_> = entries.collect();
        entries.extend(work.absent.iter().map(|(label, why)| absent(label, why)));
        if let Some(behind) = behind {
            behind.stop()?;
        }
        Ok(results::Work {
            name: work.name.to_owned(),
            title: work.title.to_owned(),
            group: work.group.to_owned(),
            unit: work.unit.to_owned(),
            notes: work.notes.iter().copied().map(str::to_owned).collect(),
            entries,
        })
    }

    /// Starts a server where this work has its servers.
    pub(crate) fn start(
        &self,
        work: &Work,
        contender: Contender,
        to: Option<SocketAddr>,
    ) -> Result<Server, Failure> {
        let side = match work.placing {
            Placing::Apart => Side::Server,
            Placing::Together => Side::Anywhere,
        };
        self.cores.on(side, || self.bench.start(contender, to, &Under::Nothing))
    }

    /// Drives a server from where this work has its generator.
    pub(crate) fn drive(
        &self,
        work: &Work,
        server: &mut Server,
        drive: Drive,
    ) -> Result<Summary, Failure> {
        let side = match work.placing {
            Placing::Apart => Side::Generator,
            Placing::Together => Side::Anywhere,
        };
        self.cores.on(side, || generators::run(&self.bench, work.task, server, drive))
    }

    /// Every answer of a short run must be right.
    fn gate(&self, work: &Work, candidates: &mut [Candidate]) {
        for candidate in candidates {
            self.progress.step(work, candidate.contender, "gate");
            let connections = work.connections_of(candidate.contender);
            let drive = Drive {
                connections,
                length: Length::Requests(generators::gate_length(work, connections, GATE)),
                rate: None,
            };
            candidate.attempt(|server| {
                self.drive(work, server, drive).map_err(|failure| failure.during("the gate"))
            });
        }
    }

    /// One closed-loop run of each.
    fn round(&self, work: &Work, candidates: &mut [Candidate], round: usize) {
        for candidate in candidates {
            let what = format!("round {round} of {}", self.effort.rounds);
            self.progress.step(work, candidate.contender, &what);
            let drive = Drive {
                connections: work.connections_of(candidate.contender),
                length: self.timed(),
                rate: None,
            };
            let Some(summary) = candidate.attempt(|server| self.drive(work, server, drive)) else {
                continue;
            };
            for (nanos, count) in &summary.latencies {
                *candidate.latencies.entry(*nanos).or_default() += count;
            }
            candidate.entry.rounds.push(as_round(&summary));
        }
    }

    /// The length of a closed-loop run.
    pub(crate) fn timed(&self) -> Length {
        Length::Seconds { warm_up: self.effort.warm_up, timed: self.effort.round }
    }
}

fn as_round(summary: &Summary) -> Round {
    let timed = summary.timed.max(1) as f64;
    // A number that is none cannot be written as JSON.
    let busy = |cpu: f64| if summary.seconds > 0.0 { cpu / summary.seconds } else { 0.0 };
    Round {
        per_second: summary.per_second,
        cpu_us: summary.cpu_us().unwrap_or_default(),
        server_busy: busy(summary.server_cpu_seconds.unwrap_or_default()),
        generator_busy: busy(summary.generator_cpu_seconds),
        switches: summary.server_switches.unwrap_or_default() as f64 / timed,
        latency: summary.percentiles(),
    }
}
