//! One figure as a table: for a person, and as JSON.

use std::fmt;

use crate::failure::Failure;
use crate::spread::Spread;

/// The row that targets are about.
pub const SUBJECT: &str = "Readily";

/// A figure: one row for each server.
#[derive(Debug)]
pub struct Table {
    /// The name that `--only` takes.
    pub figure: &'static str,
    /// What is counted, with its unit.
    pub title: String,
    /// How it was taken.
    pub commands: Vec<String>,
    /// What each row has a cell for.
    pub columns: Vec<Column>,
    /// The servers.
    pub rows: Vec<Row>,
    /// What does not fit in a cell.
    pub notes: Vec<String>,
}

/// One reading of every server.
#[derive(Debug)]
pub struct Column {
    /// What it was taken with.
    pub heading: String,
    /// Digits behind the point.
    pub decimals: usize,
    /// What is asked of the subject.
    pub target: Target,
}

/// What is asked of the subject's cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Nothing.
    Open,
    /// No more than this.
    AtMost(f64),
    /// No more than this, nor than that share of any of these rows.
    Within {
        /// The most.
        most: f64,
        /// The share.
        share: f64,
        /// The rows.
        of: &'static [&'static str],
    },
    /// No more than any of these rows.
    NeverBehind(&'static [&'static str]),
    /// No less than any of these rows.
    NeverBelow(&'static [&'static str]),
}

/// One server.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// One for each column.
    pub cells: Vec<Cell>,
}

/// One reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// A count, taken once.
    Number(f64),
    /// Several rounds.
    Spread(Spread),
    /// Something has to be built or installed first; a note says what.
    NotMeasured,
    /// It went wrong; a note says how.
    Failed,
}

/// How the subject stands against a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is no target.
    Open,
    /// Reached.
    Met,
    /// Not reached.
    Missed,
    /// A reading is missing.
    Unknown,
}

impl Table {
    /// Adds a row: the readings, or for each column the reason why there are none.
    pub fn add(&mut self, label: &str, readings: Result<Vec<Cell>, Failure>) {
        let cells = readings.unwrap_or_else(|failure| {
            let cell = match failure {
                Failure::Missing(_) => Cell::NotMeasured,
                Failure::Failed(_) => Cell::Failed,
            };
            self.notes.push(format!("{label}: {failure}"));
            vec![cell; self.columns.len()]
        });
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(Row { label: label.to_owned(), cells });
    }

    /// How the subject stands in one column.
    pub fn verdict(&self, column: usize) -> Verdict {
        let value = |label: &str| {
            let row = self.rows.iter().find(|row| row.label == label)?;
            row.cells[column].value()
        };
        // A peer that could not be read might have been the better one.
        let all = |peers: &[&str]| peers.iter().map(|peer| value(peer)).collect::<Option<Vec<_>>>();
        let subject = value(SUBJECT);
        let is_met = match self.columns[column].target {
            Target::Open => return Verdict::Open,
            Target::AtMost(limit) => subject.map(|subject| subject <= limit),
            Target::Within { most, share, of } => subject.zip(all(of)).map(|(subject, peers)| {
                subject <= most && peers.iter().all(|peer| subject <= peer * share)
            }),
            Target::NeverBehind(peers) => subject
                .zip(all(peers))
                .map(|(subject, peers)| peers.iter().all(|peer| subject <= *peer)),
            Target::NeverBelow(peers) => subject
                .zip(all(peers))
                .map(|(subject, peers)| peers.iter().all(|peer| subject >= *peer)),
        };
        match is_met {
            Some(true) => Verdict::Met,
            Some(false) => Verdict::Missed,
            None => Verdict::Unknown,
        }
    }

    /// Whether any reading went wrong.
    pub fn has_failed(&self) -> bool {
        self.rows.iter().any(|row| row.cells.contains(&Cell::Failed))
    }

    /// The table as one JSON object.
    pub fn to_json(&self) -> String {
        let columns = self.columns.iter().enumerate().map(|(index, column)| {
            format!(
                "{{\"heading\":{},\"target\":{},\"verdict\":{}}}",
                quote(&column.heading),
                quote(&column.target.to_string()),
                quote(self.verdict(index).word())
            )
        });
        let rows = self.rows.iter().map(|row| {
            let cells = row.cells.iter().map(|cell| cell.to_json());
            format!("{{\"server\":{},\"cells\":{}}}", quote(&row.label), list(cells))
        });
        format!(
            "{{\"figure\":{},\"title\":{},\"commands\":{},\"columns\":{},\"rows\":{},\
             \"notes\":{}}}",
            quote(self.figure),
            quote(&self.title),
            list(self.commands.iter().map(|command| quote(command))),
            list(columns),
            list(rows),
            list(self.notes.iter().map(|note| quote(note)))
        )
    }

    /// Every line of the grid as text: headings, rows, targets, verdicts.
    fn grid(&self) -> Vec<Vec<String>> {
        let headed = |head: &str, cells: Vec<String>| {
            std::iter::once(head.to_owned()).chain(cells).collect::<Vec<_>>()
        };
        let columns = || self.columns.iter();
        let mut grid = vec![headed("", columns().map(|column| column.heading.clone()).collect())];
        for row in &self.rows {
            let cells = row.cells.iter().zip(columns());
            let texts = cells.map(|(cell, column)| cell.text(column.decimals)).collect();
            grid.push(headed(&row.label, texts));
        }
        grid.push(headed("target", columns().map(|column| column.target.to_string()).collect()));
        let verdicts = (0..self.columns.len()).map(|column| self.verdict(column).word().to_owned());
        grid.push(headed("verdict", verdicts.collect()));
        grid
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.figure, self.title)?;
        for command in &self.commands {
            writeln!(f, "  $ {command}")?;
        }
        let grid = self.grid();
        let widths: Vec<usize> = (0..=self.columns.len())
            .map(|at| grid.iter().map(|line| line[at].len()).max().unwrap_or_default())
            .collect();
        for line in &grid {
            write!(f, "  {:<width$}", line[0], width = widths[0])?;
            for (text, width) in line.iter().zip(&widths).skip(1) {
                write!(f, "   {text:>width$}")?;
            }
            writeln!(f)?;
        }
        for note in &self.notes {
            writeln!(f, "  {note}")?;
        }
        Ok(())
    }
}

impl Cell {
    fn value(self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(value),
            Self::Spread(spread) => Some(spread.median),
            Self::NotMeasured | Self::Failed => None,
        }
    }

    fn text(self, decimals: usize) -> String {
        match self {
            Self::Number(value) => {
                let text = format!("{value:.decimals$}");
                match text.strip_prefix('-') {
                    // A little less than nothing reads as nothing.
                    Some(zero) if zero.bytes().all(|byte| b"0.".contains(&byte)) => zero.to_owned(),
                    _ => text,
                }
            }
            Self::Spread(spread) => format!("{spread:.decimals$}"),
            Self::NotMeasured => "not measured".to_owned(),
            Self::Failed => "failed".to_owned(),
        }
    }

    fn to_json(self) -> String {
        match self {
            Self::Number(value) => format!("{value}"),
            Self::Spread(Spread { median, min, max }) => {
                format!("{{\"median\":{median},\"min\":{min},\"max\":{max}}}")
            }
            Self::NotMeasured => quote("not measured"),
            Self::Failed => quote("failed"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("-"),
            Self::AtMost(limit) => write!(f, "at most {limit}"),
            Self::Within { most, share, of } => {
                write!(f, "at most {most} and {share} of {}", of.join(", "))
            }
            Self::NeverBehind(peers) => write!(f, "never behind {}", peers.join(", ")),
            Self::NeverBelow(peers) => write!(f, "never below {}", peers.join(", ")),
        }
    }
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "-",
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Unknown => "not measured",
        }
    }
}

/// A JSON array of values that are JSON already.
pub fn list(values: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", values.into_iter().collect::<Vec<_>>().join(","))
}

/// A JSON string.
pub fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control < ' ' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
