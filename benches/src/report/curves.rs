//! Which plots a work has, and what is drawn in them.

use crate::report::axis::Axis;
use crate::report::look::{Look, looks};
use crate::report::number::{plain, plural};
use crate::report::plot::{Plot, Series};
use crate::results::{Entry, Offered, Outcome, Percentiles, Work};

/// Points of a curve at most: more than can be told apart.
const POINTS: usize = 240;

/// Where curves of latencies are marked.
const MARKED: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 0.999_9];

/// How long the units of the closed loop took.
pub(crate) fn distribution(work: &Work) -> Option<Plot> {
    let y = Axis::nines();
    let series: Vec<Series> = entries(work)
        .filter(|(entry, _)| !entry.latencies.is_empty())
        .map(|(entry, look)| {
            let shares = shares(&entry.latencies);
            let marks = MARKED.iter().filter_map(|share| reached(&shares, *share)).collect();
            Series { look, line: thinned(&shares, &y), marks }
        })
        .collect();
    let x = Axis::times(series.iter().flat_map(|series| &series.line).map(|(time, _)| *time))?;
    Some(Plot {
        title: format!("{}: latencies of the closed loop", work.title),
        description: format!(
            "The share of {} that took no longer than a time, for each server. {}",
            plural(&work.unit),
            ends(work, |entry| entry.latencies.last().map(|(nanos, _)| *nanos as f64 / 1_000.0))
        ),
        along: "no longer than".to_owned(),
        x,
        y,
        series,
    })
}

/// One percentile of the open loop against the rate.
pub(crate) fn offered(work: &Work, name: &str, of: fn(&Percentiles) -> f64) -> Option<Plot> {
    let points = |entry: &Entry| -> Vec<(f64, f64)> {
        let point = |offered: &Offered| (offered.rate, of(&offered.intended));
        entry.offered.iter().map(point).filter(|(_, time)| *time > 0.0).collect()
    };
    let series = lines(work, points);
    let points = series.iter().flat_map(|series| &series.line);
    let x = Axis::from_nought(points.map(|(rate, _)| *rate))?;
    // The same for all percentiles, so that they can be held side by side.
    let offered = entries(work).flat_map(|(entry, _)| &entry.offered);
    let times = offered.flat_map(|offered| [offered.intended.p50, offered.intended.p999]);
    let y = Axis::times(times.chain(series.iter().flat_map(|one| &one.line).map(|(_, y)| *y)))?;
    Some(Plot {
        title: format!("{}: {name} at offered rates", work.title),
        description: format!(
            "Latency since a {} should have been sent, for each server and rate. {}",
            work.unit,
            ends(work, |entry| Some(of(&entry.offered.last()?.intended)))
        ),
        along: format!("{}/s offered", plural(&work.unit)),
        x,
        y,
        series,
    })
}

/// The CPU time of a unit against the number of busy connections.
pub(crate) fn scaling(work: &Work) -> Option<Plot> {
    let series = lines(work, |entry| {
        let points = entry.scaling.iter().map(|point| (point.connections as f64, point.cpu_us));
        points.filter(|(_, cost)| *cost > 0.0).collect()
    });
    let counts = entries(work).flat_map(|(entry, _)| &entry.scaling);
    let x = Axis::counts(counts.map(|point| point.connections))?;
    let costs = series.iter().flat_map(|series| &series.line).map(|(_, cost)| *cost);
    let y = Axis::logarithmic(costs, |cost| format!("{} \u{b5}s", short(cost)))?;
    Some(Plot {
        title: format!("{}: CPU per {} against connections", work.title, work.unit),
        description: format!(
            "CPU time of the server in microseconds with different numbers of busy connections. {}",
            ends(work, |entry| Some(entry.scaling.last()?.cpu_us))
        ),
        along: "busy connections".to_owned(),
        x,
        y,
        series,
    })
}

fn entries(work: &Work) -> impl Iterator<Item = (&Entry, Look)> {
    let all = work.entries.iter().zip(looks(work));
    all.filter(|(entry, _)| entry.outcome == Outcome::Measured)
}

fn lines(work: &Work, points: impl Fn(&Entry) -> Vec<(f64, f64)>) -> Vec<Series> {
    entries(work)
        .map(|(entry, look)| {
            let line = points(entry);
            Series { look, marks: line.clone(), line }
        })
        .filter(|series| !series.line.is_empty())
        .collect()
}

/// The last value of each server, for who cannot see a plot.
fn ends(work: &Work, of: impl Fn(&Entry) -> Option<f64>) -> String {
    let ends = entries(work)
        .filter_map(|(entry, _)| Some(format!("{} {} \u{b5}s", entry.label, plain(of(entry)?))));
    format!("At the right end: {}.", ends.collect::<Vec<_>>().join(", "))
}

/// Each time in microseconds with the share of units that took no longer.
///
/// The longest of 500 stands at 499 in 500: what lies above was not seen.
fn shares(latencies: &[(u64, u64)]) -> Vec<(f64, f64)> {
    let total: u64 = latencies.iter().map(|(_, count)| count).sum();
    let total = total.max(1) as f64;
    let mut seen = 0;
    latencies
        .iter()
        .map(|(nanos, count)| {
            seen += count;
            (*nanos as f64 / 1_000.0, (seen as f64 / total).min(1.0 - 1.0 / total))
        })
        .collect()
}

/// The first point that has reached a share, at that share.
fn reached(shares: &[(f64, f64)], share: f64) -> Option<(f64, f64)> {
    shares.iter().find(|(_, seen)| *seen >= share).map(|(time, _)| (*time, share))
}

/// Steps that can be told apart on the axis of shares, up to the first at its end.
///
/// Between two times nothing has ended, so the line is level up to the later one.
fn thinned(shares: &[(f64, f64)], axis: &Axis) -> Vec<(f64, f64)> {
    let mut line: Vec<(f64, f64)> = Vec::new();
    for (time, share) in shares {
        let place = |share: f64| (axis.share(share) * POINTS as f64).floor();
        let is_new = line.last().is_none_or(|(_, last)| place(*share) > place(*last));
        if is_new && *time > 0.0 {
            line.extend(line.last().map(|(_, last)| (*time, *last)));
            line.push((*time, *share));
        }
        if axis.share(*share) >= 1.0 {
            break;
        }
    }
    line
}

/// A number without digits that say nothing.
fn short(value: f64) -> String {
    let text = plain(value);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}
