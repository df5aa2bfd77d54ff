//! The table of one work.

use maud::{Markup, html};

use super::prose;
use crate::report::look::{Filling, Look, looks};
use crate::report::number::{NONE, plural, whole};
use crate::report::rows::{Better, Column, columns, is_short_of_units, reason};
use crate::report::text::LIMITED;
use crate::report::verdict::is_limited_by_generator;
use crate::results::{Entry, Outcome, Role, Work};

/// A row for each server.
pub(crate) fn of(work: &Work) -> Markup {
    let columns = columns(work);
    let has_versions = work.entries.iter().any(|entry| !entry.version.is_empty());
    html! {
        table.figures.wide {
            thead {
                tr {
                    th.text scope="col" { "server" }
                    th scope="col" { "connections" }
                    @for column in &columns {
                        th scope="col" { (column.heading) span.unit { (column.unit) } }
                    }
                    @if has_versions { th.text scope="col" { "made of" } }
                }
            }
            tbody {
                @for (entry, look) in work.entries.iter().zip(looks(work)) {
                    tr class=(class(entry.role)) {
                        th scope="row" { (swatch(look)) (entry.label) (mark(entry)) }
                        (cells(entry, work, &columns))
                        @if has_versions { (made_of(entry)) }
                    }
                }
            }
        }
    }
}

fn cells(entry: &Entry, work: &Work, columns: &[Column]) -> Markup {
    if let Some((state, why)) = reason(entry) {
        return html! {
            td.text colspan=(columns.len() + 1) { span.state { (state) } ": " (why) }
        };
    }
    html! {
        td { (whole(entry.connections as f64)) }
        @for column in columns {
            td.best[column.is_best(entry, work)] {
                (column.median(entry).as_deref().unwrap_or(NONE))
                @if column.heading == "p99.99" && is_short_of_units(entry) { "\u{2020}" }
                @if let Some((min, max)) = column.ends(entry).filter(|_| has_aim(column)) {
                    span.ends { (min) " to " (max) }
                }
            }
        }
    }
}

fn has_aim(column: &Column) -> bool {
    column.better != Better::Neither
}

fn made_of(entry: &Entry) -> Markup {
    html! {
        td.text.small {
            (entry.version)
            @if !entry.source.is_empty() { span.ends { code { (entry.source) } } }
        }
    }
}

fn mark(entry: &Entry) -> &'static str {
    if is_limited_by_generator(entry) { " *" } else { "" }
}

fn class(role: Role) -> &'static str {
    match role {
        Role::Limit => "is-limit",
        Role::Subject => "is-subject",
        Role::Peer => "",
    }
}

/// What stands below the table.
pub(crate) fn remarks(work: &Work) -> Markup {
    let is_short = |entry: &Entry| entry.outcome == Outcome::Measured && is_short_of_units(entry);
    html! {
        @if work.entries.iter().any(is_limited_by_generator) { p.note { "* " (LIMITED) "." } }
        @if work.entries.iter().any(is_short) {
            p.note {
                "\u{2020} Fewer than 10,000 " (plural(&work.unit))
                " in a round: nearly the longest one."
            }
        }
        @for entry in &work.entries {
            @for note in &entry.notes { p.note { b { (entry.label) } ": " (prose(note)) } }
        }
    }
}

/// Who is who in the plots.
pub(crate) fn legend(work: &Work) -> Markup {
    html! {
        ul.legend {
            @for (entry, look) in work.entries.iter().zip(looks(work)) {
                @if entry.outcome == Outcome::Measured { li { (swatch(look)) (entry.label) } }
            }
        }
    }
}

/// The mark that a server has in every plot.
fn swatch(look: Look) -> Markup {
    let corners = look.shape.corners(14).into_iter().map(|(x, y)| format!("{x},{y}"));
    let points = corners.collect::<Vec<_>>().join(" ");
    let colour = format!("var(--{})", look.colour.name);
    let inside = match look.filling {
        Filling::Full => &colour,
        Filling::Hollow => "var(--card)",
    };
    let style = format!("fill:{inside};stroke:{colour};stroke-width:2");
    html! {
        svg.swatch viewBox="-8 -8 16 16" aria-hidden="true" {
            polygon points=(points) style=(style) {}
        }
    }
}
