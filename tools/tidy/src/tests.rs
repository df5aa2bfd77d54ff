//! How a rule is tested: a table of paths, texts and the lines where it should find something.

use super::*;

/// Asserts that `rule` finds something on exactly the given lines of each text.
pub(crate) fn holds(rule: fn(&File) -> Vec<Finding>, cases: &[(&str, &str, &[usize])]) {
    for (path, text, expected) in cases {
        let file = File::new((*path).to_owned(), (*text).to_owned());
        let lines: Vec<usize> = rule(&file).into_iter().map(|finding| finding.line).collect();
        assert_eq!(&lines, expected, "{path}:\n{text}");
    }
}

#[test]
fn all_rules_are_held_and_findings_are_in_order() {
    let files = [
        ("reactor/src/b.rs", "fn b() {\n    a.unwrap();\n    todo!()\n}"),
        ("examples/Cargo.toml", "[[example]]\nname = \"echo\""),
        ("docs/a.md", "in /work/main"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let found: Vec<String> =
        check_repository(&Repository::new(files)).iter().map(Finding::to_string).collect();
    let expected = [
        "docs/a.md:1: `/work/`; a path of one machine means nothing on another",
        "examples/Cargo.toml:2: no test names the example `echo`; \
         a test in `examples/tests` runs each one",
        "reactor/src/b.rs:2: `.unwrap()`; the library says what it does when there is nothing",
        "reactor/src/b.rs:3: `todo!`; what is committed is finished",
    ];
    assert_eq!(found, expected);
}
