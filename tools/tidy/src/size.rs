//! Limits on what one file, function, line and example may hold.

use crate::{Finding, items::functions, repository::File};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;
const COLUMNS: usize = 100;
const EXAMPLE_LINES: usize = 120;

/// A Rust file has at most 500 lines without its tests.
pub(crate) fn files_are_short(file: &File) -> Vec<Finding> {
    let rule = "a file has at most 500 without its tests";
    let count = file.code_lines().filter(|(line, _)| !file.is_test_line(*line)).count();
    let long = count > FILE_LINES;
    long.then(|| file.finding(1, format!("{count} lines"), rule)).into_iter().collect()
}

/// A function outside tests has at most 70 lines, its signature included.
pub(crate) fn functions_are_short(file: &File) -> Vec<Finding> {
    let rule = "a function has at most 70";
    functions(&file.code)
        .into_iter()
        .filter(|function| !file.is_test_line(*function.lines.start()))
        .map(|function| (function.lines.clone().count(), function))
        .filter(|(count, _)| *count > FUNCTION_LINES)
        .map(|(count, function)| {
            let what = format!("function `{}` has {count} lines", function.name);
            file.finding(*function.lines.start(), what, rule)
        })
        .collect()
}

/// A line of a Rust file has at most 100 columns, unless it holds an address: that has no break.
pub(crate) fn lines_fit(file: &File) -> Vec<Finding> {
    let rule = "a line has at most 100, unless it holds an address";
    (1..)
        .zip(file.text.lines())
        .filter(|(_, text)| file.is_rust() && !text.contains("://"))
        .map(|(line, text)| (line, text.chars().count()))
        .filter(|(_, columns)| *columns > COLUMNS)
        .map(|(line, columns)| file.finding(line, format!("{columns} columns"), rule))
        .collect()
}

/// An example has at most 120 lines.
pub(crate) fn examples_are_short(file: &File) -> Vec<Finding> {
    let rule = "an example has at most 120";
    let count = file.text.lines().count();
    let long = is_example(&file.path) && count > EXAMPLE_LINES;
    long.then(|| file.finding(1, format!("{count} lines"), rule)).into_iter().collect()
}

/// Right in the package's folder, or where cargo looks on its own.
fn is_example(path: &str) -> bool {
    let name = path.strip_prefix("examples/").unwrap_or("");
    let name = name.strip_prefix("examples/").unwrap_or(name);
    name.ends_with(".rs") && !name.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::holds;

    fn lines(count: usize) -> String {
        "//\n".repeat(count)
    }

    fn function(count: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    a();\n".repeat(count - 2))
    }

    #[test]
    fn a_file_of_500_lines_passes_and_of_501_does_not() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", lines(900));
        holds(
            files_are_short,
            &[
                ("a/src/a.rs", &lines(500), &[]),
                ("a/src/a.rs", &lines(501), &[1]),
                ("a/src/a.rs", &(lines(500) + &tests), &[]),
                ("a/src/a.rs", &(lines(501) + &tests), &[1]),
                ("a/src/tests.rs", &lines(900), &[]),
                ("a/tests/b.rs", &lines(900), &[]),
                ("a/tests/ui/b.rs", &lines(900), &[]),
                ("docs/a.md", &lines(900), &[]),
            ],
        );
    }

    #[test]
    fn a_function_of_70_lines_passes_and_of_71_does_not() {
        let method = format!("impl A {{\n{}}}\n", function(71));
        let test = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(200));
        holds(
            functions_are_short,
            &[
                ("a/src/a.rs", &function(70), &[]),
                ("a/src/a.rs", &function(71), &[1]),
                ("a/src/a.rs", &method, &[2]),
                ("a/src/a.rs", &(function(70) + &function(71)), &[71]),
                ("a/src/a.rs", &test, &[]),
                ("a/tests/b.rs", &function(200), &[]),
            ],
        );
    }

    #[test]
    fn a_line_of_100_columns_passes_and_of_101_does_not() {
        let accented = "\u{e9}".repeat(100);
        holds(
            lines_fit,
            &[
                ("a/src/a.rs", &"x".repeat(100), &[]),
                ("a/src/a.rs", &("\n".to_owned() + &"x".repeat(101)), &[2]),
                ("a/src/a.rs", &accented, &[]),
                ("a/src/a.rs", &("// https://example.com/".to_owned() + &"x".repeat(90)), &[]),
                ("a/tests/b.rs", &"x".repeat(101), &[1]),
                ("docs/a.md", &"x".repeat(101), &[]),
            ],
        );
    }

    #[test]
    fn an_example_of_120_lines_passes_and_of_121_does_not() {
        holds(
            examples_are_short,
            &[
                ("examples/echo.rs", &lines(120), &[]),
                ("examples/echo.rs", &lines(121), &[1]),
                ("examples/examples/echo.rs", &lines(121), &[1]),
                ("examples/src/lib.rs", &lines(121), &[]),
                ("examples/tests/echo.rs", &lines(121), &[]),
                ("reactor/src/echo.rs", &lines(121), &[]),
            ],
        );
    }
}
