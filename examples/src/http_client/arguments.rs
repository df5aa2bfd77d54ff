//! The command line: URLs and options.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;

use readily::http1::Field;

use super::Url;
use super::trust::AUTHORITIES;
use crate::quic_client::Size;
use crate::{Choice, Cli, Failure, Usage};

/// What is asked for.
#[derive(Debug, Default)]
pub struct Arguments {
    /// What to fetch, in this order.
    pub urls: Vec<Url>,
    /// Where bodies go; standard output if it is not named.
    pub output: Option<PathBuf>,
    /// Whether heads are asked for alone.
    pub heads_only: bool,
    /// Further header fields, each a sound one.
    pub headers: Vec<(String, String)>,
    /// What is sent as the body of a POST.
    pub data: Option<PathBuf>,
    /// Authorities to trust beside the system's.
    pub ca: Option<PathBuf>,
    /// How large a body may be, in bytes.
    pub limit: Option<u64>,
    /// Whether each event is printed.
    pub trace: bool,
}

/// A further header field, for [`Cli::with_operand`].
pub const HEADER: Choice =
    ("--header", "NAME:VALUE...", "a further header field; may be given again");

impl Arguments {
    /// Reads the arguments of this process: URLs may be anywhere among the options.
    ///
    /// # Errors
    /// [`Failure::Help`] where it is asked for; [`Failure::Usage`] for a mistake.
    pub fn read() -> Result<Self, Failure> {
        Arguments::of(std::env::args_os().skip(1))
    }

    fn of(arguments: impl Iterator<Item = OsString>) -> Result<Self, Failure> {
        let cli = Cli::of(
            arguments,
            "Fetches over HTTP/1.1, one URL after the other, and keeps connections for the next.",
            Some(("URL...", "http://HOST[:PORT][/PATH][?QUERY], or https")),
            &[
                ("--output", "FILE", "where bodies go; - is standard output [-]"),
                ("--head", "", "ask for heads alone, and print them"),
                HEADER,
                ("--data", "FILE", "POST that file"),
                AUTHORITIES,
                ("--limit", "SIZE", "refuse a larger body, as in 500, 64KiB or 1GB"),
                ("--trace", "", "print a line for each event, to standard error"),
            ],
        )?;
        let (heads_only, data) = (cli.is_set("--head"), cli.value("--data"));
        if heads_only && data.is_some() {
            return Err(Usage("--head and --data exclude each other".to_owned()).into());
        }
        let limit = cli.is_set("--limit").then(|| cli.parse("--limit", "")).transpose()?;
        Ok(Arguments {
            urls: cli.values("URL").map(url).collect::<Result<_, _>>()?,
            output: cli.value("--output").filter(|path| *path != "-").map(PathBuf::from),
            heads_only,
            headers: cli.values(HEADER.0).map(field).collect::<Result<_, _>>()?,
            data: data.map(PathBuf::from),
            ca: cli.value(AUTHORITIES.0).map(PathBuf::from),
            limit: limit.map(|Size(limit)| limit),
            trace: cli.is_set("--trace"),
        })
    }
}

/// Cuts a value of [`HEADER`], and has `take` look at the name and the value.
///
/// # Errors
/// Where it cannot be cut, and for what `take` says is wrong.
pub(crate) fn header<T, E: Display>(
    text: &str,
    take: impl FnOnce(&str, &str) -> Result<T, E>,
) -> Result<T, Usage> {
    let told = |why: &dyn Display| Usage(format!("{} `{text}`: {why}", HEADER.0));
    let (name, value) = text.split_once(':').ok_or_else(|| told(&"expected NAME:VALUE"))?;
    take(name, value.trim_matches([' ', '\t'])).map_err(|bad| told(&bad))
}

fn field(text: &str) -> Result<(String, String), Usage> {
    header(text, |name, value| {
        Field::new(name, value.as_bytes()).map(|_| (name.to_owned(), value.to_owned()))
    })
}

fn url(text: &str) -> Result<Url, Usage> {
    text.parse().map_err(|why| Usage(format!("`{text}`: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Arguments, String> {
        let arguments = arguments.iter().map(OsString::from);
        Arguments::of(arguments).map_err(|failure| match failure {
            Failure::Help(text) => text,
            Failure::Usage(Usage(line)) => line,
            Failure::Run(error) => error.to_string(),
        })
    }

    #[test]
    fn options_and_urls_come_in_any_order() {
        let all = [
            "http://a/?x=1",
            "--header",
            "A: b",
            "--output=o",
            "--header=c:d",
            "--limit",
            "1KiB",
            "http://b/",
            "--head",
        ];
        let read = read(&all).expect("sound arguments");
        assert_eq!(read.urls.iter().map(|url| &url.host[..]).collect::<Vec<_>>(), ["a", "b"]);
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read.headers, [header("A", "b"), header("c", "d")]);
        assert_eq!((read.output, read.limit), (Some("o".into()), Some(1024)));
        assert!(read.heads_only && read.data.is_none());
    }

    #[test]
    fn mistakes() {
        for (arguments, line) in [
            (&[][..], "URL is needed: http://HOST[:PORT][/PATH][?QUERY], or https"),
            (&["--no"], "unknown argument `--no`; --help lists them"),
            (&["--limit"], "--limit needs SIZE"),
            (&["--head=1"], "--head takes no value"),
            (&["--head", "--head", "http://a"], "--head is given twice"),
            (&["--header", "a", "http://a"], "--header `a`: expected NAME:VALUE"),
            (
                &["--header", "a b: c", "http://a"],
                "--header `a b: c`: the name of a header is no token",
            ),
            (
                &["http://a", "--header=Host: c"],
                "--header `Host: c`: the client writes that header itself",
            ),
            (&["--header"], "--header needs NAME:VALUE"),
            (
                &["--limit", "much", "http://a"],
                "--limit `much`: expected a number of bytes, as in 500, 64KiB, 256MiB or 1GB",
            ),
            (&["--head", "--data", "f", "http://a"], "--head and --data exclude each other"),
            (&["ftp://a"], "`ftp://a`: `ftp` is not spoken, only http and https"),
            (&["--ca", "a", "--ca", "b"], "--ca is given twice"),
        ] {
            assert_eq!(read(arguments).map(|_| ()), Err(line.to_owned()));
        }
        assert!(read(&["-h"]).expect_err("help").contains("--limit SIZE"));
    }
}
