//! What is taken beside the rounds: fixed rates, other numbers of connections, idle ones.

use readily_benches::contender::Contender;
use readily_benches::driver::Length;
use readily_benches::failure::Failure;
use readily_benches::process;
use readily_benches::results::{Entry, Idle, Offered, Outcome, Role, Scaling};
use readily_benches::spread::Spread;
use readily_benches::summary::in_steps;

use crate::entry::Candidate;
use crate::generators::{self, Drive};
use crate::stage::Stage;
use crate::works::Work;

/// An entry that does less than this share of a rate is not given higher ones.
const DROWNED: f64 = 0.7;

/// Latency at fixed rates, the same for all entries.
pub(crate) fn offered(stage: &Stage<'_>, work: &Work, candidates: &mut [Candidate]) {
    let best = candidates.iter().filter(|candidate| candidate.entry.role != Role::Limit);
    let best = best.filter_map(|candidate| throughput(&candidate.entry)).fold(0.0, f64::max);
    for share in stage.effort.shares {
        let rate = (best * share).round();
        for candidate in &mut *candidates {
            let what = format!("{rate:.0} in a second");
            stage.progress.step(work, candidate.contender, &what);
            let drowned = |last: &Offered| last.achieved < last.rate * DROWNED;
            if rate < 1.0 || candidate.entry.offered.last().is_some_and(drowned) {
                continue;
            }
            let drive = Drive {
                connections: work.connections_of(candidate.contender),
                length: Length::Seconds {
                    warm_up: stage.effort.warm_up,
                    timed: stage.effort.offered,
                },
                rate: Some(rate),
            };
            if let Some(run) = candidate.attempt(|server| stage.drive(work, server, drive)) {
                candidate.entry.offered.push(Offered {
                    rate,
                    achieved: run.per_second,
                    intended: run.percentiles(),
                    sent: run.sent_percentiles(),
                    latencies: in_steps(run.latencies),
                });
            }
        }
    }
}

/// The cost of a unit with other numbers of busy connections.
pub(crate) fn scaling(stage: &Stage<'_>, work: &Work, candidates: &mut [Candidate]) {
    for connections in stage.effort.scaling {
        for candidate in &mut *candidates {
            let what = format!("{connections} connections");
            stage.progress.step(work, candidate.contender, &what);
            // Who serves one at a time leaves all others waiting for ever.
            if *connections > 1 && work.connections_of(candidate.contender) == 1 {
                continue;
            }
            let drive = Drive { connections: *connections, length: stage.timed(), rate: None };
            let Some(server) = &mut candidate.server else { continue };
            match stage.drive(work, server, drive) {
                Ok(run) => candidate.entry.scaling.push(Scaling {
                    connections: *connections,
                    per_second: run.per_second,
                    cpu_us: run.cpu_us().unwrap_or_default(),
                }),
                Err(failure) => candidate.note(&what, &failure),
            }
        }
    }
}

/// What idle connections cost; each number of them on a new server.
pub(crate) fn idle(stage: &Stage<'_>, work: &Work, contender: Contender, entry: &mut Entry) {
    for connections in stage.effort.idle {
        let what = format!("{connections} idle connections");
        stage.progress.step(work, contender, &what);
        if entry.outcome != Outcome::Measured || work.connections_of(contender) == 1 {
            continue;
        }
        match beside_idle(stage, work, contender, *connections) {
            Ok(idle) => entry.idle.push(idle),
            Err(failure) => entry.notes.push(format!("{what}: {failure}.")),
        }
    }
}

/// The most connections at once.
pub(crate) fn held(stage: &Stage<'_>, work: &Work, contender: Contender, entry: &mut Entry) {
    if entry.outcome != Outcome::Measured || stage.effort.held.is_empty() {
        return;
    }
    stage.progress.step(work, contender, "the most connections");
    if work.connections_of(contender) == 1 {
        entry.held = Some(1);
        return;
    }
    let holds = |connections: u64| -> Result<(), Failure> {
        let mut server = stage.start(work, contender, None)?;
        generators::hold(&stage.bench, work.task, &mut server, connections)?
            .release(&mut server)?;
        server.stop()
    };
    entry.held = stage.effort.held.iter().copied().find(|most| holds(*most).is_ok());
}

fn beside_idle(
    stage: &Stage<'_>,
    work: &Work,
    contender: Contender,
    connections: u64,
) -> Result<Idle, Failure> {
    let mut server = stage.start(work, contender, None)?;
    let before = process::resident_bytes(server.pid())?;
    let held = generators::hold(&stage.bench, work.task, &mut server, connections)?;
    let after = process::resident_bytes(server.pid())?;
    let drive = Drive { connections: work.connections, length: stage.timed(), rate: None };
    let beside = stage.drive(work, &mut server, drive)?;
    held.release(&mut server)?;
    server.stop()?;
    Ok(Idle {
        connections,
        bytes_each: (after as f64 - before as f64) / connections as f64,
        cpu_us: beside.cpu_us(),
    })
}

fn throughput(entry: &Entry) -> Option<f64> {
    let rates: Vec<f64> = entry.rounds.iter().map(|round| round.per_second).collect();
    Some(Spread::of(&rates)?.median)
}
