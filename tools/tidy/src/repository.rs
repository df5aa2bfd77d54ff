//! What the rules look at: the text files of the repository, and which of their lines are tests.

use std::{fs, io, ops::RangeInclusive, path::Path, process::Command};

use crate::{Finding, items, lex};

/// All text files, in the order git lists them.
pub(crate) struct Repository {
    pub(crate) files: Vec<File>,
}

/// One text file.
pub(crate) struct File {
    /// Relative to the root, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
    /// For Rust the text without comments and literals, else empty.
    pub(crate) code: String,
    tests: Vec<RangeInclusive<usize>>,
    test_modules: Vec<String>,
    is_test: bool,
}

impl Repository {
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        if !root.join(".git").exists() {
            let what = format!("{}: not the root of a git repository", root.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, what));
        }
        let mut files = Vec::new();
        for path in tracked(root)? {
            match fs::read(root.join(&path)) {
                Ok(bytes) => files.extend(text(bytes).map(|text| (path, text))),
                // Deleted but not yet committed, or a link to nowhere or to a folder.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) if error.kind() == io::ErrorKind::IsADirectory => {}
                Err(error) => return Err(io::Error::new(error.kind(), format!("{path}: {error}"))),
            }
        }
        Ok(Self::new(files))
    }

    pub(crate) fn new(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut files: Vec<File> =
            files.into_iter().map(|(path, text)| File::new(path, text)).collect();
        let modules: Vec<String> = files.iter().flat_map(File::test_module_paths).collect();
        for file in &mut files {
            file.is_test |= modules.iter().any(|module| {
                file.path
                    .strip_prefix(module.as_str())
                    .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            });
        }
        Self { files }
    }
}

impl File {
    pub(crate) fn new(path: String, text: String) -> Self {
        let code = if path.ends_with(".rs") { lex::code(&text) } else { String::new() };
        let items = items::test_items(&code);
        let is_test = is_test_path(&path) || items::is_test_file(&code);
        let tests = items.iter().map(|item| item.lines.clone()).collect();
        let test_modules = items.into_iter().filter_map(|item| item.module).collect();
        Self { path, text, code, tests, test_modules, is_test }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the line, counted from one, is only compiled for tests.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.is_test || self.tests.iter().any(|lines| lines.contains(&line))
    }

    /// The number and the code of each line, comments and literals left out.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }

    pub(crate) fn finding(&self, line: usize, what: String, rule: &'static str) -> Finding {
        Finding { path: self.path.clone(), line, what, rule }
    }

    /// Where the files of this file's out-of-line test modules are, less `.rs`.
    fn test_module_paths(&self) -> Vec<String> {
        let (folder, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let stem = name.strip_suffix(".rs").unwrap_or(name);
        let folder = match stem {
            "lib" | "main" | "mod" => folder.to_owned(),
            _ => format!("{folder}/{stem}"),
        };
        self.test_modules.iter().map(|module| format!("{folder}/{module}")).collect()
    }
}

/// `tests.rs`, and all that is in a `tests` folder or among the `ui` cases of trybuild.
fn is_test_path(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    parts.next() == Some("tests.rs") || parts.any(|folder| matches!(folder, "tests" | "ui"))
}

/// The files that git tracks, and those it would if they were added.
fn tracked(root: &Path) -> io::Result<Vec<String>> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(arguments).current_dir(root).output()?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("git ls-files: {}", why.trim())));
    }
    let list = String::from_utf8_lossy(&output.stdout);
    let mut paths: Vec<String> =
        list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    // A file in conflict is listed once for each side.
    paths.dedup();
    Ok(paths)
}

/// The content, unless it is binary.
fn text(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_lines_are_known_by_path_attribute_and_module() {
        let repository = Repository::new(
            [
                ("a/src/lib.rs", "mod b;\n#[cfg(test)]\nmod pair;\nfn c() {}"),
                ("a/src/b.rs", "fn d() {}\n#[cfg(test)]\nmod harness;"),
                ("a/src/pair.rs", "fn e() {}"),
                ("a/src/pair/deep.rs", "fn e() {}"),
                ("a/src/pairing.rs", "fn e() {}"),
                ("a/src/b/harness.rs", "fn f() {}"),
                ("a/src/b/tests.rs", "fn g() {}"),
                ("a/tests/loopback.rs", "fn h() {}"),
                ("derive/ui/refused.rs", "fn i() {}"),
                ("a/src/whole.rs", "#![cfg(test)]\nfn j() {}"),
            ]
            .map(|(path, text)| (path.to_owned(), text.to_owned())),
        );
        let seen: Vec<(&str, String)> = repository
            .files
            .iter()
            .map(|file| {
                let lines = 1..=file.text.lines().count();
                let marks = lines.map(|line| if file.is_test_line(line) { 't' } else { '-' });
                (file.path.as_str(), marks.collect())
            })
            .collect();
        let expected = [
            ("a/src/lib.rs", "-tt-"),
            ("a/src/b.rs", "-tt"),
            ("a/src/pair.rs", "t"),
            ("a/src/pair/deep.rs", "t"),
            ("a/src/pairing.rs", "-"),
            ("a/src/b/harness.rs", "t"),
            ("a/src/b/tests.rs", "t"),
            ("a/tests/loopback.rs", "t"),
            ("derive/ui/refused.rs", "t"),
            ("a/src/whole.rs", "tt"),
        ];
        assert_eq!(seen, expected.map(|(path, marks)| (path, marks.to_owned())));
    }

    #[test]
    fn only_text_is_looked_at() {
        assert_eq!(text(b"plain".to_vec()).as_deref(), Some("plain"));
        assert_eq!(text(b"a\0b".to_vec()), None);
        assert_eq!(text(b"\xff\xfe".to_vec()), None);
    }
}
