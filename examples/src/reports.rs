//! What a web server says of itself: a line for each request, and counts for Prometheus.

use std::io;

use readily::http1::access::{Format, Formatter, Record};
use readily::logbook::{self, Logbook, Options};
use readily::metrics::{Exchanges, Metrics};
use readily::{App, Effects};

use crate::{Cli, Usage};

/// The options of an access log.
pub const LOG_CHOICES: [(&str, &str, &str); 2] = [
    ("--log", "FILE", "where each request has its line; `-` is standard output"),
    ("--json-log", "", "those lines as JSON"),
];

/// The log and the counts of one loop.
#[derive(Debug)]
pub struct Reports {
    metrics: Metrics,
    exchanges: Exchanges,
    log: Option<(Logbook, Formatter)>,
}

impl Reports {
    /// Those of the loop `index`, which shares `metrics` and `log` with others.
    pub fn new(metrics: &Metrics, log: Option<&(Logbook, Format)>, index: usize) -> Self {
        let log = log.map(|(log, format)| (log.clone(), Formatter::new(*format)));
        Reports { metrics: metrics.clone(), exchanges: metrics.exchanges(index), log }
    }

    /// Adds one exchange.
    pub fn add<A: App>(&mut self, record: &Record<'_>, fx: &mut Effects<A>) {
        self.exchanges.add_record(record);
        if let Some((log, formatter)) = &mut self.log
            && log.write(|line| formatter.write(record, line)).is_err()
        {
            fx.count(logbook::DROPPED);
        }
    }

    /// The counts of all loops.
    pub fn page(&self) -> String {
        self.metrics.text()
    }

    /// The log was moved away: another one begins.
    pub fn reopen(&self) {
        if let Some((log, _)) = &self.log {
            log.reopen();
        }
    }
}

/// Nothing is logged.
impl Default for Reports {
    fn default() -> Self {
        Reports::new(&Metrics::new(), None, 0)
    }
}

/// The log that the arguments ask for, if any: its figures are among `metrics`.
///
/// # Errors
/// A file that cannot be opened, or a format without a log.
pub fn open_log(cli: &Cli, metrics: &Metrics) -> Result<Option<(Logbook, Format)>, Usage> {
    let Some(path) = cli.value("--log") else {
        return match cli.is_set("--json-log") {
            true => Err(Usage("--json-log needs --log".to_owned())),
            false => Ok(None),
        };
    };
    let opened: io::Result<Logbook> = match path {
        "-" => Logbook::stdout(Options::default()),
        path => Logbook::file(path, Options::default()),
    };
    let log = opened.map_err(|error| Usage(format!("--log `{path}`: {error}")))?;
    metrics.show_log("access", &log);
    let format = if cli.is_set("--json-log") { Format::Json } else { Format::Combined };
    Ok(Some((log, format)))
}
