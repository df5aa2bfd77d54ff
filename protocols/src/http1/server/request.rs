//! One request, as a service sees it.

use std::fmt;

use crate::contract::{Address, Id, Remote, Secured};

use crate::http1::Version;
use crate::http1::syntax::head::{Head, token, trim};
use crate::http1::syntax::list::tokens;

/// One request with its whole body, lent for one call: all of it lies in the receive buffer.
///
/// It was checked: the method is a token, the target is of the form that the method takes, there is
/// one host, and the framing is beyond doubt.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub(super) head: Head<'a>,
    pub(super) body: &'a [u8],
    pub(super) id: Id,
    pub(super) from: &'a Remote,
}

impl<'a> Request<'a> {
    /// The method, case-sensitive: `GET`.
    #[inline]
    pub fn method(&self) -> &'a str {
        text(self.head.method)
    }

    /// The target as it came: `/path?query`, `http://host/path`, or `*`.
    #[inline]
    pub fn target(&self) -> &'a str {
        text(self.head.target)
    }

    /// The path of the target, not decoded: it starts with `/`, or is `*`.
    #[inline]
    pub fn path(&self) -> &'a str {
        let (path, _) = split(self.target());
        path
    }

    /// What follows the `?` of the target, if there is one.
    #[inline]
    pub fn query(&self) -> Option<&'a str> {
        let (_, query) = split(self.target());
        query
    }

    /// The version that the client speaks.
    #[inline]
    pub fn version(&self) -> Version {
        self.head.version
    }

    /// The value of the first field of that name, in any case, without the space around it.
    #[inline]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// All fields in the order in which they came, without the space around their values.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        self.head.fields().map(|line| {
            let name = token(line);
            (text(&line[..name]), trim(&line[name + 1..]))
        })
    }

    /// Whether a field of that name, which is a list, has that token in it, in any case.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        let is_it = |item: &[u8]| item.eq_ignore_ascii_case(token.as_bytes());
        self.values(name).any(|value| tokens(value).any(is_it))
    }

    /// The body: empty when there is none.
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The connection that it came on.
    #[inline]
    pub fn id(&self) -> Id {
        self.id
    }

    /// Where that connection comes from.
    pub fn from(&self) -> Address {
        self.from.address()
    }

    /// What was agreed when that connection was secured; none on a plain one.
    pub fn secured(&self) -> Option<&'a Secured> {
        self.from.secured()
    }

    #[inline]
    fn values<'b>(&self, name: &'b str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'b> {
        self.head.fields().filter_map(move |line| {
            let (start, rest) = line.split_at_checked(name.len())?;
            let value = rest.strip_prefix(b":")?;
            start.eq_ignore_ascii_case(name.as_bytes()).then(|| trim(value))
        })
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ", self.method(), self.target(), self.version())?;
        write!(f, "({} headers, {} bytes)", self.headers().count(), self.body.len())
    }
}

/// What was found to be ASCII.
#[inline]
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Path and query of a target that was checked.
#[inline]
fn split(target: &str) -> (&str, Option<&str>) {
    let from_path = if target.starts_with('/') { target } else { without_host(target) };
    match from_path.split_once('?') {
        Some((path, query)) => (or_root(path), Some(query)),
        None => (or_root(from_path), None),
    }
}

/// A target of another form, from its path on.
#[cold]
fn without_host(target: &str) -> &str {
    let Some((_, rest)) = target.split_once("://") else { return target };
    &rest[rest.find(['/', '?']).unwrap_or(rest.len())..]
}

/// `http://host` has the path `/`.
#[inline]
fn or_root(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_path_and_query() {
        for (target, path, query) in [
            ("/", "/", None),
            ("/a/b?c=d?e", "/a/b", Some("c=d?e")),
            ("/?", "/", Some("")),
            ("/to?http://other/", "/to", Some("http://other/")),
            ("/a://b/c", "/a://b/c", None),
            ("*", "*", None),
            ("http://host", "/", None),
            ("http://host?q", "/", Some("q")),
            ("HTTPS://host:1/a?q", "/a", Some("q")),
        ] {
            assert_eq!(split(target), (path, query), "{target}");
        }
    }
}
