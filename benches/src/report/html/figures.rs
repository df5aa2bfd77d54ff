//! The figures of the plots, for who wants to read them.

use maud::{Markup, html};

use crate::report::number::{NONE, plain, whole};
use crate::report::verdict::measured;
use crate::results::{Entry, Work};

/// A table for each kind of plot that the work has.
pub(crate) fn of(work: &Work) -> Markup {
    html! {
        (folded("Figures at offered rates", &OFFERED, work, offered))
        (folded("Figures with other numbers of connections", &SCALING, work, scaling))
        (folded("Figures with idle connections", &IDLE, work, idle))
    }
}

const OFFERED: [&str; 9] = [
    "offered/s",
    "done/s",
    "p50, \u{b5}s",
    "p99, \u{b5}s",
    "p99.9, \u{b5}s",
    "p99.99, \u{b5}s",
    "longest, \u{b5}s",
    "p99 since sent, \u{b5}s",
    "p99.9 since sent, \u{b5}s",
];
const SCALING: [&str; 3] = ["connections", "units/s", "CPU per unit, \u{b5}s"];
const IDLE: [&str; 3] = ["idle connections", "bytes each", "CPU per unit beside them, \u{b5}s"];

fn offered(entry: &Entry) -> Vec<Vec<String>> {
    let rows = entry.offered.iter().map(|offered| {
        let (of, sent) = (&offered.intended, &offered.sent);
        let times = [of.p50, of.p99, of.p999, of.p9999, of.max, sent.p99, sent.p999].map(plain);
        [whole(offered.rate), whole(offered.achieved)].into_iter().chain(times).collect()
    });
    rows.collect()
}

fn scaling(entry: &Entry) -> Vec<Vec<String>> {
    let row = |connections: u64, rate: f64, cost: f64| {
        vec![whole(connections as f64), plain(rate), plain(cost)]
    };
    let points = entry.scaling.iter();
    points.map(|point| row(point.connections, point.per_second, point.cpu_us)).collect()
}

fn idle(entry: &Entry) -> Vec<Vec<String>> {
    let rows = entry.idle.iter().map(|idle| {
        let beside = idle.cpu_us.map_or_else(|| NONE.to_owned(), plain);
        vec![whole(idle.connections as f64), whole(idle.bytes_each), beside]
    });
    rows.collect()
}

fn folded(
    title: &str,
    headings: &[&str],
    work: &Work,
    rows: fn(&Entry) -> Vec<Vec<String>>,
) -> Markup {
    let entries: Vec<(&Entry, Vec<Vec<String>>)> = measured(work)
        .map(|entry| (entry, rows(entry)))
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    if entries.is_empty() {
        return html! {};
    }
    html! {
        details {
            summary { (title) }
            div.scroll {
                table {
                    thead {
                        tr {
                            th.text scope="col" { "server" }
                            @for heading in headings { th scope="col" { (heading) } }
                        }
                    }
                    tbody {
                        @for (entry, rows) in &entries {
                            @for row in rows {
                                tr {
                                    th scope="row" { (entry.label) }
                                    @for cell in row { td { (cell) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
