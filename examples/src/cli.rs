//! Arguments: options with values, and switches.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use crate::Failure;

/// An option's name, its value (empty for a switch), and what it does. One whose value ends with
/// `...` may be given more than once.
pub type Choice = (&'static str, &'static str, &'static str);

/// Ends the name of what may be given more than once.
const REPEATED: &str = "...";

/// The arguments of one example.
#[derive(Debug)]
pub struct Cli {
    given: Vec<(&'static str, String)>,
}

/// A mistake of the user's, told in one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Usage(pub String);

/// A length of time: a whole number and its unit, as in `250ms`, `10s`, `5m` or `1h`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Within(pub Duration);

impl Cli {
    /// Reads the arguments of this process; `--help` is known besides `choices`.
    ///
    /// # Errors
    /// [`Failure::Help`] where it is asked for; [`Failure::Usage`] for an option that is not known,
    /// lacks its value or is given twice.
    pub fn read(about: &str, choices: &[Choice]) -> Result<Self, Failure> {
        Cli::of(std::env::args_os().skip(1), about, None, choices)
    }

    /// The same with an argument that is no option: its name, and what it is. Where the name ends
    /// with `...` there may be several; [`values`](Cli::values) has them by the name without that.
    ///
    /// # Errors
    /// As [`read`](Cli::read), and where it is missing or there are too many.
    pub fn with_operand(
        about: &str,
        operand: (&'static str, &'static str),
        choices: &[Choice],
    ) -> Result<Self, Failure> {
        Cli::of(std::env::args_os().skip(1), about, Some(operand), choices)
    }

    pub(crate) fn of(
        arguments: impl Iterator<Item = OsString>,
        about: &str,
        operand: Option<(&'static str, &'static str)>,
        choices: &[Choice],
    ) -> Result<Self, Failure> {
        let text = |argument: OsString| {
            let told = |bad: OsString| Usage(format!("`{}` is not UTF-8", bad.display()));
            argument.into_string().map_err(told)
        };
        let mut arguments = arguments.map(text);
        let mut cli = Cli { given: Vec::new() };
        while let Some(argument) = arguments.next() {
            let argument = argument?;
            if argument == "--help" || argument == "-h" {
                return Err(Failure::Help(help(about, operand, choices)));
            }
            if let Some((shown, _)) = operand
                && !argument.starts_with('-')
            {
                let name = shown.trim_end_matches(REPEATED);
                if cli.is_set(name) && name == shown {
                    return fails(format!("`{argument}`: there is a {name} already"));
                }
                cli.given.push((name, argument));
                continue;
            }
            let (option, inline) = match argument.split_once('=') {
                Some((option, value)) => (option, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            let Some((option, value, _)) = choices.iter().find(|(known, ..)| *known == option)
            else {
                return fails(format!("unknown argument `{option}`; --help lists them"));
            };
            if cli.is_set(option) && !value.ends_with(REPEATED) {
                return fails(format!("{option} is given twice"));
            }
            let given = match (value.is_empty(), inline) {
                (true, None) => String::new(),
                (true, Some(_)) => return fails(format!("{option} takes no value")),
                (false, Some(inline)) => inline,
                (false, None) => match arguments.next() {
                    Some(next) => next?,
                    None => {
                        return fails(format!(
                            "{option} needs {}",
                            value.trim_end_matches(REPEATED)
                        ));
                    }
                },
            };
            cli.given.push((option, given));
        }
        match operand.map(|(shown, what)| (shown.trim_end_matches(REPEATED), what)) {
            Some((name, what)) if !cli.is_set(name) => fails(format!("{name} is needed: {what}")),
            _ => Ok(cli),
        }
    }

    /// Whether an option is given.
    pub fn is_set(&self, option: &str) -> bool {
        self.value(option).is_some()
    }

    /// The value of an option as it is given.
    pub fn value(&self, option: &str) -> Option<&str> {
        self.values(option).next()
    }

    /// The values of an option that may be given more than once, in their order.
    pub fn values(&self, option: &str) -> impl Iterator<Item = &str> {
        let given = self.given.iter().filter(move |(name, _)| *name == option);
        given.map(|(_, value)| value.as_str())
    }

    /// The value of an option, read as what is asked for.
    ///
    /// # Errors
    /// For a value that is none.
    pub fn parse<T: FromStr<Err: Display>>(&self, option: &str, default: &str) -> Result<T, Usage> {
        read(option, self.value(option).unwrap_or(default))
    }

    /// The values of an option that must be given, separated by commas.
    ///
    /// # Errors
    /// For a value that is none, or when there is no list.
    pub fn list<T: FromStr<Err: Display>>(&self, option: &str) -> Result<Vec<T>, Usage> {
        let text = self.value(option).ok_or_else(|| Usage(format!("{option} is needed")))?;
        text.split(',').map(|item| read(option, item)).collect()
    }
}

impl FromStr for Within {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let millis = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            _ => 0,
        };
        let length = number.parse().ok().and_then(|number: u64| number.checked_mul(millis));
        match length {
            None | Some(0) => Err("expected a number above zero and its unit, as in 250ms or 3s"),
            Some(length) => Ok(Within(Duration::from_millis(length))),
        }
    }
}

/// The name that this process was started by.
pub(crate) fn program() -> String {
    let first = std::env::args_os().next().unwrap_or_default();
    Path::new(&first).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn fails<T>(line: String) -> Result<T, Failure> {
    Err(Usage(line).into())
}

fn read<T: FromStr<Err: Display>>(option: &str, text: &str) -> Result<T, Usage> {
    text.parse().map_err(|error| Usage(format!("{option} `{text}`: {error}")))
}

fn help(about: &str, operand: Option<(&str, &str)>, choices: &[Choice]) -> String {
    let (space, shown) = operand.map_or(("", ""), |(shown, _)| (" ", shown));
    let mut text = format!("{about}\n\nUsage: {} [OPTIONS]{space}{shown}\n\n", program());
    let operand = operand.map(|(shown, what)| (shown.trim_end_matches(REPEATED), "", what));
    for (option, value, what) in operand.iter().chain(choices) {
        text += &format!("  {:26} {what}\n", format!("{option} {value}"));
    }
    text + &format!("  {:26} print this", "--help")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHOICES: &[Choice] = &[
        ("--to", "A,B", "a list"),
        ("--trace", "", "a switch"),
        ("--site", "NAME=DIR...", "several"),
    ];

    fn read(arguments: &str) -> Result<Cli, String> {
        read_with(None, arguments)
    }

    fn read_with(
        operand: Option<(&'static str, &'static str)>,
        arguments: &str,
    ) -> Result<Cli, String> {
        let arguments = arguments.split_whitespace().map(OsString::from);
        Cli::of(arguments, "About.", operand, CHOICES).map_err(told)
    }

    fn told(failure: Failure) -> String {
        match failure {
            Failure::Help(text) => text,
            Failure::Usage(Usage(line)) => line,
            Failure::Run(error) => error.to_string(),
        }
    }

    #[test]
    fn values_follow_or_are_inline() {
        for arguments in ["--to 1,2 --trace", "--trace --to=1,2"] {
            let cli = read(arguments).expect(arguments);
            assert!(cli.is_set("--trace"));
            assert_eq!(cli.list::<u8>("--to"), Ok(vec![1, 2]));
        }
        let cli = read("--to 1,x").expect("the list is read later");
        let error = "--to `x`: invalid digit found in string".to_owned();
        assert_eq!(cli.list::<u8>("--to"), Err(Usage(error)));
    }

    #[test]
    fn some_are_given_more_than_once() {
        let cli = read("--site a=b --to 1 --site=c=d --site a=b").expect("three sites");
        assert_eq!(cli.values("--site").collect::<Vec<_>>(), ["a=b", "c=d", "a=b"]);
        assert_eq!((cli.value("--site"), cli.values("--trace").count()), (Some("a=b"), 0));
    }

    #[test]
    fn mistakes() {
        for (arguments, line) in [
            ("--no", "unknown argument `--no`; --help lists them"),
            ("7000", "unknown argument `7000`; --help lists them"),
            ("--to", "--to needs A,B"),
            ("--to 1 --to 2", "--to is given twice"),
            ("--site a=b --site", "--site needs NAME=DIR"),
            ("--trace=1", "--trace takes no value"),
        ] {
            assert_eq!(read(arguments).map(|_| ()), Err(line.to_owned()));
        }
    }

    #[test]
    fn what_is_no_option_is_one_or_several() {
        let one = |arguments| read_with(Some(("URL", "a page")), arguments);
        let several = |arguments| read_with(Some(("URL...", "pages")), arguments);
        let cli = several("a --to 1 b=c --trace d").expect("three");
        assert_eq!(cli.values("URL").collect::<Vec<_>>(), ["a", "b=c", "d"]);
        assert_eq!(one("--to 1 a").expect("one").value("URL"), Some("a"));
        for (mistaken, line) in [
            (one(""), "URL is needed: a page"),
            (several("--trace"), "URL is needed: pages"),
            (one("a b"), "`b`: there is a URL already"),
            (one("-a"), "unknown argument `-a`; --help lists them"),
        ] {
            assert_eq!(mistaken.map(|_| ()), Err(line.to_owned()));
        }
        for (text, usage) in [(one("-h"), "[OPTIONS] URL\n"), (several("-h"), "[OPTIONS] URL...\n")]
        {
            let text = text.expect_err("help ends the reading");
            assert!(text.contains(usage) && text.contains("\n  URL  "), "{text}");
        }
    }

    #[test]
    fn help_lists_every_choice() {
        let text = read("--to 1 --help").expect_err("help ends the reading");
        for part in
            ["About.", "--to A,B ", "a list", "--trace ", "a switch", "--help ", "[OPTIONS]\n"]
        {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn lengths_of_time() {
        for (text, millis) in
            [("250ms", 250), ("3s", 3000), ("2m", 120_000), ("1h", 3_600_000), ("007s", 7000)]
        {
            assert_eq!(text.parse(), Ok(Within(Duration::from_millis(millis))), "{text}");
        }
        for text in ["", "3", "s", "0s", "-3s", "3 s", "3S", "1.5s", "99999999999999999999s"] {
            assert!(text.parse::<Within>().is_err(), "{text}");
        }
    }
}
