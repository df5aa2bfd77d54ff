//! What a reader is told, and that the files hold what was read.

use std::path::Path;

use crate::failure::Failure;
use crate::report::sample::{self, entry, offered, round, work};
use crate::report::text::how_sure;
use crate::report::verdict::{Measure, standing, verdict};
use crate::report::{html, markdown, number, terminal, text, write};
use crate::results::{Counted, Entry, Idle, Machine, Outcome, Results, Role, Work};
use crate::scratch::Scratch;

/// Results of one work that holds these entries.
fn only(entries: Vec<Entry>) -> Results {
    let work = Work { entries, ..work("echo", "Echo", "TCP", "round trip") };
    Results {
        date: String::new(),
        took_seconds: 0.0,
        command: String::new(),
        machine: Machine::default(),
        works: vec![work],
    }
}

fn subject() -> Entry {
    entry("Readily", Role::Subject)
}

fn peer() -> Entry {
    entry("tokio", Role::Peer)
}

/// `who`: a peer that is ahead, or `Readily` ahead of a peer, with how far and how sure.
fn findings(results: &Results) -> Vec<String> {
    let verdict = verdict(results);
    let others = verdict.others.iter().map(|finding| (finding.peer.label.as_str(), finding));
    let subject = verdict.subject.iter().map(|finding| ("Readily", finding));
    let lines = others.chain(subject).map(|(who, finding)| {
        let (what, times) = (text::what(finding), number::times(finding.times.median));
        format!("{who}: {what} {times}, {}", how_sure(finding))
    });
    lines.collect()
}

#[test]
fn rounds_are_compared_in_pairs() {
    let rounds = |rates: &[f64]| rates.iter().map(|rate| round(*rate, 10.0, 100.0)).collect();
    let cases: [(&[f64], &[f64], &str); 10] = [
        // Each round is won, though the slowest of the one is below the fastest of the other.
        (
            &[100.0, 200.0, 300.0],
            &[110.0, 220.0, 330.0],
            "tokio: throughput 1.10x, clear: in all 3 rounds",
        ),
        (
            &[100.0, 100.0, 100.0],
            &[120.0, 120.0, 90.0],
            "tokio: throughput 1.20x, within the spread: in 2 of 3 rounds",
        ),
        (&[200.0, 200.0], &[100.0, 100.0], "Readily: throughput 2.00x, clear: in all 2 rounds"),
        (&[100.0], &[150.0], "tokio: throughput 1.50x, one reading"),
        // A round that only one of them has is nobody's.
        (&[100.0, 100.0], &[150.0], "tokio: throughput 1.50x, one reading"),
        (&[100.0, 100.0], &[100.0, 100.0], ""),
        // A half and a double are even, and only one of both can be ahead.
        (&[100.0, 100.0], &[50.0, 200.0], ""),
        (
            &[100.0, 100.0],
            &[40.0, 200.0],
            "Readily: throughput 1.12x, within the spread: in 1 of 2 rounds",
        ),
        (&[100.0, f64::NAN], &[f64::INFINITY, 120.0], ""),
        (&[0.0, 100.0], &[100.0, 0.0], ""),
    ];
    for (own, other, expected) in cases {
        let own = Entry { rounds: rounds(own), ..subject() };
        let other = Entry { rounds: rounds(other), ..peer() };
        assert_eq!(findings(&only(vec![own, other])).join("\n"), expected);
    }
}

#[test]
fn each_measure_knows_its_better_end() {
    let own = Entry {
        rounds: vec![round(100.0, 10.0, 50.0); 2],
        idle: vec![idle(1_000, 200.0), idle(15_000, 150.0)],
        counted: Counted { instructions: Some(300.0), ..Counted::default() },
        ..subject()
    };
    let other = Entry {
        rounds: vec![round(200.0, 5.0, 100.0); 2],
        // It did not hold the larger number.
        idle: vec![idle(1_000, 100.0)],
        counted: Counted { instructions: Some(900.0), ..Counted::default() },
        ..peer()
    };
    let limit = Entry { rounds: vec![round(9e9, 0.1, 1.0); 2], ..entry("raw", Role::Limit) };
    assert_eq!(
        findings(&only(vec![limit, own, other])),
        [
            "tokio: throughput 2.00x, clear: in all 2 rounds",
            "tokio: CPU per unit 2.00x, clear: in all 2 rounds",
            "tokio: memory, 1,000 idle connections 2.00x, one reading",
            "Readily: p99 2.00x, clear: in all 2 rounds",
            "Readily: instructions per unit 3.00x, one reading",
        ]
    );
}

#[test]
fn rates_are_won_one_by_one() {
    let at = |times: &[f64]| {
        let rates = [1_000.0, 2_000.0, 3_000.0];
        rates.into_iter().zip(times).map(|(rate, p99)| offered(rate, rate, *p99)).collect()
    };
    let cases: [(&[f64], &[f64], &str); 4] = [
        (
            &[10.0, 10.0, 10.0],
            &[20.0, 30.0, 40.0],
            "Readily: p99 at 2,000/s offered 3.00x, clear: at all 3 rates",
        ),
        (
            &[10.0, 10.0, 40.0],
            &[20.0, 30.0, 20.0],
            "tokio: p99 at 3,000/s offered 2.00x, at 1 of 3 rates\n\
             Readily: p99 at 1,000/s offered 2.00x, at 2 of 3 rates",
        ),
        // The one was not given the last rate, since it drowned at the one before.
        (
            &[10.0, 20.0],
            &[10.0, 20.0, 30.0],
            "tokio: p99 at 3,000/s offered no limit, at 1 of 3 rates",
        ),
        (&[], &[10.0], ""),
    ];
    for (own, other, expected) in cases {
        let own = Entry { offered: at(own), ..subject() };
        let other = Entry { offered: at(other), ..peer() };
        assert_eq!(findings(&only(vec![own, other])).join("\n"), expected);
    }
}

#[test]
fn what_is_not_alike_is_said() {
    let limited = |rate: f64| {
        let mut rounds = vec![round(rate, 1.0, 100.0); 2];
        rounds.iter_mut().for_each(|round| round.generator_busy = 0.97);
        rounds
    };
    let own = Entry { rounds: limited(100.0), ..subject() };
    let other = Entry { rounds: limited(110.0), ..peer() };
    let alone = Entry { connections: 1, rounds: limited(120.0), ..entry("one", Role::Peer) };
    let results = only(vec![own, other, alone]);
    assert_eq!(
        findings(&results),
        [
            "tokio: throughput 1.10x, clear: in all 2 rounds; the generator was the limit",
            "one: throughput 1.20x, under another load; connections: 1, Readily 64",
        ]
    );
    let best = standing(&results.works[0], Measure::Throughput);
    assert!(best.is_some_and(|best| best.peer.label == "tokio" && best.times < 1.0));
}

#[test]
fn a_subject_that_fails_is_told_first() {
    let verdicts = |outcome: Outcome| {
        let rounds = vec![round(100.0, 10.0, 50.0)];
        let own = Entry { outcome, rounds: rounds.clone(), ..subject() };
        let results = only(vec![own, Entry { rounds, ..peer() }]);
        let without = verdict(&results).without.into_iter().map(|(_, why)| why);
        without.collect::<Vec<_>>().join("\n")
    };
    for (outcome, expected) in [
        (Outcome::Measured, ""),
        (Outcome::Failed("the gate: no".to_owned()), "failed: the gate: no"),
        (Outcome::Missing("build it".to_owned()), "build it"),
    ] {
        assert_eq!(verdicts(outcome), expected);
    }
}

#[test]
fn the_sample_is_judged_with_the_clear_ones_first() {
    let results = sample::results();
    let verdict = verdict(&results);
    assert_eq!(
        text::sentence(&verdict),
        "A peer is ahead of Readily in 6 of 36 comparisons, clearly in 2."
    );
    assert_eq!(
        findings(&results)[..6],
        [
            "monoio, epoll: p99 1.12x, clear: in all 5 rounds",
            "monoio, epoll: throughput 1.12x, clear: in all 5 rounds",
            "naive mio loop: instructions per unit 1.14x, one reading",
            "monoio, epoll: p99 at 64,000/s offered 1.17x, at 6 of 8 rates",
            "naive mio loop: p99 1.004x, within the spread: in 3 of 5 rounds",
            "naive mio loop: throughput 1.004x, within the spread: in 3 of 5 rounds",
        ]
    );
}

#[test]
fn files_hold_what_was_read() -> Result<(), Failure> {
    let (results, scratch) = (sample::results(), Scratch::new()?);
    let out = scratch.path("out");
    let names: Vec<String> = write(&results, &out)?
        .iter()
        .filter_map(|file| Some(file.file_name()?.to_str()?.to_owned()))
        .collect();
    let expected = [
        "report.html",
        "report.md",
        "results.json",
        "rounds.csv",
        "latencies.csv",
        "offered.csv",
        "memory.csv",
    ];
    assert_eq!(names, expected);

    let json = std::fs::read_to_string(out.join("results.json"))?;
    let again: Results = serde_json::from_str(&json).map_err(Failure::failed)?;
    assert_eq!(serde_json::to_string(&again).map_err(Failure::failed)?, json);

    let works =
        || results.works.iter().flat_map(|work| work.entries.iter().map(move |it| (work, it)));
    let head = |(work, entry): (&Work, &Entry)| format!("{},{}", work.name, entry.label);
    let rounds = works().flat_map(|it| it.1.rounds.iter().map(move |round| (it, round)));
    let rounds = rounds.map(|(it, round)| (head(it), round.per_second, round.latency.max));
    assert_eq!(read(&out.join("rounds.csv"), "per_second", "max_us")?, rounds.collect::<Vec<_>>());
    let rates = works().flat_map(|it| it.1.offered.iter().map(move |at| (it, at)));
    let rates = rates.map(|(it, at)| (head(it), at.rate, at.sent.max));
    assert_eq!(read(&out.join("offered.csv"), "rate", "sent_max_us")?, rates.collect::<Vec<_>>());
    let idle = works().flat_map(|it| it.1.idle.iter().map(move |idle| (it, idle)));
    let idle = idle.map(|(it, idle)| (head(it), idle.connections as f64, idle.bytes_each));
    assert_eq!(
        read(&out.join("memory.csv"), "connections", "bytes_each")?,
        idle.collect::<Vec<_>>()
    );
    let latencies = works().flat_map(|it| {
        let offered = it.1.offered.iter().flat_map(|at| &at.latencies);
        it.1.latencies.iter().chain(offered).map(move |latency| (it, latency))
    });
    let latencies = latencies.map(|(it, (nanos, count))| (head(it), *nanos as f64, *count as f64));
    let found = read(&out.join("latencies.csv"), "nanoseconds", "count")?;
    assert!(found == latencies.collect::<Vec<_>>(), "latencies.csv differs");
    Ok(())
}

/// Work and server of each row, and two of its figures.
fn read(file: &Path, first: &str, second: &str) -> Result<Vec<(String, f64, f64)>, Failure> {
    let mut reader = csv::Reader::from_path(file).map_err(Failure::failed)?;
    let headings = reader.headers().map_err(Failure::failed)?.clone();
    let place = |name: &str| headings.iter().position(|heading| heading == name);
    let (first, second) = place(first)
        .zip(place(second))
        .ok_or_else(|| Failure::failed(format!("{first} or {second} is not a heading")))?;
    let number = |text: &str| text.parse::<f64>().map_err(Failure::failed);
    reader
        .records()
        .map(|record| {
            let record = record.map_err(Failure::failed)?;
            let who = format!("{},{}", &record[0], &record[1]);
            Ok((who, number(&record[first])?, number(&record[second])?))
        })
        .collect()
}

#[test]
fn a_page_is_whole_and_its_texts_are_escaped() -> Result<(), Failure> {
    let page = html::page(&sample::results(), &["results.json".to_owned()])?;
    assert!(page.contains("ntex &lt;&amp;&quot;&gt;") && !page.contains("<b>for</b>"));
    assert!(page.contains("status 500 &lt;b&gt;for&lt;/b&gt; GET"));
    for banned in ["NaN", "inf%", "<script", "http://", "https://", "url("] {
        assert!(!page.contains(banned), "{banned}");
    }
    let drawings: Vec<&str> = page
        .match_indices("<svg class=\"plot\"")
        .filter_map(|(at, _)| Some(&page[at..at + page[at..].find("</svg>")? + 6]))
        .collect();
    assert_eq!(drawings.len(), 9);
    for drawing in drawings {
        assert_eq!(unbalanced(drawing), None);
        assert!(drawing.contains("<title>") && drawing.contains("<desc>"), "{drawing}");
    }
    let first = page.find("Where others are ahead</h2>");
    assert!(first.is_some() && first < page.find("Where Readily is ahead</h2>"));
    Ok(())
}

/// The first tag that is not closed where it should be.
fn unbalanced(xml: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    for tag in xml.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else { return Some(tag.to_owned()) };
        let name = tag.split(|char: char| char.is_whitespace()).next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(closed) if open.pop() != Some(closed) => return Some(tag.to_owned()),
            Some(_) => {}
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    open.pop().map(str::to_owned)
}

#[test]
fn nothing_at_all_is_written_too() -> Result<(), Failure> {
    let empty = Results { works: Vec::new(), ..only(Vec::new()) };
    let degenerate = Entry {
        rounds: vec![round(f64::NAN, f64::INFINITY, 0.0), round(0.0, 0.0, 0.0)],
        latencies: vec![(0, 3)],
        offered: vec![offered(0.0, 0.0, 0.0)],
        idle: vec![idle(0, -3.0)],
        ..subject()
    };
    let one = Entry { latencies: vec![(5_000, 1)], idle: vec![idle(10, 0.0)], ..subject() };
    for results in [
        empty,
        only(Vec::new()),
        only(vec![subject(), peer()]),
        only(vec![one]),
        only(vec![degenerate.clone()]),
        only(vec![degenerate, peer()]),
        only(vec![Entry { rounds: vec![round(1.0, 1.0, 1.0)], ..peer() }]),
    ] {
        let scratch = Scratch::new()?;
        write(&results, &scratch.path("out"))?;
        assert!(!html::page(&results, &[])?.contains("NaN"));
        assert!(!terminal(&results).contains("NaN"));
        assert!(markdown(&results).starts_with("## Where others are ahead\n\nNo"));
    }
    Ok(())
}

#[test]
fn tables_are_aligned_and_say_why_rows_are_empty() {
    let counted = |count| Counted { system_calls: Some(count), ..Counted::default() };
    let results = only(vec![
        Entry { counted: counted(2.0), held: Some(19_900), ..subject() },
        Entry { counted: counted(12.5), ..entry("a|b", Role::Peer) },
        Entry { outcome: Outcome::Failed("the gate: a | b".to_owned()), ..peer() },
    ]);
    let lines = [
        "Echo (echo)",
        "  server      system calls                  held",
        "            per round trip   connections at once",
        "  Readily             2.00                19,900",
        "  a|b                 12.5",
        "  tokio             failed",
        "  tokio: failed: the gate: a | b",
        "",
        "Nothing could be compared.",
        "",
    ];
    assert_eq!(terminal(&results), lines.join("\n"));
    let lines = [
        "## Where others are ahead",
        "",
        "Nothing could be compared.",
        "",
        "## TCP",
        "",
        "### Echo",
        "",
        "| server | system calls (per round trip) | held (connections at once) |",
        "|---|---|---|",
        "| Readily | 2.00 | 19,900 |",
        r"| a\|b | 12.5 |  |",
        "| tokio | failed |  |",
        "",
        r"tokio: failed: the gate: a \| b",
        "",
    ];
    assert_eq!(markdown(&results), lines.join("\n"));
}

fn idle(connections: u64, bytes_each: f64) -> Idle {
    Idle { connections, bytes_each, cpu_us: None }
}
