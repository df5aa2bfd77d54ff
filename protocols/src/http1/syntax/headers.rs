//! The fields of a head, as the receiver sees them.

use std::fmt;

use super::head::{name, trim};
use super::list::tokens;

/// The header fields of one message, where they arrived.
#[derive(Clone, Copy)]
pub struct Headers<'a> {
    pub(in crate::http1) bytes: &'a [u8],
    /// Where each begins, and where the empty line does.
    pub(in crate::http1) starts: &'a [u16],
}

impl<'a> Headers<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of the first field of that name, in any case, without the space around it.
    #[inline]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// The values of all fields of that name, in their order.
    #[inline]
    pub fn values<'b>(&self, name: &'b str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'b> {
        self.lines().filter_map(move |line| {
            let (start, rest) = line.split_at_checked(name.len())?;
            let value = rest.strip_prefix(b":")?;
            start.eq_ignore_ascii_case(name.as_bytes()).then(|| trim(value))
        })
    }

    /// All fields in the order in which they came, without the space around their values.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        self.lines().map(|line| {
            let name = name(line);
            (text(&line[..name]), trim(&line[name + 1..]))
        })
    }

    /// Whether a field of that name, which is a list, has that token in it, in any case.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        let is_it = |item: &[u8]| item.eq_ignore_ascii_case(token.as_bytes());
        self.values(name).any(|value| tokens(value).any(is_it))
    }

    /// The lines, without their ends.
    #[inline]
    fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (bytes, starts) = (self.bytes, self.starts);
        starts.windows(2).map(|line| &bytes[usize::from(line[0])..usize::from(line[1]) - 2])
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Headers({})", self.len())
    }
}

/// What was found to be ASCII.
#[inline]
pub(in crate::http1) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
