//! Tells Rust code from its comments and literals.

/// What a byte of a Rust source is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Code,
    Comment,
    /// A string or character, with its quotes and hashes.
    Literal,
}

/// The text with every comment and literal turned into spaces; offsets and line breaks stay.
pub(crate) fn code(text: &str) -> String {
    keep(text, |part| part == Part::Code)
}

/// The text with every comment turned into spaces; offsets and line breaks stay.
pub(crate) fn uncommented(text: &str) -> String {
    keep(text, |part| part != Part::Comment)
}

/// Whether a byte can be part of an identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

fn keep(text: &str, wanted: impl Fn(Part) -> bool) -> String {
    let mut kept = text.as_bytes().to_vec();
    for (byte, part) in kept.iter_mut().zip(parts(text)) {
        if *byte != b'\n' && !wanted(part) {
            *byte = b' ';
        }
    }
    // A part ends on an ASCII byte, so no character is cut in two and nothing is replaced here.
    String::from_utf8_lossy(&kept).into_owned()
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (part, len) = next(rest);
        parts.resize(parts.len() + len, part);
        rest = &rest[len..];
    }
    parts
}

/// The part that `rest` begins with, and its length in bytes: at least one, at a `char` boundary.
fn next(rest: &str) -> (Part, usize) {
    let bytes = rest.as_bytes();
    match bytes {
        [b'/', b'/', ..] => (Part::Comment, rest.find('\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => (Part::Comment, block_comment(bytes)),
        [b'"', ..] => (Part::Literal, quoted(bytes, b'"')),
        [b'\'', b'\\', ..] => (Part::Literal, quoted(bytes, b'\'')),
        [b'\'', ..] => quote_or_lifetime(rest),
        [byte, ..] if is_word(*byte) => word_or_prefix(bytes),
        _ => (Part::Code, 1),
    }
}

fn block_comment(bytes: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

/// The length of a literal that begins with `quote` and ends with it, escapes passed over.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `'x'` is a literal; a quote with no second one right behind the next character is a lifetime.
fn quote_or_lifetime(rest: &str) -> (Part, usize) {
    let mut chars = rest.char_indices().skip(2);
    match chars.next() {
        Some((at, '\'')) => (Part::Literal, at + 1),
        _ => (Part::Code, 1),
    }
}

/// A whole word, or the raw string that it is the prefix of.
fn word_or_prefix(bytes: &[u8]) -> (Part, usize) {
    let len = bytes.iter().take_while(|byte| is_word(**byte)).count();
    let after = &bytes[len..];
    let hashes = after.iter().take_while(|byte| **byte == b'#').count();
    let raw = matches!(&bytes[..len], b"r" | b"br" | b"cr");
    if !raw || after.get(hashes) != Some(&b'"') {
        return (Part::Code, len);
    }
    let mut end = vec![b'"'];
    end.resize(1 + hashes, b'#');
    let body = len + hashes + 1;
    let close = bytes[body..].windows(end.len()).position(|window| window == end);
    (Part::Literal, close.map_or(bytes.len(), |at| body + at + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_told_from_code() {
        // The second text marks what each byte is: `c` a comment, `s` a literal, else code.
        let cases = [
            ("a // b", "  cccc"),
            ("a // b\nc", "  cccc  "),
            ("a /* b /* c */ d */ e", "  ccccccccccccccccc  "),
            ("a /* b", "  cccc"),
            (r#"f("{", x)"#, "  sss    "),
            (r#"f("\"{", x)"#, "  sssss    "),
            (r#"f("\\", x)"#, "  ssss    "),
            (r#"f("// b", x)"#, "  ssssss    "),
            (r###"r#"{"}"# + 1"###, "ssssssss    "),
            (r###"br##"{"#"## + 1"###, "sssssssssss    "),
            (r#"r"\" + 1"#, "ssss    "),
            (r#"b"{" + 1"#, " sss    "),
            (r"r#match + '{'", "          sss"),
            (r#"for"{""#, "   sss"),
            ("x == '{'", "     sss"),
            ("x == '\u{e9}' {", "     ssss  "),
            (r"x == '\'' {", "     ssss  "),
            (r"x == '\\' {", "     ssss  "),
            (r"x == '\u{7b}' {", "     ssssssss  "),
            (r"b'{' {", " sss  "),
            (r#"b'"' {"#, " sss  "),
            ("fn f<'a, 'b>(x: &'a str) {", "                          "),
            ("'outer: loop {}", "               "),
            ("Io<'_, '_>", "          "),
            (r#"f("unclosed {"#, "  sssssssssss"),
        ];
        for (text, marks) in cases {
            let seen: String = parts(text)
                .into_iter()
                .map(|part| match part {
                    Part::Code => ' ',
                    Part::Comment => 'c',
                    Part::Literal => 's',
                })
                .collect();
            assert_eq!(seen, marks, "{text}");
        }
    }

    #[test]
    fn views_keep_offsets_and_line_breaks() {
        let text = "let a = \"\u{e9}\n\"; // b\nlet c;";
        assert_eq!(code(text), "let a =    \n ;     \nlet c;");
        assert_eq!(uncommented(text), "let a = \"\u{e9}\n\";     \nlet c;");
        assert_eq!(code(text).len(), text.len());
    }
}
