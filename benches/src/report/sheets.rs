//! The readings as CSV, one reading in a row, for a spreadsheet.

use std::path::{Path, PathBuf};

use csv::Writer;

use crate::failure::Failure;
use crate::results::{Entry, Percentiles, Results, Role, Work};

/// One file: its name, its headings, and its rows of one entry.
pub(crate) struct Sheet {
    pub(crate) name: &'static str,
    headings: &'static [&'static str],
    rows: fn(&Entry) -> Vec<Vec<String>>,
}

/// What each row begins with.
const WHO: [&str; 3] = ["work", "server", "role"];

/// All of them.
pub(crate) const SHEETS: [Sheet; 4] = [
    Sheet {
        name: "rounds.csv",
        headings: &[
            "round",
            "per_second",
            "cpu_us",
            "server_busy",
            "generator_busy",
            "switches",
            "p50_us",
            "p90_us",
            "p99_us",
            "p999_us",
            "p9999_us",
            "max_us",
        ],
        rows: rounds,
    },
    // Without a rate: the closed loop.
    Sheet { name: "latencies.csv", headings: &["rate", "nanoseconds", "count"], rows: latencies },
    Sheet {
        name: "offered.csv",
        headings: &[
            "rate",
            "achieved",
            "intended_p50_us",
            "intended_p90_us",
            "intended_p99_us",
            "intended_p999_us",
            "intended_p9999_us",
            "intended_max_us",
            "sent_p50_us",
            "sent_p90_us",
            "sent_p99_us",
            "sent_p999_us",
            "sent_p9999_us",
            "sent_max_us",
        ],
        rows: offered,
    },
    Sheet {
        name: "memory.csv",
        headings: &["connections", "bytes_each", "cpu_us_beside"],
        rows: memory,
    },
];

/// Writes all sheets to the folder `out`; the files.
pub(crate) fn write(results: &Results, out: &Path) -> Result<Vec<PathBuf>, Failure> {
    SHEETS
        .iter()
        .map(|sheet| {
            let file = out.join(sheet.name);
            sheet
                .fill(results, &file)
                .map_err(|error| Failure::failed(format!("{}: {error}", file.display())))?;
            Ok(file)
        })
        .collect()
}

impl Sheet {
    fn fill(&self, results: &Results, file: &Path) -> Result<(), csv::Error> {
        let mut writer = Writer::from_path(file)?;
        writer.write_record(WHO.iter().chain(self.headings))?;
        for work in &results.works {
            for entry in &work.entries {
                for row in (self.rows)(entry) {
                    writer.write_record(who(work, entry).into_iter().chain(row))?;
                }
            }
        }
        Ok(writer.flush()?)
    }
}

fn who(work: &Work, entry: &Entry) -> [String; 3] {
    let role = match entry.role {
        Role::Limit => "limit",
        Role::Subject => "subject",
        Role::Peer => "peer",
    };
    [work.name.clone(), entry.label.clone(), role.to_owned()]
}

fn rounds(entry: &Entry) -> Vec<Vec<String>> {
    let rounds = (1..).zip(&entry.rounds).map(|(number, round): (u32, _)| {
        let figures = [
            round.per_second,
            round.cpu_us,
            round.server_busy,
            round.generator_busy,
            round.switches,
        ];
        let figures = figures.into_iter().chain(in_order(&round.latency)).map(text);
        std::iter::once(number.to_string()).chain(figures).collect()
    });
    rounds.collect()
}

fn latencies(entry: &Entry) -> Vec<Vec<String>> {
    let closed = entry.latencies.iter().map(|latency| (String::new(), latency));
    let offered = entry
        .offered
        .iter()
        .flat_map(|offered| offered.latencies.iter().map(|latency| (text(offered.rate), latency)));
    let all = closed.chain(offered);
    all.map(|(rate, (nanos, count))| vec![rate, nanos.to_string(), count.to_string()]).collect()
}

fn offered(entry: &Entry) -> Vec<Vec<String>> {
    let rows = entry.offered.iter().map(|offered| {
        let latencies = in_order(&offered.intended).into_iter().chain(in_order(&offered.sent));
        [offered.rate, offered.achieved].into_iter().chain(latencies).map(text).collect()
    });
    rows.collect()
}

fn memory(entry: &Entry) -> Vec<Vec<String>> {
    let rows = entry.idle.iter().map(|idle| {
        let beside = idle.cpu_us.map(text).unwrap_or_default();
        vec![idle.connections.to_string(), text(idle.bytes_each), beside]
    });
    rows.collect()
}

fn in_order(of: &Percentiles) -> [f64; 6] {
    [of.p50, of.p90, of.p99, of.p999, of.p9999, of.max]
}

/// With all its digits, so that it is read back as it was.
fn text(value: f64) -> String {
    value.to_string()
}
