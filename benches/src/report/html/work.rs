//! One work: how it was done, its table, its plots.

use maud::{Markup, PreEscaped, html};

use super::bars::{self, Bar};
use super::{figures, prose, table, work_id};
use crate::failure::Failure;
use crate::report::axis::Axis;
use crate::report::curves;
use crate::report::look::looks;
use crate::report::number::{bytes, plural, whole};
use crate::report::plot::Plot;
use crate::report::rows::columns;
use crate::report::verdict::measured;
use crate::results::{Entry, Outcome, Percentiles, Work};
use crate::spread::Spread;

/// What memory is, and how its bars are to be read.
const IN_USER_SPACE: &str = "of the server in user space; log, less is better";

type Percentile = fn(&Percentiles) -> f64;

/// The percentiles of the open loop that are drawn.
const OFFERED: [(&str, Percentile); 3] =
    [("p50", |of| of.p50), ("p99", |of| of.p99), ("p99.9", |of| of.p999)];

/// All that was found in one work.
pub(crate) fn section(work: &Work) -> Result<Markup, Failure> {
    let has_plots = measured(work).next().is_some();
    Ok(html! {
        section.card id=(work_id(work)) {
            h3 { (work.title) " " code.soft.small { (work.name) } }
            @for note in &work.notes { p.note { (prose(note)) } }
            div.scroll { (table::of(work)) }
            (table::remarks(work))
            (commands(work))
            @if has_plots {
                (table::legend(work))
                div.plots {
                    (throughput(work))
                    (cpu(work))
                    (distribution(work)?)
                    (scaling(work)?)
                    (memory(work))
                    (offered(work)?)
                }
            }
            (figures::of(work))
        }
    })
}

fn commands(work: &Work) -> Markup {
    let mut entries = work.entries.iter().filter(|entry| !entry.commands.is_empty()).peekable();
    html! {
        @if entries.peek().is_some() {
            details {
                summary { "Commands" }
                @for entry in entries {
                    h4 { (entry.label) }
                    pre { code { @for command in &entry.commands { "$ " (command) "\n" } } }
                }
            }
        }
    }
}

fn distribution(work: &Work) -> Result<Markup, Failure> {
    let about = "share of all that took no longer; both axes log";
    drawn("Latencies of the closed loop", about, curves::distribution(work).as_ref())
}

fn scaling(work: &Work) -> Result<Markup, Failure> {
    let title = format!("CPU per {} against connections", work.unit);
    drawn(&title, "closed loop; both axes log", curves::scaling(work).as_ref())
}

fn offered(work: &Work) -> Result<Markup, Failure> {
    let about = "since a unit should have been sent; log";
    let plots = OFFERED.iter().map(|(name, of)| {
        let plot = curves::offered(work, name, *of);
        drawn(&format!("{name} at offered rates"), about, plot.as_ref())
    });
    let plots = plots.collect::<Result<Vec<_>, _>>()?;
    Ok(html! { @for plot in plots { (plot) } })
}

fn drawn(title: &str, about: &str, plot: Option<&Plot>) -> Result<Markup, Failure> {
    let Some(plot) = plot else { return Ok(html! {}) };
    let svg = plot.svg()?;
    Ok(html! {
        figure {
            figcaption { b { (title) } span { (about) } }
            div.plots-box { (PreEscaped(svg)) }
        }
    })
}

fn throughput(work: &Work) -> Markup {
    let title = format!("{} per second", capital(&plural(&work.unit)));
    of_column(work, "throughput", &title, "closed loop, median; whisker: lowest to highest round")
}

fn cpu(work: &Work) -> Markup {
    let title = format!("CPU per {}, microseconds", work.unit);
    of_column(work, "CPU", &title, "of the server; less is better")
}

fn of_column(work: &Work, heading: &str, title: &str, about: &str) -> Markup {
    let columns = columns(work);
    let Some(column) = columns.iter().find(|column| column.heading == heading) else {
        return html! {};
    };
    let bars: Vec<Bar<'_>> = bars_of(work, |entry| column.reading(entry), column.format);
    let axis = Axis::from_nought(bars.iter().map(|bar| bar.spread.max));
    bars::figure(title, about, axis.as_ref(), &bars)
}

fn memory(work: &Work) -> Markup {
    let mut counts: Vec<u64> =
        measured(work).flat_map(|entry| &entry.idle).map(|idle| idle.connections).collect();
    counts.sort_unstable();
    counts.dedup();
    html! {
        @for count in counts {
            @let bars = bars_of(work, |entry| {
                let held = entry.idle.iter().find(|idle| idle.connections == count)?;
                let each = held.bytes_each.max(1.0);
                Some(Spread { median: each, min: each, max: each })
            }, bytes);
            @let axis = Axis::logarithmic(bars.iter().map(|bar| bar.spread.max), |tick| {
                format!("{} B", whole(tick))
            });
            @let title = format!("Memory per idle connection, {} of them", whole(count as f64));
            (bars::figure(&title, IN_USER_SPACE, axis.as_ref(), &bars))
        }
    }
}

fn bars_of<'a>(
    work: &'a Work,
    reading: impl Fn(&Entry) -> Option<Spread>,
    format: fn(f64) -> String,
) -> Vec<Bar<'a>> {
    let all = work.entries.iter().zip(looks(work));
    all.filter(|(entry, _)| entry.outcome == Outcome::Measured)
        .filter_map(|(entry, look)| {
            let spread = reading(entry)?;
            let value = format(spread.median);
            Some(Bar { label: &entry.label, role: entry.role, look, spread, value })
        })
        .collect()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
