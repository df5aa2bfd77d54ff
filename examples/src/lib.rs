//! What the examples share: their command line.

use std::fmt::Display;
use std::process::ExitCode;

/// Exit code for bad arguments.
const USAGE: u8 = 2;

/// The arguments of one example: options with values, and switches.
#[derive(Debug)]
pub struct Cli {
    name: &'static str,
    about: &'static str,
    options: &'static [(&'static str, &'static str, &'static str)],
    given: Vec<(String, String)>,
}

/// A mistake of the user's, told in one line.
#[derive(Debug)]
pub struct Usage(pub String);

impl Cli {
    /// Reads the arguments of this process. Each option is its name, its value (empty for a switch) and
    /// what it does. `--help` prints them and ends the process.
    ///
    /// # Errors
    /// For an option that is not known, lacks its value or is given twice.
    pub fn read(
        name: &'static str,
        about: &'static str,
        options: &'static [(&'static str, &'static str, &'static str)],
    ) -> Result<Self, Usage> {
        let mut cli = Cli { name, about, options, given: Vec::new() };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            if argument == "--help" || argument == "-h" {
                print!("{}", cli.help());
                std::process::exit(0);
            }
            let (option, inline) = match argument.split_once('=') {
                Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            let Some((_, value, _)) = options.iter().find(|(known, ..)| *known == option) else {
                return Err(Usage(format!("unknown argument `{option}`; --help lists them")));
            };
            if cli.value(&option).is_some() {
                return Err(Usage(format!("{option} is given twice")));
            }
            let given = match (value.is_empty(), inline) {
                (true, None) => String::new(),
                (true, Some(_)) => return Err(Usage(format!("{option} takes no value"))),
                (false, Some(inline)) => inline,
                (false, None) => {
                    arguments.next().ok_or_else(|| Usage(format!("{option} needs {value}")))?
                }
            };
            cli.given.push((option, given));
        }
        Ok(cli)
    }

    /// Whether a switch is given.
    pub fn is_set(&self, switch: &str) -> bool {
        self.value(switch).is_some()
    }

    /// The value of an option, read as what is asked for.
    ///
    /// # Errors
    /// For a value that is none.
    pub fn parse<T: std::str::FromStr<Err: Display>>(
        &self,
        option: &str,
        default: &str,
    ) -> Result<T, Usage> {
        let text = self.value(option).unwrap_or(default);
        text.parse().map_err(|error| Usage(format!("{option} `{text}`: {error}")))
    }

    /// The values of a list, separated by commas.
    ///
    /// # Errors
    /// For a value that is none, or when there is no list.
    pub fn list<T: std::str::FromStr<Err: Display>>(&self, option: &str) -> Result<Vec<T>, Usage> {
        let text = self.value(option).ok_or_else(|| Usage(format!("{option} is needed")))?;
        let parse =
            |item: &str| item.parse().map_err(|error| Usage(format!("{option} `{item}`: {error}")));
        text.split(',').map(parse).collect()
    }

    fn value(&self, option: &str) -> Option<&str> {
        let mut given = self.given.iter();
        given.find(|(name, _)| name == option).map(|(_, value)| value.as_str())
    }

    fn help(&self) -> String {
        let mut text = format!("{}\n\nUsage: {} [OPTIONS]\n\n", self.about, self.name);
        for (option, value, what) in self.options {
            text += &format!("  {:26} {what}\n", format!("{option} {value}"));
        }
        text + &format!("  {:26} print this\n", "--help")
    }
}

/// Runs an example: a mistake in its arguments is one line and exit code 2, a failure one line and 1.
pub fn run(main: impl FnOnce() -> Result<(), Failure>) -> ExitCode {
    match main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(Usage(line))) => {
            eprintln!("{line}");
            ExitCode::from(USAGE)
        }
        Err(Failure::Run(line)) => {
            eprintln!("{line}");
            ExitCode::FAILURE
        }
    }
}

/// Why an example ended.
#[derive(Debug)]
pub enum Failure {
    /// Its arguments cannot be used.
    Usage(Usage),
    /// Something failed while it ran.
    Run(String),
}

impl From<Usage> for Failure {
    fn from(usage: Usage) -> Self {
        Failure::Usage(usage)
    }
}

impl From<std::io::Error> for Failure {
    /// An address that cannot be had is a mistake in the arguments.
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
        match error.kind() {
            AddrInUse | AddrNotAvailable | PermissionDenied => Usage(error.to_string()).into(),
            _ => Failure::Run(error.to_string()),
        }
    }
}

/// Names the address in an error of listening on it.
///
/// # Errors
/// As it was.
pub fn listening<T>(at: impl Display, result: std::io::Result<T>) -> std::io::Result<T> {
    result.map_err(|error| {
        std::io::Error::new(error.kind(), format!("cannot listen on {at}: {error}"))
    })
}
