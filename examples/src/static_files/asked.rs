//! What the arguments ask for.

use readily::Address;
use readily::files::{Disk, Options};
use readily::http1::access::Format;
use readily::http1::coding::Coding;
use readily::logbook::Logbook;
use readily::metrics::Metrics;

use crate::reports::open_log;
use crate::{Cli, Usage};

/// The options, besides those of a log.
pub const CHOICES: [(&str, &str, &str); 8] = [
    ("--root", "DIR", "the folder [.]"),
    ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7009]"),
    ("--inline", "", "the loop reads from the disk itself"),
    ("--offload", "", "the pool of threads reads, even what is in memory"),
    ("--precompressed", "", "send FILE.zst, FILE.br or FILE.gz to whoever takes it"),
    ("--metrics", "PATH", "show counts there, for Prometheus"),
    ("--loops", "N", "how many loops share the port, each on its own thread [1]"),
    ("--trace", "", "print a line for each event"),
];

/// What is served, and where: the same for all loops.
#[derive(Debug)]
pub struct Asked {
    /// How files are looked for.
    pub options: Options,
    /// The folder, which was there.
    pub root: String,
    /// Where to listen.
    pub at: Address,
    /// The counts of all loops.
    pub metrics: Metrics,
    /// Where they are shown.
    pub metrics_at: Option<String>,
    /// The log of all loops.
    pub log: Option<(Logbook, Format)>,
    /// Whether each event is printed.
    pub trace: bool,
}

impl Asked {
    /// Reads it from the arguments.
    ///
    /// # Errors
    /// For a folder or a log that cannot be opened, and for what is no value.
    pub fn read(cli: &Cli) -> Result<Self, Usage> {
        let disk = match (cli.is_set("--inline"), cli.is_set("--offload")) {
            (true, true) => return Err(Usage("--inline and --offload exclude each other".into())),
            (true, false) => Disk::Inline,
            (false, true) => Disk::Offload,
            (false, false) => Disk::Probe,
        };
        let mut options = Options::new().disk(disk);
        if cli.is_set("--precompressed") {
            options = options.precompressed(&[Coding::Zstd, Coding::Brotli, Coding::Gzip]);
        }
        let root = cli.value("--root").unwrap_or(".").to_owned();
        let opened = options.clone().open(&root);
        opened.map_err(|error| Usage(format!("--root `{root}`: {error}")))?;
        let metrics_at = cli.value("--metrics").map(str::to_owned);
        if let Some(path) = metrics_at.as_deref().filter(|path| !path.starts_with('/')) {
            return Err(Usage(format!("--metrics `{path}`: a path begins with a slash")));
        }
        let at = cli.parse("--listen", "127.0.0.1:7009")?;
        let metrics = Metrics::new();
        let log = open_log(cli, &metrics)?;
        let trace = cli.is_set("--trace");
        Ok(Asked { options, root, at, metrics, metrics_at, log, trace })
    }
}
