//! What a path holds where its pattern has parameters.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::resource::Shape;
use super::take::FromParams;
use super::tree::Spans;
use crate::http1::{Answer, Reply, Status};

/// What a path holds where its pattern has parameters, lent for one request.
///
/// The path was matched as it came; an escape (`%2F`) is only decoded here, on request. So a text
/// may hold a slash, a line end or `..`: check it before it becomes part of a file name, a query or
/// a log.
#[derive(Clone, Copy)]
pub struct Params<'a> {
    path: &'a str,
    shape: &'a Shape,
    spans: Spans,
}

/// A parameter that does not hold what was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadParam<'a> {
    name: &'a str,
    kind: BadParamKind,
}

/// What is wrong with a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadParamKind {
    /// The pattern has none of that name: a bug of the program.
    Missing,
    /// It is not UTF-8 once it is decoded, or an escape of it lacks its two digits.
    NotText,
    /// It is not a value of the type.
    NotValid,
}

impl<'a> Params<'a> {
    #[inline]
    pub(super) fn new(path: &'a str, shape: &'a Shape, spans: Spans) -> Self {
        Params { path, shape, spans }
    }

    /// The text of that parameter as it came, escapes and all; none if the pattern has none of
    /// that name. It is never empty.
    #[inline]
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        let at = self.shape.names.iter().position(|own| **own == *name)?;
        self.spans.text(self.path, at)
    }

    /// The text of that parameter, decoded; it is only copied if there is an escape in it.
    ///
    /// # Errors
    /// [`BadParam`] if it is no text, or the pattern has none of that name.
    pub fn text<'n>(&self, name: &'n str) -> Result<Cow<'a, str>, BadParam<'n>> {
        let raw = self.raw(name).ok_or(BadParamKind::Missing);
        raw.and_then(decode).map_err(|kind| BadParam { name, kind })
    }

    /// That parameter, decoded, as a number or any other value that is read from a text.
    ///
    /// # Errors
    /// [`BadParam`] if it is none, or the pattern has none of that name.
    pub fn parse<'n, T: FromStr>(&self, name: &'n str) -> Result<T, BadParam<'n>> {
        let not_valid = BadParam { name, kind: BadParamKind::NotValid };
        self.text(name)?.parse().map_err(|_| not_valid)
    }

    /// All parameters in the order of the pattern, as a tuple of any types that are
    /// [`FromParam`](super::FromParam): `let (id, page): (u64, u32) = params.take()?`.
    ///
    /// # Errors
    /// [`BadParam`] for the first that is not of its type, or that the pattern does not have.
    pub fn take<T: FromParams<'a>>(&self) -> Result<T, BadParam<'a>> {
        T::from_params(self)
    }

    /// Names and texts as they came, in the order of the pattern.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let Params { path, shape, spans } = *self;
        let text = move |at| spans.text(path, at);
        shape.names.iter().enumerate().filter_map(move |(at, name)| Some((&**name, text(at)?)))
    }

    /// The pattern itself: a name for counters and logs, of which there are only so many.
    pub fn pattern(&self) -> &'a str {
        &self.shape.pattern
    }

    /// How many the pattern has.
    pub fn len(&self) -> usize {
        self.shape.names.len()
    }

    /// Whether the pattern has none.
    pub fn is_empty(&self) -> bool {
        self.shape.names.is_empty()
    }

    /// Name and text of the one at that place.
    pub(super) fn at(&self, at: usize) -> Result<(&'a str, &'a str), BadParam<'a>> {
        let found = self.shape.names.get(at).zip(self.spans.text(self.path, at));
        let missing = BadParam::new("a parameter that the pattern lacks", BadParamKind::Missing);
        found.map(|(name, text)| (&**name, text)).ok_or(missing)
    }
}

impl<'a> BadParam<'a> {
    pub(super) fn new(name: &'a str, kind: BadParamKind) -> Self {
        BadParam { name, kind }
    }

    /// The name of the parameter.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What is wrong with it.
    pub fn kind(&self) -> BadParamKind {
        self.kind
    }

    /// Answers 400 with the name of the parameter; 500 if the pattern has no such parameter.
    pub fn answer<S, M>(&self, reply: Reply<'_, S, M>) -> Answer<S, M> {
        if self.kind == BadParamKind::Missing {
            return reply.plain(Status::INTERNAL_SERVER_ERROR);
        }
        let text = format!("{self}\n");
        reply
            .status(Status::BAD_REQUEST)
            .content_type("text/plain; charset=utf-8")
            .body(text.as_bytes())
    }
}

/// The text without its escapes. They are decoded once: `%2541` is `%41`.
pub(super) fn decode(raw: &str) -> Result<Cow<'_, str>, BadParamKind> {
    let Some(first) = raw.find('%') else { return Ok(Cow::Borrowed(raw)) };
    let (plain, mut rest) = raw.split_at(first);
    let mut bytes = Vec::with_capacity(raw.len());
    bytes.extend_from_slice(plain.as_bytes());
    while let Some(at) = rest.find('%') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let digits = rest.as_bytes().get(at + 1..at + 3).ok_or(BadParamKind::NotText)?;
        let [high, low] = [digits[0], digits[1]].map(|digit| char::from(digit).to_digit(16));
        let (high, low) = high.zip(low).ok_or(BadParamKind::NotText)?;
        bytes.push((high << 4 | low) as u8);
        rest = &rest[at + 3..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| BadParamKind::NotText)
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Display for BadParam<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            BadParamKind::Missing => "no such parameter",
            BadParamKind::NotText => "a parameter that is no text",
            BadParamKind::NotValid => "a bad parameter",
        };
        write!(f, "{what}: {}", self.name)
    }
}

impl std::error::Error for BadParam<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_once_and_only_to_text() {
        for (raw, text) in [
            ("", Some("")),
            ("a-b_c~", Some("a-b_c~")),
            ("a+b", Some("a+b")),
            ("a%20b", Some("a b")),
            ("%2F", Some("/")),
            ("%2f%2E%2e", Some("/..")),
            ("%2541", Some("%41")),
            ("%C3%A9t%c3%a9", Some("\u{e9}t\u{e9}")),
            ("%c3", None),
            ("%c0%af", None),
            ("%ed%a0%80", None),
            ("%", None),
            ("a%2", None),
            ("%zz", None),
            ("%+1", None),
            ("%\u{e9}", None),
        ] {
            assert_eq!(decode(raw).ok().as_deref(), text, "{raw}");
        }
    }
}
