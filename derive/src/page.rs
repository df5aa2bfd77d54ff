//! `docs/derive.md` shows what the derive really writes, and says what it really refuses.
//!
//! Run with `READILY_BLESS=1` the first test writes what it compares with into the page.

use std::fs;
use std::path::Path;

use syn::DeriveInput;

use crate::check::check;
use crate::parse::Written;
use crate::{diagram, expand};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_page_shows_real_code() {
    let page = page();
    let (_, after_enum) = after(&page, "<!-- what you write -->");
    let input: DeriveInput = syn::parse_str(block(after_enum)).expect("the user's enum is Rust");
    let machine = check(Written::read(input.clone())).expect("the user's enum is a machine");
    shows("<!-- its picture -->", &diagram::mermaid(&machine));
    let file = syn::parse2(expand(input)).expect("the expansion is Rust");
    shows("<!-- what the derive writes -->", &spaced(&prettyplease::unparse(&file)));

    let test = fs::read_to_string(Path::new(ROOT).join("tests/by_hand.rs")).expect("it is there");
    let (_, after_mark) = after(&test, "// The page docs/derive.md shows what follows.\n");
    let (by_hand, _) = after(after_mark, "// The page docs/derive.md");
    shows("<!-- by hand -->", by_hand);
}

#[test]
fn each_error_on_the_page_is_one_that_the_compiler_was_seen_to_say() {
    let mut said = String::new();
    for entry in fs::read_dir(Path::new(ROOT).join("tests/ui/fail")).expect("the cases are there") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_some_and(|extension| extension == "stderr") {
            said += &fs::read_to_string(path).expect("it can be read");
        }
    }
    let page = page();
    let messages: Vec<_> =
        page.split("<!-- errors -->").skip(1).flat_map(|s| block(s).lines()).collect();
    assert!(!messages.is_empty(), "the page marks its errors");
    for message in messages {
        assert!(said.contains(&format!("{message}\n")), "no case says: {message}");
    }
}

fn page() -> String {
    fs::read_to_string(path()).expect("docs/derive.md is there")
}

fn path() -> impl AsRef<Path> {
    Path::new(ROOT).join("../docs/derive.md")
}

/// The block after `mark` is `expected`; made so when blessed.
fn shows(mark: &str, expected: &str) {
    let page = page();
    let (before, after) = after(&page, mark);
    let shown = block(after);
    if shown == expected {
        return;
    }
    if std::env::var_os("READILY_BLESS").is_some() {
        let after = after.replacen(shown, expected, 1);
        fs::write(path(), [before, mark, &after].concat()).expect("the page can be written");
        return;
    }
    panic!(
        "docs/derive.md is out of date: run this test with READILY_BLESS=1, or put this after \
         {mark}\n\n{expected}"
    );
}

fn after<'a>(text: &'a str, mark: &str) -> (&'a str, &'a str) {
    text.split_once(mark).unwrap_or_else(|| panic!("{mark} is missing"))
}

/// What is in the first fenced block.
fn block(page: &str) -> &str {
    let (_, after) = after(page, "\n```");
    let (_, after) = after.split_once('\n').expect("the fence ends its line");
    let end = after.find("\n```").expect("the block is closed");
    &after[..=end]
}

/// The same code with an empty line between items, which the printer leaves out.
fn spaced(code: &str) -> String {
    let code = code.replace("}\n    #[inline]", "}\n\n    #[inline]");
    let code = code.replace(";\n    #[inline]", ";\n\n    #[inline]");
    code.replace("\n}\n", "\n}\n\n").trim_end().to_owned() + "\n"
}
