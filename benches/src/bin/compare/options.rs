//! What the command line asks for.

use std::path::PathBuf;
use std::str::FromStr;

use readily_benches::cli::{Arguments, BadArgument};

use crate::effort::Effort;
use crate::works::{WORKS, Work};

pub(crate) const USAGE: &str = "compare [--quick] [--only NAME,...] [--out DIR] [--json] \
                                [--rounds N] [--servers DIR] [--from FILE] [--list]";

/// Where the report goes unless told.
const OUT: &str = "target/compare";

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) works: Vec<&'static Work>,
    pub(crate) effort: Effort,
    pub(crate) out: PathBuf,
    pub(crate) json: bool,
    pub(crate) servers: Option<PathBuf>,
    pub(crate) source: Source,
    words: Vec<String>,
}

/// Where results come from.
#[derive(Debug)]
pub(crate) enum Source {
    Measure,
    /// The raw data of an earlier run.
    File(PathBuf),
}

pub(crate) fn parse(arguments: &mut Arguments) -> Result<Options, BadArgument> {
    if arguments.flag("--list") {
        for work in WORKS {
            println!("{:<16} {}", work.name, work.title);
        }
        std::process::exit(0);
    }
    let mut effort = if arguments.flag("--quick") { Effort::QUICK } else { Effort::FULL };
    if let Some(rounds) = arguments.option("--rounds")? {
        effort.rounds = rounds;
    }
    if effort.rounds == 0 {
        return Err(BadArgument("--rounds is at least 1".to_owned()));
    }
    let only: Option<Only> = arguments.option("--only")?;
    Ok(Options {
        works: only.map_or_else(|| WORKS.iter().collect(), |only| only.0),
        effort,
        out: arguments.option("--out")?.unwrap_or_else(|| OUT.into()),
        json: arguments.flag("--json"),
        servers: arguments.option("--servers")?,
        source: arguments.option("--from")?.map_or(Source::Measure, Source::File),
        words: std::env::args().skip(1).collect(),
    })
}

impl Options {
    /// The command that repeats this run.
    pub(crate) fn command(&self) -> String {
        let mut command = "cargo run --release -p readily-benches --bin compare".to_owned();
        if !self.words.is_empty() {
            command.push_str(" -- ");
            command.push_str(&self.words.join(" "));
        }
        command
    }
}

/// The works to do, in the order of the list; a name may be the beginning of several.
struct Only(Vec<&'static Work>);

impl FromStr for Only {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted: Vec<&str> = text.split(',').collect();
        let is_meant = |name: &str, work: &Work| {
            work.name == name
                || work.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
        };
        if let Some(stranger) =
            wanted.iter().find(|name| !WORKS.iter().any(|work| is_meant(name, work)))
        {
            let names: Vec<&str> = WORKS.iter().map(|work| work.name).collect();
            return Err(format!("there is no work {stranger:?}, there are {}", names.join(", ")));
        }
        let meant = |work: &&Work| wanted.iter().any(|name| is_meant(name, work));
        Ok(Self(WORKS.iter().filter(meant).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_beginnings_are_meant() {
        let names = |text: &str| {
            let Only(works) = text.parse()?;
            Ok::<_, String>(works.iter().map(|work| work.name).collect::<Vec<_>>().join(" "))
        };
        for (text, expected) in [
            ("echo-1k", "echo-1k"),
            ("ws", "ws-echo ws-broadcast"),
            ("udp-1k,echo-64", "echo-64 udp-1k"),
            ("https", "https https-connect"),
        ] {
            assert_eq!(names(text).as_deref(), Ok(expected), "{text}");
        }
        for text in ["", "ech", "echo-1k,", "echo-1k x"] {
            assert!(names(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_work_has_a_name_and_a_subject() {
        use readily_benches::results::Role;
        for (at, work) in WORKS.iter().enumerate() {
            assert!(!work.name.is_empty() && !work.group.is_empty(), "{}", work.title);
            assert!(!WORKS[..at].iter().any(|other| other.name == work.name), "{}", work.name);
            let has_subject = work.entries.iter().any(|entry| entry.role == Role::Subject);
            let is_excused = work.name == "null" || !work.absent.is_empty();
            assert!(has_subject || is_excused, "{}", work.name);
            let groups: Vec<&str> = WORKS.iter().map(|work| work.group).collect();
            let first = groups.iter().position(|group| *group == work.group).unwrap_or_default();
            let together = groups[first..=at].iter().all(|group| *group == work.group);
            assert!(together, "{} is apart from its group", work.name);
        }
    }
}
