//! Who is ahead of whom, as tables: others first.

use maud::{Markup, html};

use super::work_id;
use crate::report::number::times;
use crate::report::text::{figures, how_sure, sentence, what};
use crate::report::verdict::{Finding, Verdict};

/// How both lists are made.
const HOW: &str = "Computed from the readings below, not written by hand. A comparison is Readily \
                   and one peer in one measure of one work. Ratios are taken within each round, \
                   and their median is shown; clear is ahead in every round, within the spread \
                   is ahead in the median only. Of offered rates those count at which it is \
                   ahead, and the figures are of the middle one of them. The limits do less than \
                   a server has to and take no part.";

/// Every work and measure in which a peer is ahead.
pub(crate) fn others(verdict: &Verdict<'_>) -> Markup {
    let (doubtful, sure): (Vec<&Finding<'_>>, Vec<_>) =
        verdict.others.iter().partition(|finding| finding.certainty.is_doubtful());
    html! {
        section id="others" {
            h2 { "Where others are ahead" }
            p.lead { (sentence(verdict)) }
            p.soft.small {
                (HOW)
            }
            @if !verdict.without.is_empty() {
                div.warnings {
                    "Readily has no figures where others have:"
                    ul {
                        @for (work, why) in &verdict.without {
                            li { a href={ "#" (work_id(work)) } { (work.title) } ": " (why) }
                        }
                    }
                }
            }
            @if !sure.is_empty() {
                div.card { div.scroll { (table(&sure)) } }
            }
            @if !doubtful.is_empty() {
                details {
                    summary {
                        (doubtful.len())
                        " more that may be chance: within the spread, or under another load"
                    }
                    div.card { div.scroll { (table(&doubtful)) } }
                }
            }
        }
    }
}

/// Where Readily is ahead: a row for each work and measure, the narrowest lead first.
pub(crate) fn subject(verdict: &Verdict<'_>) -> Markup {
    let mut rows: Vec<Vec<&Finding<'_>>> = Vec::new();
    for finding in &verdict.subject {
        match rows.last_mut().filter(|row| is_of_one_row(row[0], finding)) {
            Some(row) => row.push(finding),
            None => rows.push(vec![finding]),
        }
    }
    for row in &mut rows {
        row.sort_by(|a, b| a.times.median.total_cmp(&b.times.median));
    }
    html! {
        section id="readily" {
            h2 { "Where Readily is ahead" }
            @if rows.is_empty() {
                p.lead { "Nowhere." }
            } @else {
                p.lead {
                    "Readily is ahead in " (verdict.subject.len()) " of " (verdict.compared)
                    " comparisons, clearly in " (clear(&verdict.subject)) "."
                }
                details {
                    summary { "Each of them" }
                    div.card { div.scroll { (compact(&rows)) } }
                }
            }
        }
    }
}

fn table(findings: &[&Finding<'_>]) -> Markup {
    html! {
        table.findings.wide {
            thead {
                tr {
                    th.text scope="col" { "work" }
                    th.text scope="col" { "measure" }
                    th.text scope="col" { "ahead" }
                    th scope="col" { "by" span.unit { "median, spread" } }
                    th scope="col" { "its figure" }
                    th scope="col" { "Readily" }
                    th.text scope="col" { "how sure" }
                }
            }
            tbody {
                @for finding in findings {
                    @let (own, other) = figures(finding);
                    tr {
                        td.text { a href={ "#" (work_id(finding.work)) } { (finding.work.title) } }
                        td.text { (what(finding)) }
                        td.text { b { (finding.peer.label) } }
                        td { b { (times(finding.times.median)) } (spread(finding)) }
                        td { (other) }
                        td { (own) }
                        td.text.clear[finding.certainty.is_clear()] { (how_sure(finding)) }
                    }
                }
            }
        }
    }
}

fn compact(rows: &[Vec<&Finding<'_>>]) -> Markup {
    html! {
        table.findings.wide {
            thead {
                tr {
                    th.text scope="col" { "work" }
                    th.text scope="col" { "measure" }
                    th.text scope="col" { "ahead of" }
                }
            }
            tbody {
                @for row in rows {
                    tr {
                        td.text { a href={ "#" (work_id(row[0].work)) } { (row[0].work.title) } }
                        td.text { (row[0].measure.name()) }
                        td.text {
                            @for (at, finding) in row.iter().enumerate() {
                                @if at > 0 { "; " }
                                (finding.peer.label) " " b { (times(finding.times.median)) }
                                @if !finding.certainty.is_clear() || finding.caveat.is_some() {
                                    span.soft { " (" (how_sure(finding)) ")" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn spread(finding: &Finding<'_>) -> Markup {
    let of = finding.times;
    html! {
        @if of.min < of.max { span.ends { (times(of.min)) " to " (times(of.max)) } }
    }
}

fn is_of_one_row(a: &Finding<'_>, b: &Finding<'_>) -> bool {
    a.work.name == b.work.name && a.measure == b.measure
}

fn clear(findings: &[Finding<'_>]) -> usize {
    findings.iter().filter(|finding| finding.certainty.is_clear()).count()
}
