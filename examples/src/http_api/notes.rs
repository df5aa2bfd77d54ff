//! The notebook.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{NOTES_MAX, TEXT_MAX};

/// One note, as it is sent.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Note {
    /// Its number, from 1; none is ever given twice.
    pub id: u64,
    /// What it says.
    pub text: String,
    /// When it was last written, in seconds since 1970.
    pub at: u64,
}

/// All notes, by their numbers.
#[derive(Clone, Default, Debug)]
pub struct Notes {
    all: BTreeMap<u64, Note>,
    last: u64,
}

/// A note as a client sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    text: String,
}

/// Reads the text of a note from the body of a request.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(body: &[u8]) -> Result<String, String> {
    let Draft { text } = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    match text.chars().count() {
        0 => Err("the text is empty".to_owned()),
        1..=TEXT_MAX => Ok(text),
        _ => Err(format!("the text is longer than {TEXT_MAX} characters")),
    }
}

impl Notes {
    /// One note.
    pub fn note(&self, id: u64) -> Option<&Note> {
        self.all.get(&id)
    }

    /// All of them, the oldest first.
    pub fn all(&self) -> Vec<&Note> {
        self.all.values().collect()
    }

    /// Adds one; none if there are too many.
    pub fn add(&mut self, text: String, now: SystemTime) -> Option<&Note> {
        if self.all.len() >= NOTES_MAX {
            return None;
        }
        self.last += 1;
        let note = Note { id: self.last, text, at: seconds(now) };
        Some(self.all.entry(self.last).or_insert(note))
    }

    /// Writes one anew; none if there is none of that number.
    pub fn change(&mut self, id: u64, text: String, now: SystemTime) -> Option<&Note> {
        let note = self.all.get_mut(&id)?;
        (note.text, note.at) = (text, seconds(now));
        Some(note)
    }

    /// Takes one out.
    pub fn remove(&mut self, id: u64) -> Option<Note> {
        self.all.remove(&id)
    }
}

fn seconds(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_an_object_with_a_text_and_nothing_else() {
        let long = "é".repeat(TEXT_MAX);
        let object = |text: &str| format!(r#"{{"text":"{text}"}}"#);
        for (body, expected) in [
            (r#"{"text":"a"}"#, Ok("a")),
            (" { \"text\" : \"\\u00e9\\n\" } ", Ok("é\n")),
            (&object(&long), Ok(long.as_str())),
            (&object(&(long.clone() + "a")), Err("the text is longer than 2000 characters")),
            (r#"{"text":""}"#, Err("the text is empty")),
            ("", Err("EOF while parsing a value")),
            ("{}", Err("missing field `text`")),
            (r#"{"text":1}"#, Err("invalid type: integer `1`")),
            (r#"{"text":"a","b":1}"#, Err("unknown field `b`")),
            (r#"{"text":"a"} b"#, Err("trailing characters")),
            (r#"{"text":"a","text":"b"}"#, Err("duplicate field `text`")),
        ] {
            let text = read(body.as_bytes());
            match expected {
                Ok(expected) => assert_eq!(text.as_deref(), Ok(expected)),
                Err(why) => {
                    assert!(text.as_ref().is_err_and(|told| told.starts_with(why)), "{text:?}")
                }
            }
        }
        assert!(read(b"{\"text\":\"\xff\"}").is_err());
    }

    #[test]
    fn numbers_are_never_given_twice_and_there_are_only_so_many_notes() {
        let mut notes = Notes::default();
        let now = UNIX_EPOCH;
        for id in 1..=NOTES_MAX as u64 {
            assert_eq!(notes.add("a".to_owned(), now).map(|note| note.id), Some(id));
        }
        assert_eq!(notes.add("a".to_owned(), now), None);
        assert_eq!(notes.remove(NOTES_MAX as u64).map(|note| note.id), Some(NOTES_MAX as u64));
        assert_eq!(notes.remove(NOTES_MAX as u64), None);
        assert_eq!(notes.add("b".to_owned(), now).map(|note| note.id), Some(NOTES_MAX as u64 + 1));
        assert_eq!(notes.change(NOTES_MAX as u64, "c".to_owned(), now), None);
        assert_eq!(notes.change(1, "c".to_owned(), now).map(|note| note.text.as_str()), Some("c"));
    }
}
