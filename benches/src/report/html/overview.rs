//! What comes before the works: the matrix, the machine, how to read it all.

use maud::{Markup, html};

use super::{prose, work_id};
use crate::report::number::times;
use crate::report::verdict::{Measure, Standing, standing};
use crate::results::{Results, Work};

/// Works by measures: Readily against the best peer.
pub(crate) fn matrix(results: &Results) -> Markup {
    let rows: Vec<(&Work, Vec<Option<Standing<'_>>>)> = results
        .works
        .iter()
        .map(|work| (work, Measure::ALL.map(|measure| standing(work, measure)).into()))
        .filter(|(_, cells): &(_, Vec<_>)| cells.iter().any(Option::is_some))
        .collect();
    let is_new = |at: usize| at == 0 || rows[at - 1].0.group != rows[at].0.group;
    html! {
        section id="overview" {
            h2 { "Overview" }
            @if rows.is_empty() {
                p { "There is no work in which Readily and a peer have figures." }
            } @else {
                p {
                    "Readily against the best peer of each work: how many times better, median. \
                     Above 1 Readily is ahead, below 1 the peer is."
                }
                p.key.small.matrix {
                    span.ahead { "Readily ahead" } span.behind { "peer ahead" }
                    span.even { "within the spread" }
                }
                div.card { div.scroll {
                    table.matrix.wide {
                        thead {
                            tr {
                                th scope="col" { "work" }
                                @for measure in Measure::ALL { th scope="col" { (measure.name()) } }
                            }
                        }
                        tbody {
                            @for (at, (work, cells)) in rows.iter().enumerate() {
                                @if is_new(at) {
                                    tr { th colspan=(cells.len() + 1) { (work.group) } }
                                }
                                tr {
                                    th scope="row" {
                                        a href={ "#" (work_id(work)) } { (work.title) }
                                    }
                                    @for cell in cells { (matrix_cell(cell.as_ref())) }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn matrix_cell(standing: Option<&Standing<'_>>) -> Markup {
    let Some(standing) = standing else { return html! { td { span.soft { "\u{2013}" } } } };
    let class = match standing.certainty {
        certainty if certainty.is_doubtful() || standing.times == 1.0 => "even",
        _ if standing.times > 1.0 => "ahead",
        _ => "behind",
    };
    html! {
        td class=(class) {
            span.times { (times(standing.times)) }
            span.who { (standing.peer.label) }
        }
    }
}

/// What the figures depend on beside the code.
pub(crate) fn machine(results: &Results) -> Markup {
    html! {
        section id="machine" {
            h2 { "Machine" }
            @if !results.machine.warnings.is_empty() {
                div.warnings {
                    b { "Before a figure is believed" }
                    ul { @for warning in &results.machine.warnings { li { (prose(warning)) } } }
                }
            }
            dl.grid {
                @for (name, value) in &results.machine.facts { dt { (name) } dd { (value) } }
            }
        }
    }
}

/// The words of the report.
pub(crate) fn how_to_read() -> Markup {
    html! {
        section id="reading" {
            h2 { "How to read it" }
            dl.grid {
                @for (word, meaning) in WORDS { dt { (word) } dd { (meaning) } }
            }
        }
    }
}

const WORDS: [(&str, &str); 10] = [
    (
        "gate",
        "Before anything is timed, a server has to answer a short run rightly: bytes, status \
         and order are checked. They are checked in the timed runs as well.",
    ),
    (
        "rounds",
        "All servers of a work take turns: A B C, A B C. A figure is the median of its rounds, \
         with the lowest and the highest below it. A ratio is taken within a round, then the \
         median.",
    ),
    (
        "closed loop",
        "As many units are under way as there are connections; the next one is sent when an \
         answer has come. So a slow server is asked less, and its latencies look better than \
         they are.",
    ),
    (
        "open loop",
        "Units are sent at a fixed rate, whether answers come or not, as from many people who \
         know nothing of each other.",
    ),
    (
        "intended time",
        "Latency of the open loop counts from when a unit should have been sent. A server that \
         stalls pays for all who waited meanwhile.",
    ),
    (
        "null run",
        "The generator against the least server there is, with messages of one byte: what it \
         can do at most.",
    ),
    (
        "the generator was the limit",
        "Marked * where the generator was busy more than 95% and the server less than 90%: the \
         server could have done more. Read CPU per unit there, not throughput.",
    ),
    (
        "CPU",
        "Time that all threads of the server spent on a core, in user space and in the kernel, \
         for each unit.",
    ),
    (
        "counted",
        "Instructions in user space, system calls and allocations: the difference of two runs \
         that differ in their length alone, divided by the difference. They hardly depend on \
         the machine.",
    ),
    (
        "limit",
        "Grey rows do less than a server has to: an epoll loop without limits, timers or \
         errors. They show what is left to gain, and take no part in who is ahead.",
    ),
];
