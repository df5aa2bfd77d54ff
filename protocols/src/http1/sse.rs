//! Server-sent events (the HTML standard, section 9.2): what a stream of them is written in.
//!
//! The stream is an answer of [`CONTENT_TYPE`] that goes on: a service begins it by
//! [`Draft::stream`](super::Draft::stream) with [`Length::Unknown`](super::Length::Unknown), and
//! writes events in [`Service::send`](super::Service::send). An event that many hear is written
//! once and [shared](super::Outgoing::share).
//!
//! ```
//! use readily_protocols::http1::sse::{self, Event};
//!
//! let mut stream = Vec::new();
//! sse::event("note", "one\ntwo", &mut stream);
//! Event { id: Some("7"), data: "three", ..Event::default() }.write(&mut stream);
//! sse::comment("still here", &mut stream);
//! let text = "event: note\ndata: one\ndata: two\n\nid: 7\ndata: three\n\n: still here\n\n";
//! assert_eq!(stream, text.as_bytes());
//! ```
//!
//! # What is guaranteed
//!
//! - No text can end its field or its event, and none can begin another one, whatever is in it.
//! - Nothing is allocated besides the growth of the caller's buffer.

use std::time::Duration;

use super::{Request, Value};

/// What the stream is: the value of `content-type`.
pub const CONTENT_TYPE: &str = "text/event-stream";

/// What `cache-control` must say: nobody on the way keeps the stream.
pub const NO_STORE: Value<'static> = Value::from_static("no-store");

/// One event, as the browser's `EventSource` gets it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Event<'a> {
    /// Its type, for which `addEventListener` listens; an event without one is a `message`. Line
    /// ends in it are left out.
    pub name: Option<&'a str>,
    /// What a browser that was cut off says it has seen last: see [`last_seen`]. Line ends in it
    /// are left out; one that has a NUL is not written, since a browser would not take it.
    pub id: Option<&'a str>,
    /// The text. CR, LF and CRLF are its line ends, and each arrives as LF.
    pub data: &'a str,
}

impl Event<'_> {
    /// Appends it.
    pub fn write(&self, out: &mut Vec<u8>) {
        if let Some(name) = self.name {
            field("event", name, out);
        }
        if let Some(id) = self.id.filter(|id| !id.contains('\0')) {
            field("id", id, out);
        }
        lines(self.data).for_each(|line| put("data: ", line, out));
        out.push(b'\n');
    }
}

/// Appends an event of that type without an id.
pub fn event(name: &str, data: &str, out: &mut Vec<u8>) {
    Event { name: Some(name), id: None, data }.write(out);
}

/// Appends what a browser passes over: a stream that is silent for long may be cut on its way.
pub fn comment(text: &str, out: &mut Vec<u8>) {
    lines(text).for_each(|line| put(": ", line, out));
    out.push(b'\n');
}

/// Appends how long a browser waits before it connects again, to the millisecond.
pub fn retry(after: Duration, out: &mut Vec<u8>) {
    put("retry: ", &after.as_millis().to_string(), out);
    out.push(b'\n');
}

/// The id of the event that this client has seen last, if it was cut off: whatever it sent, so
/// that it may be none of yours.
pub fn last_seen<'a>(request: &Request<'a>) -> Option<&'a str> {
    std::str::from_utf8(request.header("last-event-id")?).ok()
}

/// A field of one line.
fn field(name: &str, value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend(value.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')));
    out.push(b'\n');
}

fn put(start: &str, line: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(start.as_bytes());
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

/// The lines of a text, which has at least one.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = text.find(['\r', '\n']) else {
            rest = None;
            return Some(text);
        };
        let end = if text[at..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[at + end..]);
        Some(&text[..at])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a browser makes of a stream: the type, the id and the data of each event, by the rules
    /// of the standard and none of ours.
    fn dispatched(stream: &[u8]) -> Vec<(String, String, String)> {
        let text = std::str::from_utf8(stream).expect("UTF-8").replace("\r\n", "\n");
        let text = text.replace('\r', "\n");
        let (mut events, mut id) = (Vec::new(), String::new());
        let (mut kind, mut data) = (String::new(), String::new());
        for line in text.split_terminator('\n') {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "" if line.is_empty() => {
                    let (kind, data) = (std::mem::take(&mut kind), std::mem::take(&mut data));
                    if let Some(data) = data.strip_suffix('\n') {
                        events.push((kind, id.clone(), data.to_owned()));
                    }
                }
                "event" => value.clone_into(&mut kind),
                "data" => data += &format!("{value}\n"),
                "id" if !value.contains('\0') => value.clone_into(&mut id),
                _ => {}
            }
        }
        events
    }

    /// A type, an id and data; and what arrives.
    const CASES: [([&str; 3], [&str; 3]); 14] = [
        (["a", "1", "b"], ["a", "1", "b"]),
        (["", "", "b"], ["", "", "b"]),
        (["a", "1", " b"], ["a", "1", " b"]),
        (["a", "1", "\u{e9}\u{1f600}\0"], ["a", "1", "\u{e9}\u{1f600}\0"]),
        (["a", "1", "b\nc"], ["a", "1", "b\nc"]),
        (["a", "1", "b\rc"], ["a", "1", "b\nc"]),
        (["a", "1", "b\r\nc"], ["a", "1", "b\nc"]),
        (["a", "1", "b\n\r\n\nc"], ["a", "1", "b\n\n\nc"]),
        (["a", "1", "\n"], ["a", "1", "\n"]),
        (["a", "1", "b\n\ndata: c\n\n"], ["a", "1", "b\n\ndata: c\n\n"]),
        (["a", "1", "b\r\revent: evil\r\rid: 9"], ["a", "1", "b\n\nevent: evil\n\nid: 9"]),
        (["a\n\ndata: evil\n\n", "1", "b"], ["adata: evil", "1", "b"]),
        (["a", "1\r\ndata: evil\r\n\r\n", "b"], ["a", "1data: evil", "b"]),
        (["a", "1\0", "b"], ["a", "", "b"]),
    ];

    #[test]
    fn each_event_arrives_as_one() {
        for ([name, id, data], [kind, seen, text]) in CASES {
            let mut stream = Vec::new();
            Event { name: Some(name), id: Some(id), data }.write(&mut stream);
            event("next", "one", &mut stream);
            let expected = [(kind, seen, text), ("next", seen, "one")];
            let expected =
                expected.map(|(kind, id, data)| (kind.to_owned(), id.to_owned(), data.to_owned()));
            assert_eq!(dispatched(&stream), expected, "{}", stream.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_event_is_passed_over() {
        let mut stream = Vec::new();
        for text in ["", "here", "a\ndata: evil\r\n\r\ndata: evil\r\rid: 1\n"] {
            comment(text, &mut stream);
        }
        retry(Duration::from_millis(1500), &mut stream);
        event("empty", "", &mut stream);
        event("a", "b", &mut stream);
        assert!(stream.windows(13).any(|line| line == b"\nretry: 1500\n"));
        let events = dispatched(&stream);
        let names: Vec<(&str, &str)> =
            events.iter().map(|(kind, _, data)| (kind.as_str(), data.as_str())).collect();
        assert_eq!(names, [("empty", ""), ("a", "b")]);
    }
}
