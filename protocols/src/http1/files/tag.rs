//! Entity tags (RFC 9110, section 8.8.3): written for files, and compared with what a client has.

use std::fmt;
use std::io::Write;
use std::time::SystemTime;

use crate::http1::Value;
use crate::http1::coding::Coding;

/// The longest tag: three numbers of 16 digits, two hyphens, a coding and the quotes.
const TAG_MOST: usize = 64;

/// A strong entity tag of a file, quotes included.
#[derive(Clone, Copy)]
pub struct Tag {
    bytes: [u8; TAG_MOST],
    len: u8,
}

/// What tells one content of one file from another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The size in bytes.
    pub length: u64,
    /// The time of the last change, as exact as the file system has it.
    pub modified: SystemTime,
    /// The number of the file in its file system: a file that replaces another of the same size
    /// and time has another number.
    pub inode: u64,
}

impl Tag {
    /// The tag of that content in that coding: two codings of one content are two representations,
    /// and a strong tag may not be that of both.
    pub fn new(mark: &Mark, coding: Option<Coding>) -> Tag {
        let since = mark.modified.duration_since(SystemTime::UNIX_EPOCH);
        // Before 1970 the distance alone is as good: it is only compared.
        let since = since.unwrap_or_else(|error| error.duration());
        let mut tag = Tag { bytes: [0; TAG_MOST], len: 0 };
        let mut to = &mut tag.bytes[..];
        let nanos = since.as_nanos() as u64;
        // The buffer is long enough for the largest numbers.
        let _ = write!(to, "\"{nanos:x}-{:x}-{:x}", mark.length, blur(mark.inode));
        if let Some(coding) = coding {
            let _ = write!(to, "-{}", coding.token());
        }
        let _ = to.write_all(b"\"");
        tag.len = (TAG_MOST - to.len()) as u8;
        tag
    }

    /// The bytes, quotes included.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The same as a value of a field.
    pub fn value(&self) -> Value<'_> {
        Value::new(self.as_bytes()).unwrap_or(Value::from_static("\"\""))
    }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Tag) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Tag {}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({})", self.as_bytes().escape_ascii())
    }
}

/// Half of the bits of a mixed number: the inode itself is nobody's business outside.
fn blur(inode: u64) -> u32 {
    let mixed = (inode ^ (inode >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 32) as u32
}

/// Which tags are taken for the same (RFC 9110, section 8.8.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Comparison {
    /// A weak tag is nobody's.
    Strong,
    /// A weak tag is that of the strong one with the same text.
    Weak,
}

/// Whether a list of tags has that one in it, or is `*`. From the first thing on that is no tag,
/// nothing of the list counts.
pub(super) fn lists(list: &[u8], tag: &Tag, comparison: Comparison) -> bool {
    let mut rest = trim(list);
    if rest == b"*" {
        return true;
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(b",") {
            rest = trim(after);
            continue;
        }
        let Some((found, after)) = take(rest) else { return false };
        rest = trim(after);
        if !rest.is_empty() && rest[0] != b',' {
            return false;
        }
        if is_same(found, tag, comparison) {
            return true;
        }
    }
    false
}

/// Whether the value is one tag and that one, by the strong comparison.
pub(super) fn is_exactly(value: &[u8], tag: &Tag) -> bool {
    take(value)
        .is_some_and(|(found, rest)| rest.is_empty() && is_same(found, tag, Comparison::Strong))
}

/// A tag that a client sent.
#[derive(Clone, Copy)]
struct Found<'a> {
    /// Quotes included.
    opaque: &'a [u8],
    is_weak: bool,
}

fn is_same(found: Found<'_>, tag: &Tag, comparison: Comparison) -> bool {
    found.opaque == tag.as_bytes() && (comparison == Comparison::Weak || !found.is_weak)
}

/// The tag that `bytes` begin with, and what follows it.
fn take(bytes: &[u8]) -> Option<(Found<'_>, &[u8])> {
    let (is_weak, start) = match bytes.strip_prefix(b"W/") {
        Some(rest) => (true, rest),
        None => (false, bytes),
    };
    let inner = start.strip_prefix(b"\"")?;
    let end = inner.iter().position(|byte| *byte == b'"')?;
    if inner[..end].iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
        return None;
    }
    let (opaque, rest) = start.split_at(end + 2);
    Some((Found { opaque, is_weak }, rest))
}

fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t'));
    let bytes = &bytes[start.unwrap_or(bytes.len())..];
    let end = bytes.iter().rposition(|byte| !matches!(byte, b' ' | b'\t'));
    &bytes[..end.map_or(0, |end| end + 1)]
}
