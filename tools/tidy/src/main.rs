//! `readily-tidy [--fence] [ROOT]`: prints every broken house rule, one a line.
//!
//! The exit code is 0 when nothing was found, 1 when something was, 2 when it could not look.

use std::{
    env,
    ffi::OsString,
    fmt::Display,
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

const USAGE: &str = "usage: readily-tidy [--fence] [ROOT]";

enum Check {
    Files,
    Fence,
}

fn main() -> ExitCode {
    let outcome = parse(env::args_os().skip(1)).and_then(|(check, root)| {
        match check {
            Check::Files => check_files(&root),
            Check::Fence => check_fence(&root),
        }
        .map_err(|error| error.to_string())
    });
    match outcome {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("readily-tidy: {why}");
            ExitCode::from(2)
        }
    }
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<(Check, PathBuf), String> {
    let (mut check, mut root) = (Check::Files, None);
    for argument in arguments {
        let text = argument.to_string_lossy();
        match &*text {
            "--fence" => check = Check::Fence,
            option if option.starts_with('-') => {
                return Err(format!("no such option: {option} ({USAGE})"));
            }
            _ if root.is_some() => return Err(format!("more than one root: {text} ({USAGE})")),
            _ => root = Some(PathBuf::from(&argument)),
        }
    }
    Ok((check, root.unwrap_or_else(own_repository)))
}

/// The repository that cargo runs this from, or else the current folder.
fn own_repository() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = manifest.as_deref().and_then(|folder| folder.ancestors().nth(2));
    root.unwrap_or(Path::new(".")).to_owned()
}

fn check_files(root: &Path) -> io::Result<usize> {
    let report = readily_tidy::check(root)?;
    Ok(print(&report.findings, &format!("{} files", report.files)))
}

fn check_fence(root: &Path) -> io::Result<usize> {
    Ok(print(&readily_tidy::fence::check(root)?, "the dependency fence"))
}

fn print(findings: &[impl Display], looked_at: &str) -> usize {
    for finding in findings {
        println!("{finding}");
    }
    let count = findings.len();
    println!("readily-tidy: looked at {looked_at}, found {count}");
    count
}
