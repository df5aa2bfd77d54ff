//! What the derive refuses, word for word, and what it takes.

#[test]
fn refusals_and_shapes() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/fail/*.rs");
    cases.pass("tests/ui/pass/*.rs");
}
