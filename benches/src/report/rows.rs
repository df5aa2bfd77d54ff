//! The table of one work: what its columns are, and what stands in its cells.

use crate::report::number::{percent, plain, plural, whole};
use crate::results::{Entry, Outcome, Percentiles, Role, Round, Work};
use crate::spread::Spread;

/// Which end of a column is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Higher,
    Lower,
    /// It explains others and is no aim.
    Neither,
}

type Reading = dyn Fn(&Entry) -> Option<Spread>;

/// One figure of every entry.
pub(crate) struct Column {
    pub(crate) heading: String,
    /// What it is counted in.
    pub(crate) unit: String,
    pub(crate) better: Better,
    pub(crate) format: fn(f64) -> String,
    reading: Box<Reading>,
}

const MICROS: &str = "\u{b5}s";

/// Units of a round below which its p99.99 is its longest.
const ENOUGH_FOR_P9999: u64 = 10_000;

impl Column {
    /// What an entry has in it: nothing where it was not measured.
    pub(crate) fn reading(&self, entry: &Entry) -> Option<Spread> {
        let reading = (self.reading)(entry).filter(|_| entry.outcome == Outcome::Measured);
        reading.filter(|spread| spread.median.is_finite())
    }

    /// The median as text.
    pub(crate) fn median(&self, entry: &Entry) -> Option<String> {
        self.reading(entry).map(|spread| (self.format)(spread.median))
    }

    /// The ends of the spread as text, where there is one.
    pub(crate) fn ends(&self, entry: &Entry) -> Option<(String, String)> {
        let spread = self.reading(entry).filter(|spread| spread.min < spread.max)?;
        Some(((self.format)(spread.min), (self.format)(spread.max)))
    }

    /// Whether no other server has a better median: of those with as many connections as the
    /// subject; the limits are no servers.
    pub(crate) fn is_best(&self, entry: &Entry, work: &Work) -> bool {
        let subject = work.entries.iter().find(|entry| entry.role == Role::Subject);
        let is_alike = |other: &Entry| {
            let is_same = subject.is_none_or(|subject| subject.connections == other.connections);
            is_same && other.role != Role::Limit
        };
        let rivals = work.entries.iter().filter(|other| is_alike(other));
        let medians: Vec<f64> =
            rivals.filter_map(|other| Some(self.reading(other)?.median)).collect();
        let best = match self.better {
            Better::Higher => medians.iter().copied().reduce(f64::max),
            Better::Lower => medians.iter().copied().reduce(f64::min),
            Better::Neither => None,
        };
        let own = self.reading(entry).map(|spread| spread.median);
        is_alike(entry) && medians.len() > 1 && own.is_some() && own == best
    }
}

/// The columns in which any entry of a work has something.
pub(crate) fn columns(work: &Work) -> Vec<Column> {
    let all = timed(work).into_iter().chain(counted(work));
    all.filter(|column| work.entries.iter().any(|entry| column.reading(entry).is_some())).collect()
}

/// Why there is nothing in the row of an entry.
pub(crate) fn reason(entry: &Entry) -> Option<(&'static str, &str)> {
    match &entry.outcome {
        Outcome::Measured => None,
        Outcome::Failed(why) => Some(("failed", why)),
        Outcome::Missing(what) => Some(("not measured", what)),
        Outcome::Absent(why) => Some(("does not exist", why)),
    }
}

/// Whether the rounds of an entry were too short for its p99.99.
pub(crate) fn is_short_of_units(entry: &Entry) -> bool {
    let units: u64 = entry.latencies.iter().map(|(_, count)| count).sum();
    let rounds = entry.rounds.len() as u64;
    rounds > 0 && units / rounds < ENOUGH_FOR_P9999
}

/// The largest number of idle connections that any entry has held.
fn largest_idle(work: &Work) -> Option<u64> {
    work.entries.iter().flat_map(|entry| &entry.idle).map(|idle| idle.connections).max()
}

fn timed(work: &Work) -> Vec<Column> {
    use Better::{Higher, Lower, Neither};
    let unit = &work.unit;
    let (rate, each) = (format!("{}/s", plural(unit)), format!("\u{b5}s/{unit}"));
    let (core, per) = ("busy", format!("per {unit}"));
    vec![
        of_rounds("throughput", &rate, Higher, plain, |round| round.per_second),
        of_rounds("CPU", &each, Lower, plain, |round| round.cpu_us),
        of_latencies("p50", |latency| latency.p50),
        of_latencies("p99", |latency| latency.p99),
        of_latencies("p99.9", |latency| latency.p999),
        of_latencies("p99.99", |latency| latency.p9999),
        of_rounds("server", core, Neither, percent, |round| round.server_busy),
        of_rounds("generator", core, Neither, percent, |round| round.generator_busy),
        of_rounds("switches", &per, Neither, plain, |round| round.switches),
    ]
}

fn counted(work: &Work) -> Vec<Column> {
    use Better::{Higher, Lower};
    let per = format!("per {}", work.unit);
    let idle = largest_idle(work).unwrap_or_default();
    vec![
        of_one("instructions", &per, Lower, whole, |entry| entry.counted.instructions),
        of_one("system calls", &per, Lower, plain, |entry| entry.counted.system_calls),
        of_one("allocations", &per, Lower, plain, |entry| entry.counted.allocations),
        of_one("memory", &format!("B, {} idle", whole(idle as f64)), Lower, whole, move |entry| {
            let held = entry.idle.iter().find(|held| held.connections == idle)?;
            Some(held.bytes_each)
        }),
        of_one("held", "connections at once", Higher, whole, |entry| {
            entry.held.map(|connections| connections as f64)
        }),
    ]
}

fn of_rounds(
    heading: &str,
    unit: &str,
    better: Better,
    format: fn(f64) -> String,
    of: impl Fn(&Round) -> f64 + 'static,
) -> Column {
    let reading = move |entry: &Entry| {
        let readings: Vec<f64> =
            entry.rounds.iter().map(&of).filter(|reading| reading.is_finite()).collect();
        Spread::of(&readings)
    };
    Column {
        heading: heading.to_owned(),
        unit: unit.to_owned(),
        better,
        format,
        reading: Box::new(reading),
    }
}

/// Nothing where none were recorded, as of a bulk.
fn of_latencies(heading: &str, of: fn(&Percentiles) -> f64) -> Column {
    let column = of_rounds(heading, MICROS, Better::Lower, plain, move |round| of(&round.latency));
    let reading = column.reading;
    let reading = move |entry: &Entry| match entry.latencies.is_empty() {
        true => None,
        false => reading(entry),
    };
    Column { reading: Box::new(reading), ..column }
}

fn of_one(
    heading: &str,
    unit: &str,
    better: Better,
    format: fn(f64) -> String,
    of: impl Fn(&Entry) -> Option<f64> + 'static,
) -> Column {
    let reading = move |entry: &Entry| {
        of(entry).map(|value| Spread { median: value, min: value, max: value })
    };
    Column {
        heading: heading.to_owned(),
        unit: unit.to_owned(),
        better,
        format,
        reading: Box::new(reading),
    }
}
