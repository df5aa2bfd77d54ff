//! The house rules that neither rustfmt nor clippy can check.
//!
//! [`check`] reads every file of the repository and holds each rule against it; [`fence`] asks
//! cargo which crates the library reaches. Both return what they found and print nothing.

pub mod fence;

mod examples;
mod items;
mod lex;
mod purity;
mod repository;
mod size;
mod words;

use std::{fmt, io, path::Path};

use repository::{File, Repository};

/// One broken rule at one place; displayed as `path:line: what; rule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, relative to the repository root, with `/` between its parts.
    pub path: String,
    /// The line, counted from one.
    pub line: usize,
    /// What is there.
    pub what: String,
    /// What should be there.
    pub rule: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what, rule } = self;
        write!(f, "{path}:{line}: {what}; {rule}")
    }
}

/// What a run saw.
#[derive(Debug)]
pub struct Report {
    /// How many text files were read.
    pub files: usize,
    /// Every broken rule, by path and line.
    pub findings: Vec<Finding>,
}

/// The rules that look at one file at a time.
const FILE_RULES: &[fn(&File) -> Vec<Finding>] = &[
    size::files_are_short,
    size::functions_are_short,
    size::lines_fit,
    size::examples_are_short,
    words::no_machine_paths,
    words::no_unfinished_code,
    words::tests_do_not_sleep,
    words::no_bare_allow,
    purity::protocols_do_no_io,
    purity::library_does_not_unwrap,
];

/// The rules that need more than one file.
const REPOSITORY_RULES: &[fn(&Repository) -> Vec<Finding>] = &[examples::examples_are_tested];

/// Holds every rule against the text files that git tracks, or would if they were added.
///
/// # Errors
///
/// When `root` is not the root of a git repository, git cannot be run, or a file cannot be read.
pub fn check(root: &Path) -> io::Result<Report> {
    let repository = Repository::read(root)?;
    let findings = check_repository(&repository);
    Ok(Report { files: repository.files.len(), findings })
}

fn check_repository(repository: &Repository) -> Vec<Finding> {
    let mut findings: Vec<Finding> = repository
        .files
        .iter()
        .flat_map(|file| FILE_RULES.iter().flat_map(|rule| rule(file)))
        .chain(REPOSITORY_RULES.iter().flat_map(|rule| rule(repository)))
        .collect();
    findings.sort_by(|a, b| (&a.path, a.line, &a.what).cmp(&(&b.path, b.line, &b.what)));
    findings
}

#[cfg(test)]
mod tests;
