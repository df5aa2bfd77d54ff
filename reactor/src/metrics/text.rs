//! Which families there are, and where their samples come from.

use std::collections::BTreeMap;

use readily_protocols::contract::StateInfo;

use super::board::Figures;
use super::exchanges::{BOUNDS, CLASSES, Totals};
use super::page::{Kind, Page};
use super::{Shared, lock};
use crate::logbook;

/// Counters that have another name here, or are no counters. Every other `name` is
/// `readily_name_total`, and `ended_name` is the label `why` of one family.
const RENAMED: [(&str, &str, Kind); 5] = [
    ("events", "readily_readiness_events_total", Kind::Counter),
    ("handshaking", "readily_handshakes_under_way", Kind::Gauge),
    ("connects_securing", "readily_connects_securing", Kind::Gauge),
    ("open", "readily_connections", Kind::Gauge),
    ("buffered", "readily_buffered_bytes", Kind::Gauge),
];

/// The rest of the names of counters that say why connections ended.
const ENDED: &str = "ended_";

/// A loop, as it is shown.
struct Shown {
    label: String,
    names: &'static [StateInfo],
    figures: Figures,
}

pub(super) fn write(shared: &Shared) -> String {
    let boards = lock(&shared.boards).clone();
    let loops: Vec<Shown> = boards
        .iter()
        .map(|board| Shown {
            label: board.index.to_string(),
            names: board.names,
            figures: board.read(),
        })
        .collect();
    let mut page = Page::default();
    if !loops.is_empty() {
        write_counters(&mut page, &loops);
        write_states(&mut page, &loops);
        write_others(&mut page, &loops);
    }
    let mut exchanges: BTreeMap<usize, Totals> = BTreeMap::new();
    for (index, cells) in lock(&shared.exchanges).iter() {
        exchanges.entry(*index).or_default().add(&cells.read());
    }
    if !exchanges.is_empty() {
        write_exchanges(&mut page, &exchanges);
    }
    let logs = lock(&shared.logs).clone();
    if !logs.is_empty() {
        write_logs(&mut page, logs.iter().map(|(name, log)| (*name, log.figures())).collect());
    }
    page.into_text()
}

fn write_counters(page: &mut Page, loops: &[Shown]) {
    let all: Vec<Vec<_>> =
        loops.iter().map(|one| one.figures.counters.described().collect()).collect();
    for (at, (name, help, _)) in all[0].iter().enumerate() {
        if name.starts_with(ENDED) {
            continue;
        }
        let plain = format!("readily_{name}_total");
        let renamed = RENAMED.iter().find(|(of, ..)| of == name);
        let (name, kind) = renamed.map_or((&plain[..], Kind::Counter), |row| (row.1, row.2));
        page.family(name, kind, help);
        for (one, counters) in loops.iter().zip(&all) {
            page.sample((name, ""), &[("loop", &one.label)], counters[at].2);
        }
    }
    let name = "readily_ended_by_total";
    let help = "Connections that ended, by why; readily_connects_failed_total are the others.";
    page.family(name, Kind::Counter, help);
    for (one, counters) in loops.iter().zip(&all) {
        for (counter, _, value) in counters {
            if let Some(why) = counter.strip_prefix(ENDED) {
                page.sample((name, ""), &[("loop", &one.label), ("why", why)], value);
            }
        }
    }
}

fn write_states(page: &mut Page, loops: &[Shown]) {
    let name = "readily_state_connections";
    page.family(name, Kind::Gauge, "Connections that are in each state now.");
    for one in loops {
        for (state, now) in one.names.iter().zip(&one.figures.states.now) {
            page.sample((name, ""), &[("loop", &one.label), ("state", state.name)], now);
        }
    }
    let name = "readily_transitions_total";
    page.family(name, Kind::Counter, "Transitions from a state to another that were taken.");
    for one in loops {
        for (from, state) in one.names.iter().enumerate() {
            for (to, next) in one.names.iter().enumerate() {
                let taken = one.figures.states.edge(from, to);
                // Those that never were are most of the square.
                if taken > 0 {
                    let labels =
                        [("loop", &one.label[..]), ("from", state.name), ("to", next.name)];
                    page.sample((name, ""), &labels, taken);
                }
            }
        }
    }
}

fn write_others(page: &mut Page, loops: &[Shown]) {
    let name = "readily_listener_connections";
    page.family(name, Kind::Gauge, "Connections that each listener has now, by its position.");
    for one in loops {
        for (at, connections) in one.figures.listeners.iter().enumerate() {
            let labels = [("loop", &one.label[..]), ("listener", &at.to_string())];
            page.sample((name, ""), &labels, connections);
        }
    }
    let name = "readily_events_total";
    page.family(name, Kind::Counter, "What protocols and the application count by name.");
    for one in loops {
        for (event, count) in one.figures.tally.iter() {
            page.sample((name, ""), &[("loop", &one.label), ("event", event)], count);
        }
    }
}

fn write_exchanges(page: &mut Page, exchanges: &BTreeMap<usize, Totals>) {
    let loops: Vec<(String, &Totals)> =
        exchanges.iter().map(|(index, totals)| (index.to_string(), totals)).collect();
    let name = "readily_http_requests_total";
    page.family(name, Kind::Counter, "Requests that were answered, by class of status.");
    for (label, totals) in &loops {
        for (class, count) in CLASSES.iter().zip(totals.classes) {
            page.sample((name, ""), &[("loop", label), ("class", class)], count);
        }
    }
    let name = "readily_http_sent_bytes_total";
    page.family(name, Kind::Counter, "Bytes of the bodies of answers.");
    for (label, totals) in &loops {
        page.sample((name, ""), &[("loop", label)], totals.sent);
    }
    let name = "readily_http_request_duration_seconds";
    page.family(name, Kind::Histogram, "How long requests took to be answered.");
    for (label, totals) in &loops {
        let mut below = 0;
        for (at, count) in totals.took.iter().enumerate() {
            below += count;
            let bound = BOUNDS.get(at).map(|micros| seconds(*micros).to_string());
            let bound = bound.as_deref().unwrap_or("+Inf");
            page.sample((name, "_bucket"), &[("loop", label), ("le", bound)], below);
        }
        page.sample((name, "_sum"), &[("loop", label)], seconds(totals.took_micros));
        page.sample((name, "_count"), &[("loop", label)], below);
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

fn write_logs(page: &mut Page, logs: Vec<(&'static str, logbook::Figures)>) {
    type Row = (&'static str, Kind, &'static str, fn(&logbook::Figures) -> u64);
    let rows: [Row; 4] = [
        ("readily_log_lines_total", Kind::Counter, "Lines that the log took.", |log| log.lines),
        (
            "readily_log_lines_dropped_total",
            Kind::Counter,
            "Lines that were dropped, since too many waited or they were too long.",
            |log| log.dropped,
        ),
        (
            "readily_log_failures_total",
            Kind::Counter,
            "Failures of what the log is written to.",
            |log| log.failures,
        ),
        (
            "readily_log_waiting_bytes",
            Kind::Gauge,
            "Bytes of memory that waiting lines take.",
            |log| log.waiting,
        ),
    ];
    for (name, kind, help, value) in rows {
        page.family(name, kind, help);
        for (log, figures) in &logs {
            page.sample((name, ""), &[("log", log)], value(figures));
        }
    }
}
