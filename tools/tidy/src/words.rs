//! Words that may not be written, in any crate.

use crate::{
    Finding,
    items::{bracketed, line_of},
    lex::is_word,
    repository::File,
};

/// The rules about words cannot be written down without the words.
const OWN_FOLDER: &str = "tools/tidy/";

/// No text names a folder of one machine.
pub(crate) fn no_machine_paths(file: &File) -> Vec<Finding> {
    let rule = "a path of one machine means nothing on another";
    let roots = ["/work/", "/root/", "/farm/"];
    (1..)
        .zip(file.text.lines())
        .filter(|_| !file.path.starts_with(OWN_FOLDER))
        .flat_map(|(line, text)| roots.map(|root| (line, text, root)))
        .filter(|(_, text, root)| {
            text.match_indices(root).any(|(at, _)| !text[..at].ends_with(continues_path))
        })
        .map(|(line, _, root)| file.finding(line, format!("`{root}`"), rule))
        .collect()
}

/// No Rust file says that it is unfinished or being debugged.
pub(crate) fn no_unfinished_code(file: &File) -> Vec<Finding> {
    banned(file, &["todo!", "unimplemented!", "dbg!"], "what is committed is finished", |_| true)
}

/// No test waits for time to pass: it waits for the event, or moves a clock of its own.
pub(crate) fn tests_do_not_sleep(file: &File) -> Vec<Finding> {
    let rule = "a test waits for the event, never for time";
    banned(file, &["thread::sleep"], rule, |line| file.is_test_line(line))
}

/// No lint is allowed without a reason. clippy refuses the rest, save in what a macro emits.
pub(crate) fn no_bare_allow(file: &File) -> Vec<Finding> {
    let rule = "a lint is expected, with its reason";
    ["#[allow(", "#![allow("]
        .into_iter()
        .filter(|_| !file.path.starts_with(OWN_FOLDER))
        .flat_map(|start| file.code.match_indices(start))
        .filter(|(at, _)| !bracketed(&file.code, *at).contains("reason"))
        .map(|(at, start)| file.finding(line_of(&file.code, at), format!("`{start}`"), rule))
        .collect()
}

/// A finding for each line of code that `applies` and holds one of `words`.
pub(crate) fn banned(
    file: &File,
    words: &[&str],
    rule: &'static str,
    applies: impl Fn(usize) -> bool,
) -> Vec<Finding> {
    file.code_lines()
        .filter(|(line, _)| !file.path.starts_with(OWN_FOLDER) && applies(*line))
        .flat_map(|(line, code)| words.iter().map(move |word| (line, code, word)))
        .filter(|(_, code, word)| holds_word(code, word))
        .map(|(line, _, word)| file.finding(line, format!("`{word}`"), rule))
        .collect()
}

/// Whether `code` holds `word`, not as the end of a longer name.
fn holds_word(code: &str, word: &str) -> bool {
    let name = word.as_bytes().first().copied().is_some_and(is_word);
    code.match_indices(word)
        .any(|(at, _)| !(name && code[..at].bytes().next_back().is_some_and(is_word)))
}

/// Whether a path goes on from this character, so that what follows is not its root.
fn continues_path(before: char) -> bool {
    before.is_alphanumeric() || "_-.~})".contains(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::holds;

    #[test]
    fn machine_paths() {
        holds(
            no_machine_paths,
            &[
                ("docs/a.md", "see\n`/work/main` and /root/.cargo", &[2, 2]),
                ("Cargo.toml", "path = \"/farm/a\"", &[1]),
                ("a/src/a.rs", "// as in /work/x\nconst A: &str = \"/root/\";", &[1, 2]),
                ("docs/a.md", "https://example.com/work/a and ~/work/b and ../root/c", &[]),
                ("docs/a.md", "homework, /roots/ and /workers", &[]),
                ("tools/tidy/src/a.rs", "\"/work/\"", &[]),
            ],
        );
    }

    #[test]
    fn unfinished_code() {
        holds(
            no_unfinished_code,
            &[
                ("a/src/a.rs", "fn a() {\n    todo!()\n}", &[2]),
                ("a/src/a.rs", "fn a() {\n    dbg!(unimplemented!())\n}", &[2, 2]),
                ("a/tests/a.rs", "fn a() {\n    std::todo!(\"later\")\n}", &[2]),
                ("a/src/a.rs", "// no todo! here\nlet a = \"dbg!\";\nmy_dbg!(a);", &[]),
                ("docs/a.md", "todo!", &[]),
                ("tools/tidy/src/a.rs", "todo!()", &[]),
            ],
        );
    }

    #[test]
    fn sleeping_tests() {
        let test = "#[cfg(test)]\nmod tests {\n    use std::thread::sleep;\n}";
        holds(
            tests_do_not_sleep,
            &[
                ("a/tests/a.rs", "std::thread::sleep(a);", &[1]),
                ("a/src/a.rs", test, &[3]),
                ("a/src/a.rs", "thread::sleep(a);", &[]),
                ("a/tests/a.rs", "// thread::sleep", &[]),
            ],
        );
    }

    #[test]
    fn bare_allows() {
        holds(
            no_bare_allow,
            &[
                ("a/src/a.rs", "#[allow(dead_code)]\nfn a() {}", &[1]),
                ("a/src/a.rs", "fn a() {}\n#![allow(clippy::all)]", &[2]),
                ("a/tests/a.rs", "#[allow(dead_code)]", &[1]),
                ("a/src/a.rs", "#[expect(dead_code, reason = \"shown\")]", &[]),
                ("a/src/a.rs", "#[allow(\n    dead_code,\n    reason = \"emitted\"\n)]", &[]),
                ("a/src/a.rs", "// no `#[allow(` here", &[]),
            ],
        );
    }
}
