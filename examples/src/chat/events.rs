//! What the server says, as JSON.

use std::fmt::Write;

/// Whoever joins is told who they are, and what was said before.
pub(super) fn welcome<'a>(
    name: &str,
    people: usize,
    history: impl Iterator<Item = &'a str>,
) -> String {
    let mut event = String::from(r#"{"event":"welcome""#);
    field(&mut event, "name", name);
    let _ = write!(event, r#","people":{people},"history":["#);
    for (place, said) in history.enumerate() {
        event.push_str(if place == 0 { "" } else { "," });
        event.push_str(said);
    }
    event + "]}"
}

pub(super) fn joined(name: &str, people: usize) -> String {
    came_or_went("joined", name, people)
}

pub(super) fn left(name: &str, people: usize) -> String {
    came_or_went("left", name, people)
}

/// `at` is in seconds since 1970.
pub(super) fn said(name: &str, text: &str, at: u64) -> String {
    let mut event = String::from(r#"{"event":"said""#);
    field(&mut event, "name", name);
    field(&mut event, "text", text);
    event + &format!(r#","at":{at}}}"#)
}

pub(super) fn refused(why: &str) -> String {
    let mut event = String::from(r#"{"event":"refused""#);
    field(&mut event, "why", why);
    event + "}"
}

fn came_or_went(what: &str, name: &str, people: usize) -> String {
    let mut event = format!(r#"{{"event":"{what}""#);
    field(&mut event, "name", name);
    event + &format!(r#","people":{people}}}"#)
}

/// Another field of an object that has some.
fn field(object: &mut String, name: &str, text: &str) {
    // Writing to a string does not fail.
    let _ = write!(object, r#","{name}":""#);
    for char in text.chars() {
        match char {
            '"' | '\\' => object.extend(['\\', char]),
            control if control < ' ' => {
                let _ = write!(object, "\\u{:04x}", u32::from(control));
            }
            other => object.push(other),
        }
    }
    object.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_json() {
        let said = said(r#"a "b" \c"#, "1\n2\0<ü€😀>", 7);
        let text = r#"{"event":"said","name":"a \"b\" \\c","text":"1\u000a2\u0000<ü€😀>","at":7}"#;
        assert_eq!(said, text);
        assert_eq!(joined("a", 1), r#"{"event":"joined","name":"a","people":1}"#);
        assert_eq!(left("\"", 0), r#"{"event":"left","name":"\"","people":0}"#);
        assert_eq!(refused("b"), r#"{"event":"refused","why":"b"}"#);
        let start = r#"{"event":"welcome","name":"a","people":2,"history":["#;
        assert_eq!(welcome("a", 2, [].into_iter()), format!("{start}]}}"));
        assert_eq!(welcome("a", 2, ["1", "2", "3"].into_iter()), format!("{start}1,2,3]}}"));
    }
}
