//! Builds the programs of a comparison, as cargo would be told by hand.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use readily_benches::contender::{Program, Programs};
use readily_benches::failure::Failure;

use crate::works::Work;

/// Builds what `works` need, in the profile of this program; what is fresh costs a second.
///
/// Does nothing where there is no cargo and nothing is missing.
pub(crate) fn missing(works: &[&Work], programs: &Programs) -> Result<(), Failure> {
    let (binaries, examples) = needed(works);
    let count = binaries.len() + examples.len();
    eprintln!("building {count} programs, which takes minutes the first time");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // As two commands: with one, crates that both need would be built with the features of both.
    let peers = binaries.iter().flat_map(|name| ["--bin", name]);
    let peers = build(&cargo, ["-p", "readily-benches"].into_iter().chain(peers));
    let are_there = binaries.iter().all(|name| programs.binary(name).is_ok())
        && examples.iter().all(|name| programs.example(name).is_ok());
    // Without a name it would build everything.
    let servers = || match examples.is_empty() {
        true => Ok(()),
        false => build(&cargo, examples.iter().flat_map(|name| ["--example", name])),
    };
    match peers.and_then(|()| servers()) {
        Err(Failure::Missing(_)) if are_there => Ok(()),
        built => built,
    }
}

/// One `cargo build` in the profile of this program; missing where there is no cargo.
fn build<'a>(cargo: &OsStr, what: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let mut command = Command::new(cargo);
    command.arg("build").args(what);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    // The workspace that this program was built from. What cargo says goes to stderr.
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    match command.stdin(Stdio::null()).stdout(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::failed(format!("cargo build: {status}"))),
        Err(error) => Err(Failure::Missing(format!("cargo, to build the servers: {error}"))),
    }
}

/// Binaries and examples.
fn needed(works: &[&Work]) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let (mut binaries, mut examples) = (BTreeSet::from(["load"]), BTreeSet::new());
    for work in works {
        binaries.insert(work.task.program());
        for contender in work.entries.iter().chain(&work.behind) {
            match contender.program {
                Program::Peer(name) => binaries.insert(name),
                Program::Example(name) => examples.insert(name),
                Program::Nginx(_) | Program::Haproxy(_) | Program::Lighttpd(_) => false,
            };
        }
    }
    (binaries, examples)
}
