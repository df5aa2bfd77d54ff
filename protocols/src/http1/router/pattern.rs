//! What a route matches: the grammar of patterns, and why one is refused.

use std::fmt;

/// The most parameters of one pattern: as many fit into [`Params`](super::Params) without memory of
/// their own.
pub const PARAMS_MOST: usize = 8;

/// The methods that are known well enough to see that one was written in small letters.
const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

/// A route that cannot be served, and why: one line that names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadRoute {
    pub(super) method: Box<str>,
    pub(super) pattern: Box<str>,
    pub(super) why: Why,
}

/// What is wrong with a route.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Why {
    NoSlash,
    EmptySegment,
    BadByte(char),
    BadBraces,
    BadName,
    NameTwice(Box<str>),
    RestNotLast,
    TooManyParams,
    BadMethod,
    SmallLetters,
    Twice,
    OtherNames(Box<str>),
}

/// One segment of a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Segment<'a> {
    /// That text.
    Text(&'a str),
    /// `{name}`: any text but none.
    One(&'a str),
    /// `{*name}`: all that is left, with its slashes, but not nothing.
    Rest(&'a str),
}

/// The segments of a pattern, if it is one.
pub(super) fn parse(pattern: &str) -> Result<Vec<Segment<'_>>, Why> {
    let path = pattern.strip_prefix('/').ok_or(Why::NoSlash)?;
    let segments = path.split('/').map(segment).collect::<Result<Vec<_>, _>>()?;
    let Some((_, before)) = segments.split_last() else { return Ok(segments) };
    if before.contains(&Segment::Text("")) {
        return Err(Why::EmptySegment);
    }
    if before.iter().any(|segment| matches!(segment, Segment::Rest(_))) {
        return Err(Why::RestNotLast);
    }
    let names: Vec<_> = segments.iter().filter_map(Segment::name).collect();
    if names.len() > PARAMS_MOST {
        return Err(Why::TooManyParams);
    }
    match (1..names.len()).find(|at| names[..*at].contains(&names[*at])) {
        Some(at) => Err(Why::NameTwice(names[at].into())),
        None => Ok(segments),
    }
}

/// Checks a method.
pub(super) fn check_method(method: &str) -> Result<(), Why> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if method.is_empty() || !method.bytes().all(is_token) {
        return Err(Why::BadMethod);
    }
    let is_small = |known: &&str| known.eq_ignore_ascii_case(method) && *known != method;
    if METHODS.iter().any(is_small) { Err(Why::SmallLetters) } else { Ok(()) }
}

impl<'a> Segment<'a> {
    /// The name of what it catches.
    pub(super) fn name(&self) -> Option<&'a str> {
        match *self {
            Segment::Text(_) => None,
            Segment::One(name) | Segment::Rest(name) => Some(name),
        }
    }
}

fn segment(text: &str) -> Result<Segment<'_>, Why> {
    if let Some(inner) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        return match inner.strip_prefix('*') {
            Some(name) => Ok(Segment::Rest(checked_name(name)?)),
            None => Ok(Segment::One(checked_name(inner)?)),
        };
    }
    if text.contains(['{', '}']) {
        return Err(Why::BadBraces);
    }
    match text.chars().find(|char| !is_path(*char)) {
        Some(char) => Err(Why::BadByte(char)),
        None => Ok(Segment::Text(text)),
    }
}

fn checked_name(name: &str) -> Result<&str, Why> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_name = !name.is_empty() && name.bytes().all(is_good);
    if is_name { Ok(name) } else { Err(Why::BadName) }
}

/// Whether a path that reaches a service can hold it.
fn is_path(char: char) -> bool {
    char.is_ascii_graphic() && !matches!(char, '"' | '#' | '<' | '>' | '\\' | '?')
}

impl fmt::Display for BadRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.method.escape_debug(), self.pattern.escape_debug())?;
        match &self.why {
            Why::NoSlash => f.write_str("a pattern begins with `/`"),
            Why::EmptySegment => f.write_str("an empty segment, which only the end may be"),
            Why::BadByte(char) => {
                write!(f, "{char:?} is in no path as it comes: write it as an escape (%20)")
            }
            Why::BadBraces => f.write_str("a parameter is a whole segment: `{name}` or `{*name}`"),
            Why::BadName => f.write_str("a name has letters, digits and `_`, and at least one"),
            Why::NameTwice(name) => write!(f, "two parameters have the name `{name}`"),
            Why::RestNotLast => f.write_str("`{*name}` is the last segment, since it takes all"),
            Why::TooManyParams => write!(f, "more than {PARAMS_MOST} parameters"),
            Why::BadMethod => f.write_str("the method is no token"),
            Why::SmallLetters => f.write_str("methods are case-sensitive: write it in capitals"),
            Why::Twice => f.write_str("this route is there twice"),
            Why::OtherNames(other) => {
                write!(f, "the same paths as {other}, whose parameters have other names")
            }
        }
    }
}

impl std::error::Error for BadRoute {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        use Segment::{One, Rest, Text};
        for (pattern, segments) in [
            ("/", &[Text("")][..]),
            ("/a", &[Text("a")]),
            ("/a/", &[Text("a"), Text("")]),
            ("/a/{id}", &[Text("a"), One("id")]),
            ("/{a}/{b}/", &[One("a"), One("b"), Text("")]),
            ("/{*all}", &[Rest("all")]),
            ("/a/{x1}/{*_}", &[Text("a"), One("x1"), Rest("_")]),
            ("/a%20b/~c:d", &[Text("a%20b"), Text("~c:d")]),
        ] {
            assert_eq!(parse(pattern).as_deref(), Ok(segments), "{pattern}");
        }
    }

    #[test]
    fn methods() {
        for method in ["GET", "PROPFIND", "M-SEARCH", "x"] {
            assert_eq!(check_method(method), Ok(()), "{method}");
        }
        for (method, why) in [
            ("", Why::BadMethod),
            ("GET ", Why::BadMethod),
            ("G\r\nT", Why::BadMethod),
            ("GET,POST", Why::BadMethod),
            ("\u{e9}", Why::BadMethod),
            ("get", Why::SmallLetters),
            ("Delete", Why::SmallLetters),
        ] {
            assert_eq!(check_method(method), Err(why), "{method:?}");
        }
    }
}
