//! The fields of an answer about a file.

use std::io::Write;
use std::ops::Range;
use std::time::SystemTime;

use crate::http1::coding::Coding;
use crate::http1::{Name, Value};

use super::date::Second;
use super::kind::Kind;
use super::parts::Boundary;
use super::plan::{Facts, Plan};

const ACCEPT_RANGES: Name = Name::new("accept-ranges");
const CONTENT_ENCODING: Name = Name::new("content-encoding");
const CONTENT_RANGE: Name = Name::new("content-range");
const CONTENT_TYPE_OPTIONS: Name = Name::new("x-content-type-options");

/// What is said of a file, besides what it is.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// What is known of the content.
    pub facts: Facts,
    /// What it is sent as.
    pub kind: Kind,
    /// The coding in which it lies on the disk; none if it is as it is.
    pub coding: Option<Coding>,
    /// Whether another client may get it in another coding.
    pub varies: bool,
    /// The value of `cache-control`, if there is one.
    pub cache_control: Option<Value<'static>>,
}

impl About {
    /// Hands each field of the answer to `add`, with what it made of those before.
    ///
    /// `now` is the time of the answer's `date`: a file from the future is said to have changed
    /// then. `boundary` stands between the parts, where there are several.
    pub fn fields<T>(
        &self,
        plan: &Plan,
        now: SystemTime,
        boundary: &Boundary,
        to: T,
        mut add: impl FnMut(T, Name, Value<'_>) -> T,
    ) -> T {
        let mut to = to;
        let mut text = Text::new();
        match plan {
            Plan::Failed | Plan::Unsatisfiable => return self.refusal(plan, to, add),
            Plan::NotModified => {}
            Plan::Whole | Plan::Part(_) => {
                let kind = [self.kind.essence(), self.kind.parameters()];
                to = add(to, Name::CONTENT_TYPE, text.write(&kind));
            }
            Plan::Parts(_) => {
                let kind = ["multipart/byteranges; boundary=", boundary.as_str()];
                to = add(to, Name::CONTENT_TYPE, text.write(&kind));
            }
        }
        if let Plan::Part(part) = plan {
            let part = content_range(Some(part), self.facts.length);
            to = add(to, CONTENT_RANGE, part.value());
        }
        to = add(to, Name::ETAG, self.facts.tag.value());
        let modified = Second::of(self.facts.modified).min(Second::of(now)).write();
        if let Ok(modified) = Value::new(&modified) {
            to = add(to, Name::LAST_MODIFIED, modified);
        }
        if let Some(cache_control) = self.cache_control {
            to = add(to, Name::CACHE_CONTROL, cache_control);
        }
        if self.varies {
            to = add(to, Name::VARY, Value::from_static("accept-encoding"));
        }
        if *plan == Plan::NotModified {
            return to;
        }
        if let Some(coding) = self.coding {
            to = add(to, CONTENT_ENCODING, Value::from_static(coding.token()));
        }
        to = add(to, ACCEPT_RANGES, Value::from_static("bytes"));
        add(to, CONTENT_TYPE_OPTIONS, Value::from_static("nosniff"))
    }

    /// An answer in words.
    fn refusal<T>(
        &self,
        plan: &Plan,
        mut to: T,
        mut add: impl FnMut(T, Name, Value<'_>) -> T,
    ) -> T {
        to = add(to, Name::CONTENT_TYPE, Value::from_static("text/plain; charset=utf-8"));
        if *plan == Plan::Unsatisfiable {
            to = add(to, CONTENT_RANGE, content_range(None, self.facts.length).value());
        }
        if self.varies {
            to = add(to, Name::VARY, Value::from_static("accept-encoding"));
        }
        to
    }
}

/// A value that is put together: no longer than the longest media type with its charset, or three
/// numbers.
pub(super) struct Text {
    bytes: [u8; 128],
    len: usize,
}

impl Text {
    pub(super) fn new() -> Text {
        Text { bytes: [0; 128], len: 0 }
    }

    /// What does not fit is cut off.
    pub(super) fn write(&mut self, parts: &[&str]) -> Value<'_> {
        let mut to = &mut self.bytes[..];
        for part in parts {
            let _ = to.write_all(part.as_bytes());
        }
        self.len = 128 - to.len();
        self.value()
    }

    pub(super) fn value(&self) -> Value<'_> {
        Value::new(&self.bytes[..self.len]).unwrap_or(Value::from_static(""))
    }
}

/// `bytes 0-9/20`, or for no part `bytes */20`.
pub(super) fn content_range(part: Option<&Range<u64>>, length: u64) -> Text {
    let mut text = Text::new();
    let mut to = &mut text.bytes[..];
    // Three numbers of at most 20 digits fit.
    let _ = match part {
        Some(part) => write!(to, "bytes {}-{}/{length}", part.start, part.end.saturating_sub(1)),
        None => write!(to, "bytes */{length}"),
    };
    text.len = 128 - to.len();
    text
}
