//! Fetches URLs, one after the other, with a bar that shows how far it is. Its states are in
//! `src/http_client/`.

use std::io;
use std::process::ExitCode;

use readily::{Reactor, To};
use readily_examples::http_client::{self, Arguments, Fetcher, Mail, Sink};
use readily_examples::{Failure, Usage};

fn main() -> ExitCode {
    readily_examples::run(fetch)
}

fn fetch() -> Result<(), Failure> {
    let asked = Arguments::read()?;
    let told = |what: &std::path::Path, error: io::Error| {
        Usage(format!("cannot open {}: {error}", what.display()))
    };
    let data = match &asked.data {
        Some(path) => Some(open(path).map_err(|error| told(path, error))?),
        None => None,
    };
    let output = asked.output.as_deref();
    let sink = Sink::open(output).map_err(|error| told(output.unwrap_or("-".as_ref()), error))?;
    let tls = http_client::client(&asked)?;
    let traces = asked.trace;
    let mut reactor = Reactor::new(Fetcher::new(asked, data, sink, tls))?;
    if traces {
        reactor.trace(|event| eprintln!("{event}"));
    }
    reactor.drain_on_signals()?;
    reactor.handle().mail(To::App, Mail::Begin).map_err(io::Error::other)?;
    reactor.run()?;
    Ok(reactor.app().report()?)
}

/// A file to send, and how long it is: it must be one whose length is known.
fn open(path: &std::path::Path) -> io::Result<(readily::File, u64)> {
    let file = std::fs::File::open(path)?;
    let known = file.metadata()?;
    if !known.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    Ok((file.into(), known.len()))
}
