//! Every example is run by a test.

use crate::{
    Finding, lex,
    repository::{File, Repository},
};

const MANIFEST: &str = "examples/Cargo.toml";

/// The name of each example occurs in some file of `examples/tests/`, outside comments.
pub(crate) fn examples_are_tested(repository: &Repository) -> Vec<Finding> {
    let rule = "a test in `examples/tests` runs each one";
    let tests: Vec<String> = repository
        .files
        .iter()
        .filter(|file| file.path.starts_with("examples/tests/"))
        .map(|file| lex::uncommented(&file.text))
        .collect();
    examples(repository)
        .into_iter()
        .filter(|(_, _, name)| !tests.iter().any(|test| names(test, name)))
        .map(|(file, line, name)| {
            file.finding(line, format!("no test names the example `{name}`"), rule)
        })
        .collect()
}

/// Where each example is declared, and its name.
fn examples(repository: &Repository) -> Vec<(&File, usize, &str)> {
    let mut found = Vec::new();
    for file in &repository.files {
        if file.path == MANIFEST {
            found.extend(declared(&file.text).map(|(line, name)| (file, line, name)));
        }
        found.extend(discovered(&file.path).map(|name| (file, 1, name)));
    }
    found
}

/// The line and value of each `name` in an `[[example]]` table.
fn declared(manifest: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    (1..).zip(manifest.lines()).filter_map(move |(line, text)| {
        if text.starts_with('[') {
            inside = text.trim_end() == "[[example]]";
        }
        let (key, value) = text.split_once('=')?;
        let name = value.trim().strip_prefix('"')?.split('"').next()?;
        (inside && key.trim() == "name").then_some((line, name))
    })
}

/// The name of an example that cargo finds without being told.
fn discovered(path: &str) -> Option<&str> {
    let name = path.strip_prefix("examples/examples/")?;
    let name = name.strip_suffix("/main.rs").or_else(|| name.strip_suffix(".rs"))?;
    (!name.contains('/')).then_some(name)
}

/// Whether `text` holds `name`, not as a part of a longer one.
fn names(text: &str, name: &str) -> bool {
    let longer = |char: char| char.is_alphanumeric() || char == '_' || char == '-';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(longer) && !text[at + name.len()..].starts_with(longer)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST_TEXT: &str = r#"[package]
name = "readily-examples"

[[example]]
name = "echo"
path = "echo.rs"

[[example]]
name = "udp-echo"

[dependencies]
name = "x"
"#;

    #[test]
    fn an_example_that_no_test_names_is_found() {
        let all = "examples/tests/all.rs";
        let none = ("docs/a.md", "");
        let cases = [
            ([none, none], "5 `echo`, 9 `udp-echo`"),
            ([(all, "run(\"echo\"); run(\"udp-echo\");"), none], ""),
            ([(all, "run(\"udp-echo\");"), none], "5 `echo`"),
            ([(all, "// echo, udp-echo"), none], "5 `echo`, 9 `udp-echo`"),
            ([("reactor/tests/all.rs", "echo udp-echo"), none], "5 `echo`, 9 `udp-echo`"),
            ([(all, "echo udp-echo"), ("examples/examples/chat.rs", "")], "1 `chat`"),
            ([(all, "echo udp-echo"), ("examples/examples/chat/main.rs", "")], "1 `chat`"),
            ([(all, "echo udp-echo"), ("examples/examples/chat/room.rs", "")], ""),
        ];
        for (others, expected) in cases {
            let files = [[(MANIFEST, MANIFEST_TEXT)].as_slice(), &others].concat();
            let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned()));
            let found: Vec<String> = examples_are_tested(&Repository::new(files))
                .into_iter()
                .map(|finding| format!("{} {}", finding.line, finding.what))
                .collect();
            let found = found.join(", ").replace("no test names the example ", "");
            assert_eq!(found, expected, "{others:?}");
        }
    }
}
