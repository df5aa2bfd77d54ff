//! One work from its start to its end: servers, gate, rounds in turns, extras.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use readily_benches::affinity::{Cores, Side};
use readily_benches::bench::Bench;
use readily_benches::contender::Contender;
use readily_benches::driver::Length;
use readily_benches::failure::Failure;
use readily_benches::process;
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
    pub(crate) fn compare(&self, work: &Work) -> results::Work {
        self.progress.begin(work);
        let behind = Behind::start(self, work);
        let mut candidates: Vec<Candidate> = work
            .entries
            .iter()
            .map(|contender| {
                let server = behind.address().and_then(|to| self.start(work, *contender, to));
                Candidate::new(work, *contender, server)
            })
            .collect();
        self.gate(work, &mut candidates);
        for round in 1..=self.effort.rounds {
            self.round(work, &behind, &mut candidates, round);
        }
        if work.extra.contains(&Extra::Offered) {
            extras::offered(self, work, &mut candidates);
        }
        if work.extra.contains(&Extra::Scaling) {
            extras::scaling(self, work, &mut candidates);
        }
        // What follows starts servers of its own, when no other runs.
        let finished: Vec<_> = candidates
            .into_iter()
            .map(|candidate| (candidate.contender, candidate.finish()))
            .collect();
        let entries = finished.into_iter().map(|(contender, mut entry)| {
            if work.extra.contains(&Extra::Idle) {
                extras::idle(self, work, contender, &mut entry);
            }
            if work.extra.contains(&Extra::Held) {
                extras::held(self, work, contender, &mut entry);
            }
            if work.extra.contains(&Extra::Counted) {
                counted::count(self, work, contender, &behind, &mut entry);
            }
            entry
        });
        let mut entries: Vec<_> = entries.collect();
        entries.extend(work.absent.iter().map(|(label, why)| absent(label, why)));
        results::Work {
            name: work.name.to_owned(),
            title: work.title.to_owned(),
            group: work.group.to_owned(),
            unit: work.unit.to_owned(),
            notes: work.notes.iter().copied().map(str::to_owned).collect(),
            entries,
        }
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
    fn round(&self, work: &Work, behind: &Behind, candidates: &mut [Candidate], round: usize) {
        let count = candidates.len();
        // Nobody always comes after the same one.
        for at in (0..count).map(|at| (at + round) % count) {
            let candidate = &mut candidates[at];
            let what = format!("round {round} of {}", self.effort.rounds);
            self.progress.step(work, candidate.contender, &what);
            let connections = work.connections_of(candidate.contender);
            let length = generators::round_length(work, connections, self.timed());
            let drive = Drive { connections, length, rate: None };
            let (start, before) = (Instant::now(), behind.cpu());
            let Some(summary) = candidate.attempt(|server| self.drive(work, server, drive)) else {
                continue;
            };
            let beside = behind.cpu().saturating_sub(before).div_duration_f64(start.elapsed());
            if summary.lost > 0 {
                candidate.entry.notes.push(format!("Round {round}: {} lost.", summary.lost));
            }
            for (nanos, count) in &summary.latencies {
                *candidate.latencies.entry(*nanos).or_default() += count;
            }
            let mut found = as_round(&summary);
            found.generator_busy += beside;
            candidate.entry.rounds.push(found);
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

/// The server behind a relay, which shares the generator's cores.
pub(crate) enum Behind {
    /// This work has no relays.
    Nothing,
    Running(Server),
    Failed(Failure),
}

impl Behind {
    fn start(stage: &Stage<'_>, work: &Work) -> Self {
        let Some(contender) = work.behind else { return Self::Nothing };
        let start = || stage.bench.start(contender, None, &Under::Nothing);
        match stage.cores.on(Side::Generator, start) {
            Ok(server) => Self::Running(server),
            Err(failure) => Self::Failed(failure.during("the server behind")),
        }
    }

    /// What a relay is told; nothing where there is none.
    pub(crate) fn address(&self) -> Result<Option<SocketAddr>, Failure> {
        match self {
            Self::Nothing => Ok(None),
            Self::Running(server) => Ok(Some(server.address())),
            Self::Failed(failure) => Err(failure.clone()),
        }
    }

    /// CPU time that it has used.
    fn cpu(&self) -> Duration {
        match self {
            Self::Running(server) => process::cpu_time(server.pid()).unwrap_or_default(),
            Self::Nothing | Self::Failed(_) => Duration::ZERO,
        }
    }
}
