//! Builds the programs of a comparison, as cargo would be told by hand.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use readily_benches::contender::{Program, Programs};
use readily_benches::failure::Failure;

use crate::works::{Task, Work};

/// Builds what `works` need, in the profile of this program; what is fresh costs a second.
///
/// Does nothing where there is no cargo and nothing is missing.
pub(crate) fn missing(works: &[&Work], programs: &Programs) -> Result<(), Failure> {
    let (binaries, examples) = needed(works);
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "-p", "readily-benches", "-p", "readily-examples"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    command.args(binaries.iter().flat_map(|name| ["--bin", name]));
    command.args(examples.iter().flat_map(|name| ["--example", name]));
    // Where this package was built is where its sources are.
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).stdin(Stdio::null());
    command.stdout(Stdio::null());
    eprintln!(
        "building {} programs; the first time takes minutes",
        binaries.len() + examples.len()
    );
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::failed(format!("cargo build: {status}"))),
        Err(_) if binaries.iter().all(|name| programs.binary(name).is_ok()) => Ok(()),
        Err(error) => Err(Failure::Missing(format!("cargo, to build the servers: {error}"))),
    }
}

/// Binaries and examples.
fn needed(works: &[&Work]) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let (mut binaries, mut examples) = (BTreeSet::from(["load"]), BTreeSet::new());
    for work in works {
        binaries.insert(match work.task {
            Task::Talk(_) => "load",
            Task::Datagrams { .. } => "udp_load",
            Task::Broadcast { .. } => "fan_load",
            Task::QuicEcho { .. } | Task::QuicBulk { .. } | Task::QuicHandshakes => "quic_load",
        });
        for contender in work.entries.iter().chain(&work.behind) {
            match contender.program {
                Program::Peer(name) => binaries.insert(name),
                Program::Example(name) => examples.insert(name),
                Program::Nginx(_) | Program::Haproxy(_) | Program::Lighttpd => false,
            };
        }
    }
    (binaries, examples)
}
