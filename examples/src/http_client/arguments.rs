//! The command line: URLs, and options that may be given more than once.

use std::ffi::OsString;
use std::path::PathBuf;

use readily::http1::Field;

use super::Url;
use crate::quic_client::Size;
use crate::{Failure, Usage};

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

const HELP: &str = "\
Fetches over HTTP/1.1, one URL after the other, and keeps connections for the next.

Usage: http_client [OPTIONS] URL...

  URL                        http://HOST[:PORT][/PATH][?QUERY], or https
  --output FILE              where bodies go; - is standard output [-]
  --head                     ask for heads alone, and print them
  --header 'NAME: VALUE'     a further header field; may be given again
  --data FILE                POST that file
  --ca FILE                  trust these authorities too, certificates as PEM
  --limit SIZE               refuse a larger body, as in 500, 64KiB or 1GB
  --trace                    print a line for each event, to standard error
  --help                     print this";

impl Arguments {
    /// Reads the arguments of this process.
    ///
    /// # Errors
    /// [`Failure::Help`] where it is asked for; [`Failure::Usage`] for a mistake.
    pub fn read() -> Result<Self, Failure> {
        Arguments::of(std::env::args_os().skip(1))
    }

    fn of(arguments: impl Iterator<Item = OsString>) -> Result<Self, Failure> {
        let (mut read, mut given) = (Arguments::default(), Vec::new());
        let mut arguments = arguments.map(|argument| {
            argument.into_string().map_err(|bad| usage(format!("`{}` is not UTF-8", bad.display())))
        });
        while let Some(argument) = arguments.next() {
            let argument = argument?;
            let (option, inline) = match argument.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value)),
                _ => (argument.as_str(), None),
            };
            if !option.starts_with('-') {
                let url = argument.parse().map_err(|why| usage(format!("`{argument}`: {why}")))?;
                read.urls.push(url);
                continue;
            }
            let what = match option {
                "--help" | "-h" => return Err(Failure::Help(HELP.to_owned())),
                "--head" | "--trace" if inline.is_some() => {
                    return Err(usage(format!("{option} takes no value")));
                }
                "--head" | "--trace" => "",
                "--output" | "--data" | "--ca" => "FILE",
                "--header" => "'NAME: VALUE'",
                "--limit" => "SIZE",
                _ => {
                    let line = format!("unknown argument `{option}`; --help lists them");
                    return Err(usage(line));
                }
            };
            if option != "--header" && given.iter().any(|known| known == option) {
                return Err(usage(format!("{option} is given twice")));
            }
            given.push(option.to_owned());
            let value = match (what, inline) {
                ("", _) => String::new(),
                (_, Some(inline)) => inline.to_owned(),
                (what, None) => match arguments.next() {
                    Some(next) => next?,
                    None => return Err(usage(format!("{option} needs {what}"))),
                },
            };
            read.set(option, value)?;
        }
        read.check()
    }

    fn set(&mut self, option: &str, value: String) -> Result<(), Failure> {
        match option {
            "--head" => self.heads_only = true,
            "--trace" => self.trace = true,
            "--output" if value == "-" => self.output = None,
            "--output" => self.output = Some(value.into()),
            "--data" => self.data = Some(value.into()),
            "--ca" => self.ca = Some(value.into()),
            "--limit" => {
                let told = |why| usage(format!("--limit `{value}`: {why}"));
                let Size(limit) = value.parse().map_err(told)?;
                self.limit = Some(limit);
            }
            _ => self.headers.push(header(&value)?),
        }
        Ok(())
    }

    fn check(self) -> Result<Self, Failure> {
        match (&self.urls[..], &self.data) {
            ([], _) => Err(usage("a URL is needed; --help tells more".to_owned())),
            (_, Some(_)) if self.heads_only => {
                Err(usage("--head and --data exclude each other".to_owned()))
            }
            _ => Ok(self),
        }
    }
}

fn header(text: &str) -> Result<(String, String), Failure> {
    let told = |why: &str| usage(format!("--header `{text}`: {why}"));
    let (name, value) = text.split_once(':').ok_or_else(|| told("expected NAME: VALUE"))?;
    let value = value.trim_matches([' ', '\t']);
    Field::new(name, value.as_bytes()).map_err(|bad| told(&bad.to_string()))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn usage(line: String) -> Failure {
    Usage(line).into()
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
            (&[][..], "a URL is needed; --help tells more"),
            (&["--no"], "unknown argument `--no`; --help lists them"),
            (&["--limit"], "--limit needs SIZE"),
            (&["--head=1"], "--head takes no value"),
            (&["--head", "--head", "http://a"], "--head is given twice"),
            (&["--header", "a"], "--header `a`: expected NAME: VALUE"),
            (&["--header", "a b: c"], "--header `a b: c`: the name of a header is no token"),
            (&["--header", "Host: c"], "--header `Host: c`: the client writes that header itself"),
            (&["--head", "--data", "f", "http://a"], "--head and --data exclude each other"),
            (&["ftp://a"], "`ftp://a`: `ftp` is not spoken, only http and https"),
            (&["--ca", "a", "--ca", "b"], "--ca is given twice"),
        ] {
            assert_eq!(read(arguments).map(|_| ()), Err(line.to_owned()));
        }
        assert!(read(&["-h"]).expect_err("help").contains("--limit SIZE"));
    }
}
