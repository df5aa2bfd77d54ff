//! Finds the functions and the test-only items in the code view of a Rust source.
//!
//! A brace counter, not a parser: it is exact for code that rustfmt accepts, save that a test-only
//! struct field or match arm may be taken to reach as far as the end of the block it stands in.

use std::ops::RangeInclusive;

use crate::lex::is_word;

/// A function with a body, from the line of its `fn` to that of its closing brace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: RangeInclusive<usize>,
}

/// An item under `#[cfg(test)]` or `#[test]`, its attributes included.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TestItem {
    pub(crate) lines: RangeInclusive<usize>,
    /// The name in `mod name;`: a module whose own file is test-only.
    pub(crate) module: Option<String>,
}

/// Every named function with a body, nested ones too.
pub(crate) fn functions(code: &str) -> Vec<Function> {
    words(code)
        .filter(|(_, word)| *word == "fn")
        .filter_map(|(at, _)| {
            let rest = code[at + 2..].trim_start();
            let name = rest.strip_prefix("r#").unwrap_or(rest);
            let name = &name[..word_len(name)];
            let end = item_end(code, at)?;
            let body = !name.is_empty() && code.as_bytes()[end] == b'}';
            body.then(|| Function { name: name.to_owned(), lines: lines(code, at, end) })
        })
        .collect()
}

/// Every test-only item.
pub(crate) fn test_items(code: &str) -> Vec<TestItem> {
    let mut items = Vec::new();
    let mut from = 0;
    while let Some(at) = code[from..].find("#[").map(|at| from + at) {
        let Some(after) = attribute_end(code, at) else { break };
        from = after;
        if is_test(&code[at..after]) {
            let start = skip_attributes(code, after);
            let end = item_end(code, start).map_or(code.len(), |end| end + 1);
            let module = module(&code[start..end]);
            items.push(TestItem { lines: lines(code, at, end - 1), module });
            from = end;
        }
    }
    items
}

/// Whether the whole file is test-only by an attribute of its own.
pub(crate) fn is_test_file(code: &str) -> bool {
    code.lines().any(|line| line.trim() == "#![cfg(test)]")
}

/// The text from `at` to the bracket that closes the first one after it.
pub(crate) fn bracketed(code: &str, at: usize) -> &str {
    attribute_end(code, at).map_or(&code[at..], |end| &code[at..end])
}

/// The line, counted from one, that the byte at `offset` is on.
pub(crate) fn line_of(code: &str, offset: usize) -> usize {
    1 + code.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn is_test(attribute: &str) -> bool {
    let bare: String = attribute.chars().filter(|char| !char.is_whitespace()).collect();
    bare == "#[test]" || bare == "#[cfg(test)]" || bare.starts_with("#[cfg(all(test,")
}

fn module(item: &str) -> Option<String> {
    let (head, name) = item.strip_suffix(';')?.rsplit_once("mod ")?;
    let visibility = head.is_empty() || head.starts_with("pub");
    let name = name.trim();
    (visibility && word_len(name) == name.len()).then(|| name.to_owned())
}

fn skip_attributes(code: &str, mut at: usize) -> usize {
    loop {
        at += code[at..].len() - code[at..].trim_start().len();
        match attribute_end(code, at) {
            Some(end) if code[at..].starts_with("#[") => at = end,
            _ => return at,
        }
    }
}

/// The offset behind the `]` that closes the first `[` from `at` on.
fn attribute_end(code: &str, at: usize) -> Option<usize> {
    let mut depth = 0;
    for (offset, byte) in code.bytes().enumerate().skip(at) {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 1 => return Some(offset + 1),
            b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The offset of the `;` or the closing brace that ends the item that begins at `at`.
fn item_end(code: &str, at: usize) -> Option<usize> {
    let (mut nested, mut braces) = (0, 0);
    for (offset, byte) in code.bytes().enumerate().skip(at) {
        match byte {
            b'(' | b'[' => nested += 1,
            b')' | b']' => nested -= 1,
            b'{' => braces += 1,
            b'}' => {
                braces -= 1;
                // Below nought, it is the enclosing block that ends.
                if braces <= 0 && nested <= 0 {
                    return Some(offset);
                }
            }
            b';' if nested <= 0 && braces == 0 => return Some(offset),
            _ => {}
        }
    }
    None
}

fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += code[at..].bytes().position(is_word)?;
        let word = &code[at..at + word_len(&code[at..])];
        at += word.len();
        Some((at - word.len(), word))
    })
}

fn word_len(text: &str) -> usize {
    text.bytes().take_while(|byte| is_word(*byte)).count()
}

fn lines(code: &str, from: usize, to: usize) -> RangeInclusive<usize> {
    line_of(code, from)..=line_of(code, to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lex;

    #[test]
    fn functions_are_found_with_their_lines() {
        let cases = [
            ("fn a() {}", "a 1-1"),
            ("/// docs\npub fn a(\n    b: u8,\n) -> u8 {\n    b\n}\n", "a 2-6"),
            ("fn a(b: [u8; 4]) -> [u8; 4] {\n    b\n}", "a 1-3"),
            ("trait T {\n    fn a(&self);\n    fn b(&self) {\n    }\n}", "b 3-4"),
            ("fn a() {\n    fn b() {\n    }\n}", "a 1-4, b 2-3"),
            ("fn a() {\n    if x { '}' } else { \"}\" }\n    // }\n}", "a 1-4"),
            ("fn a<'x>(b: &'x str) {\n    r#\"}\"#\n}", "a 1-3"),
            ("struct S {\n    f: fn(u8) -> u8,\n}\nfn r#a() {}", "a 4-4"),
            ("fn a<F>(f: F)\nwhere\n    F: Fn(u8),\n{\n}", "a 1-5"),
            ("// fn a() {}\nconst B: &str = \"fn b() {}\";", ""),
            ("fn a() {", ""),
        ];
        for (text, expected) in cases {
            let found: Vec<String> = functions(&lex::code(text))
                .into_iter()
                .map(|function| format!("{} {}", function.name, range(&function.lines)))
                .collect();
            assert_eq!(found.join(", "), expected, "{text}");
        }
    }

    #[test]
    fn test_items_are_found_with_their_lines() {
        let cases = [
            ("fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n", "3-6"),
            ("#[cfg(test)]\nmod tests;\nfn a() {}", "1-2 tests"),
            ("#[cfg(test)]\npub(crate) mod pair;", "1-2 pair"),
            ("#[cfg(test)]\n#[expect(x)]\nfn a() {\n}\nfn b() {}", "1-4"),
            ("#[cfg(all(test, unix))]\nuse a::b;\nfn b() {}", "1-2"),
            ("#[test]\nfn a() {\n}\n#[test]\nfn b() {}", "1-3, 4-5"),
            ("#[cfg(test)]\nuse a::{b, c};\nfn d() {}", "1-2"),
            ("#[cfg(test)]\nconst A: [u8; 2] = [1; 2];\nfn d() {}", "1-2"),
            ("struct S {\n    #[cfg(test)]\n    a: u8,\n}\nfn b() {}", "2-4"),
            ("#[cfg(any(test, unix))]\nfn a() {}", ""),
            ("#[cfg(not(test))]\nfn a() {}", ""),
            ("// #[cfg(test)]\nfn a() {}", ""),
        ];
        for (text, expected) in cases {
            let found: Vec<String> = test_items(&lex::code(text))
                .into_iter()
                .map(|item| {
                    let module = item.module.map_or(String::new(), |name| format!(" {name}"));
                    range(&item.lines) + &module
                })
                .collect();
            assert_eq!(found.join(", "), expected, "{text}");
        }
    }

    fn range(lines: &RangeInclusive<usize>) -> String {
        format!("{}-{}", lines.start(), lines.end())
    }
}
