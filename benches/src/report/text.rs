//! A comparison as text: for the terminal, and as Markdown.

use crate::report::number::{bytes, duration, times, whole};
use crate::report::rows::{Column, columns, reason};
use crate::report::verdict::{Finding, Measure, Verdict, is_limited_by_generator, verdict};
use crate::results::{Entry, Results, Work};

/// What a mark beside a label means.
pub(crate) const LIMITED: &str = "the generator was the limit: read CPU per unit, not throughput";

/// The columns whose spread a terminal has room for.
const WITH_ENDS: [&str; 2] = ["throughput", "CPU"];

/// A table for each work, and where others are ahead; for a terminal.
pub fn terminal(results: &Results) -> String {
    let verdict = verdict(results);
    let mut text = String::new();
    for work in &results.works {
        text.push_str(&format!("{} ({})\n", work.title, work.name));
        text.push_str(&aligned(&grid(work, Headings::TwoLines)));
        for line in remarks(work) {
            text.push_str(&format!("  {line}\n"));
        }
        text.push('\n');
    }
    text.push_str(&format!("{}\n", sentence(&verdict)));
    text.push_str(&aligned(&findings(&verdict.others)));
    for (work, why) in &verdict.without {
        text.push_str(&format!("  Readily has no figures in {}: {why}\n", work.title));
    }
    text
}

/// The same tables as Markdown, with where others are ahead first.
pub fn markdown(results: &Results) -> String {
    let verdict = verdict(results);
    let mut text = format!("## Where others are ahead\n\n{}\n", sentence(&verdict));
    for (work, why) in &verdict.without {
        text.push_str(&format!("Readily has no figures in {}: {}\n", work.title, escaped(why)));
    }
    if !verdict.others.is_empty() {
        text.push_str(&format!("\n{}", piped(&findings(&verdict.others))));
    }
    let mut group = "";
    for work in &results.works {
        if work.group != group {
            group = &work.group;
            text.push_str(&format!("\n## {group}\n"));
        }
        text.push_str(&format!(
            "\n### {}\n\n{}",
            work.title,
            piped(&grid(work, Headings::OneLine))
        ));
        for line in remarks(work) {
            text.push_str(&format!("\n{}\n", escaped(&line)));
        }
    }
    text
}

/// How many comparisons peers have won, in a sentence.
pub(crate) fn sentence(verdict: &Verdict<'_>) -> String {
    let clear = verdict.others.iter().filter(|finding| finding.certainty.is_clear());
    match (verdict.compared, verdict.others.len()) {
        (0, _) => "Nothing could be compared.".to_owned(),
        (of, 0) => format!("No peer is ahead of Readily in any of {of} comparisons."),
        (of, ahead) => {
            let clear = clear.count();
            let ahead = format!("{ahead} of {of} comparisons, clearly in {clear}");
            format!("A peer is ahead of Readily in {ahead}.")
        }
    }
}

/// The two figures of a finding: of Readily, and of the peer.
pub(crate) fn figures(finding: &Finding<'_>) -> (String, String) {
    let show = |value: f64| match finding.measure {
        Measure::Throughput => format!("{}/s", whole(value)),
        Measure::Cpu | Measure::Latency | Measure::Offered => duration(value),
        Measure::Memory => bytes(value),
        Measure::Instructions => whole(value),
    };
    (show(finding.subject), show(finding.other))
}

/// The measure of a finding, with the rate or the number of connections that it is at.
pub(crate) fn what(finding: &Finding<'_>) -> String {
    match (finding.measure, finding.at) {
        (Measure::Offered, Some(rate)) => format!("p99 at {}/s offered", whole(rate)),
        (Measure::Memory, Some(idle)) => format!("memory, {} idle connections", whole(idle)),
        (measure, _) => measure.name().to_owned(),
    }
}

/// How sure a finding is, and what else has to be known.
pub(crate) fn how_sure(finding: &Finding<'_>) -> String {
    let words = finding.certainty.words(finding.measure);
    match &finding.caveat {
        Some(caveat) => format!("{words}; {caveat}"),
        None => words,
    }
}

/// Where the units of columns stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Headings {
    /// Behind the headings.
    OneLine,
    /// Below them, which is narrower.
    TwoLines,
}

fn findings(findings: &[Finding<'_>]) -> Vec<Vec<String>> {
    if findings.is_empty() {
        return Vec::new();
    }
    let headings = ["work", "measure", "ahead", "by", "its figure", "Readily", "how sure"];
    let rows = findings.iter().map(|finding| {
        let (subject, other) = figures(finding);
        vec![
            finding.work.title.clone(),
            what(finding),
            finding.peer.label.clone(),
            times(finding.times.median),
            other,
            subject,
            how_sure(finding),
        ]
    });
    std::iter::once(headings.map(str::to_owned).into()).chain(rows).collect()
}

fn grid(work: &Work, headings: Headings) -> Vec<Vec<String>> {
    let columns = columns(work);
    let row = |first: &str, of: &dyn Fn(&Column) -> String| {
        std::iter::once(first.to_owned()).chain(columns.iter().map(of)).collect::<Vec<_>>()
    };
    let mut grid = match headings {
        Headings::OneLine => {
            vec![row("server", &|column| format!("{} ({})", column.heading, column.unit))]
        }
        Headings::TwoLines => vec![
            row("server", &|column| column.heading.clone()),
            row("", &|column| column.unit.clone()),
        ],
    };
    for entry in &work.entries {
        let mut cells = row(&marked(entry), &|column| cell(column, entry));
        if let (Some((state, _)), Some(first)) = (reason(entry), cells.get_mut(1)) {
            state.clone_into(first);
        }
        grid.push(cells);
    }
    grid
}

fn cell(column: &Column, entry: &Entry) -> String {
    let Some(median) = column.median(entry) else { return String::new() };
    match column.ends(entry).filter(|_| WITH_ENDS.contains(&column.heading.as_str())) {
        Some((min, max)) => format!("{median} ({min} to {max})"),
        None => median,
    }
}

fn marked(entry: &Entry) -> String {
    let mark = if is_limited_by_generator(entry) { " *" } else { "" };
    format!("{}{mark}", entry.label)
}

/// What stands below a table: marks, and why rows are empty.
fn remarks(work: &Work) -> Vec<String> {
    let mut lines = Vec::new();
    if work.entries.iter().any(is_limited_by_generator) {
        lines.push(format!("* {LIMITED}"));
    }
    let reasons = work.entries.iter().filter_map(|entry| {
        let (state, why) = reason(entry)?;
        Some(format!("{}: {state}: {why}", entry.label))
    });
    lines.extend(reasons);
    lines
}

fn aligned(grid: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = grid.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..grid.first().map_or(0, Vec::len)).map(width).collect();
    let is_number = |column: usize| {
        let mut cells = grid.iter().skip(1).filter_map(|line| line.get(column));
        cells.any(|cell| cell.starts_with(|first: char| first.is_ascii_digit()))
    };
    let mut text = String::new();
    for line in grid {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column > 0 && is_number(column) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        let line = cells.collect::<Vec<_>>().join("   ");
        text.push_str(&format!("  {}\n", line.trim_end()));
    }
    text
}

fn piped(grid: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (at, line) in grid.iter().enumerate() {
        let cells: Vec<String> = line.iter().map(|cell| escaped(cell)).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
        if at == 0 {
            text.push_str(&format!("|{}\n", "---|".repeat(line.len())));
        }
    }
    text
}

/// A line that is nothing but text in Markdown.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            '|' | '*' | '_' | '`' | '<' | '[' | '\\' => out.extend(['\\', char]),
            '\n' | '\r' => out.push(' '),
            char => out.push(char),
        }
    }
    out
}
