//! What every program here says and takes: arguments, the `listening on` line, exit codes.

use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::str::FromStr;

use crate::failure::Failure;

/// What a server prints before its address, once, when it is ready.
pub const LISTENING_ON: &str = "listening on ";

/// Exit code for bad arguments.
const EXIT_USAGE: u8 = 2;

/// Runs a program: `parse` reads its arguments, `work` does the rest.
///
/// `usage` begins with the program's name. Bad arguments are one line on stderr and exit code 2,
/// a failure of `work` is one line and exit code 1.
pub fn run<T>(
    usage: &str,
    parse: impl FnOnce(&mut Arguments) -> Result<T, BadArgument>,
    work: impl FnOnce(T) -> Result<(), Failure>,
) -> ExitCode {
    let program = usage.split_whitespace().next().unwrap_or_default();
    run_with(program, usage, Arguments::new(std::env::args().skip(1)), parse, work)
}

/// Runs the one of `subcommands` that the first argument names.
///
/// No subcommand, and one that is not there, are one line on stderr and exit code 2; `--help` in
/// its place lists them all.
pub fn run_subcommand(program: &str, subcommands: &[Subcommand]) -> ExitCode {
    let mut arguments = Arguments::new(std::env::args().skip(1));
    let word = arguments.word();
    if word.as_deref() == Some("--help") {
        for subcommand in subcommands {
            println!("usage: {program} {}", subcommand.usage);
        }
        return ExitCode::SUCCESS;
    }
    let word = word.unwrap_or_default();
    match subcommands.iter().find(|subcommand| subcommand.name() == word) {
        Some(Subcommand { usage, prepare }) => {
            run_with(program, &format!("{program} {usage}"), arguments, prepare, |job| job())
        }
        None => {
            let names: Vec<&str> = subcommands.iter().map(Subcommand::name).collect();
            let names = names.join(", ");
            eprintln!("{program}: {word:?} is not one of its subcommands: {names}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

/// One of the things that a program can be told to do.
#[derive(Clone, Copy, Debug)]
pub struct Subcommand {
    /// Its name, and its arguments for a reader.
    pub usage: &'static str,
    /// Reads its arguments.
    pub prepare: fn(&mut Arguments) -> Result<Job, BadArgument>,
}

/// What is done once all arguments are known to be good.
pub type Job = Box<dyn FnOnce() -> Result<(), Failure>>;

impl Subcommand {
    fn name(&self) -> &'static str {
        self.usage.split_whitespace().next().unwrap_or_default()
    }
}

fn run_with<T>(
    program: &str,
    usage: &str,
    mut arguments: Arguments,
    parse: impl FnOnce(&mut Arguments) -> Result<T, BadArgument>,
    work: impl FnOnce(T) -> Result<(), Failure>,
) -> ExitCode {
    if arguments.flag("--help") {
        println!("usage: {usage}");
        return ExitCode::SUCCESS;
    }
    match parse(&mut arguments).and_then(|parsed| arguments.finish().map(|()| parsed)) {
        Err(bad) => {
            eprintln!("{program}: {bad} (usage: {usage})");
            ExitCode::from(EXIT_USAGE)
        }
        Ok(parsed) => match work(parsed) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("{program}: {failure}");
                ExitCode::FAILURE
            }
        },
    }
}

/// Prints the one line that says where a server listens.
pub fn announce(address: SocketAddr) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{LISTENING_ON}{address}")?;
    Ok(stdout.flush()?)
}

/// The arguments of a program that nobody has asked for yet.
#[derive(Debug)]
pub struct Arguments {
    left: Vec<String>,
}

impl Arguments {
    /// Arguments without the program's own name.
    pub fn new(arguments: impl IntoIterator<Item = String>) -> Self {
        Self { left: arguments.into_iter().collect() }
    }

    /// Takes the first one.
    pub fn word(&mut self) -> Option<String> {
        (!self.left.is_empty()).then(|| self.left.remove(0))
    }

    /// Takes `name`, and tells whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let found = self.left.iter().position(|argument| argument == name);
        if let Some(at) = found {
            self.left.remove(at);
        }
        found.is_some()
    }

    /// Takes `name VALUE`, if it is there.
    pub fn option<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, BadArgument>
    where
        T::Err: fmt::Display,
    {
        let Some(at) = self.left.iter().position(|argument| argument == name) else {
            return Ok(None);
        };
        if at + 1 == self.left.len() {
            return Err(BadArgument(format!("{name} needs a value")));
        }
        let value = self.left.remove(at + 1);
        self.left.remove(at);
        match value.parse() {
            Ok(parsed) => Ok(Some(parsed)),
            Err(error) => Err(BadArgument(format!("{name} {value}: {error}"))),
        }
    }

    /// Takes `name VALUE`, which must be there.
    pub fn required<T: FromStr>(&mut self, name: &str) -> Result<T, BadArgument>
    where
        T::Err: fmt::Display,
    {
        self.option(name)?.ok_or_else(|| BadArgument(format!("{name} is missing")))
    }

    /// Refuses whatever is left over.
    pub fn finish(&self) -> Result<(), BadArgument> {
        match self.left.first() {
            None => Ok(()),
            Some(argument) => Err(BadArgument(format!("{argument} is not known here"))),
        }
    }
}

/// What is wrong with the arguments, in one line.
#[derive(Debug, PartialEq, Eq)]
pub struct BadArgument(pub String);

impl fmt::Display for BadArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(u32, Option<u32>, bool), BadArgument> {
        let mut arguments = Arguments::new(line.split_whitespace().map(str::to_owned));
        let hold = arguments.flag("--hold");
        let size = arguments.required("--size")?;
        let idle = arguments.option("--idle")?;
        arguments.finish()?;
        Ok((size, idle, hold))
    }

    #[test]
    fn arguments_come_in_any_order() {
        for (line, expected) in [
            ("--size 1", (1, None, false)),
            ("--hold --size 1", (1, None, true)),
            ("--size 1 --idle 2 --hold", (1, Some(2), true)),
            ("--idle 2 --hold --size 1", (1, Some(2), true)),
        ] {
            assert_eq!(parse(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn bad_arguments_are_named() {
        for (line, expected) in [
            ("", "--size is missing"),
            ("--size", "--size needs a value"),
            ("--size x", "--size x: invalid digit found in string"),
            ("--size 1 --size 2", "--size is not known here"),
            ("--size 1 --idel 2", "--idel is not known here"),
            ("--size 1 2", "2 is not known here"),
        ] {
            assert_eq!(parse(line), Err(BadArgument(expected.to_owned())), "{line}");
        }
    }
}
