//! The whole comparison as a program: what it writes, what it refuses, what it shows as failed.

use std::fs;
use std::io::Result;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use readily_benches::failure::Failure;
use readily_benches::results::{Outcome, Results};
use readily_benches::scratch::Scratch;

use crate::{COMPARE, assert_one_line, run};

const RAW: [&str; 5] = ["report.html", "results.json", "rounds.csv", "latencies.csv", "memory.csv"];

/// Where cargo has put the programs of this package.
fn programs() -> &'static Path {
    Path::new(COMPARE).parent().unwrap_or(Path::new("."))
}

fn results(out: &Path) -> Result<Results> {
    Ok(serde_json::from_str(&fs::read_to_string(out.join("results.json"))?)?)
}

#[test]
fn every_file_is_written_and_read_back() -> Result<()> {
    let scratch = Scratch::new().map_err(std::io::Error::other)?;
    let (out, again) = (scratch.path("out"), scratch.path("again"));
    let servers = programs().display();
    let arguments =
        format!("--quick --rounds 1 --only null --servers {servers} --out {}", out.display());
    let output = run(COMPARE, &arguments)?;
    assert!(output.status.success(), "{output:?}");
    for file in RAW {
        assert!(out.join(file).is_file(), "{file} is not there");
    }
    let found = results(&out)?;
    let names: Vec<&str> = found.works.iter().map(|work| work.name.as_str()).collect();
    assert_eq!(names, ["null"]);
    let null = &found.works[0].entries[0];
    assert_eq!((&null.outcome, null.rounds.len()), (&Outcome::Measured, 1));
    assert!(null.rounds[0].per_second > 0.0 && null.rounds[0].cpu_us > 0.0);

    let from = out.join("results.json");
    let output = run(COMPARE, &format!("--from {} --out {}", from.display(), again.display()))?;
    assert!(output.status.success(), "{output:?}");
    for file in RAW {
        assert_eq!(fs::read(out.join(file))?, fs::read(again.join(file))?, "{file}");
    }
    Ok(())
}

#[test]
fn an_entry_that_fails_is_shown_as_failed() -> std::result::Result<(), Failure> {
    let scratch = Scratch::new()?;
    let (servers, out) = (scratch.path("servers"), scratch.path("out"));
    fs::create_dir(&servers)?;
    std::os::unix::fs::symlink(programs().join("load"), servers.join("load"))?;
    let liar = servers.join("peer_raw");
    fs::write(&liar, "#!/bin/sh\necho listening on 127.0.0.1:1\nexec sleep 60\n")?;
    fs::set_permissions(&liar, fs::Permissions::from_mode(0o755))?;
    let arguments =
        format!("--quick --only null --servers {} --out {}", servers.display(), out.display());
    let output = run(COMPARE, &arguments)?;
    assert_eq!(output.status.code(), Some(1));
    let found = results(&out)?;
    let Outcome::Failed(why) = &found.works[0].entries[0].outcome else {
        panic!("{:?}", found.works[0].entries[0].outcome);
    };
    assert!(why.starts_with("the gate: "), "{why}");
    Ok(())
}

#[test]
fn bad_arguments_are_refused_in_one_line() -> Result<()> {
    for (arguments, expected) in [
        ("--only ech", "there is no work \"ech\", there are null, echo-64"),
        ("--rounds 0", "--rounds is at least 1"),
        ("--quikc", "--quikc is not known here"),
    ] {
        let output = run(COMPARE, arguments)?;
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert_one_line(&output, expected);
    }
    let output = run(COMPARE, "--from /nowhere/results.json")?;
    assert_eq!(output.status.code(), Some(1));
    assert_one_line(&output, "/nowhere/results.json: ");
    Ok(())
}
