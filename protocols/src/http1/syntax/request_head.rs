//! The head of a request, as the receiver sees it.

use std::fmt;
use std::ops::Deref;

use super::head::Head;
use super::headers::{Headers, text};
use super::version::Version;

impl<'a> Head<'a> {
    /// The method, case-sensitive: `GET`.
    #[inline]
    pub fn method(&self) -> &'a str {
        match self.method {
            b"GET" => "GET",
            b"HEAD" => "HEAD",
            b"POST" => "POST",
            other => text(other),
        }
    }

    /// The same as bytes, which costs nothing.
    #[inline]
    pub fn method_bytes(&self) -> &'a [u8] {
        self.method
    }

    /// The target as it came: `/path?query`, `http://host/path`, `host:port` or `*`.
    #[inline]
    pub fn target(&self) -> &'a str {
        text(self.target)
    }

    /// The same as bytes, which costs nothing. All of them are ASCII.
    #[inline]
    pub fn target_bytes(&self) -> &'a [u8] {
        self.target
    }

    /// The path of the target, not decoded: it starts with `/`, or is `*`, or the host and port of
    /// `CONNECT`.
    #[inline]
    pub fn path(&self) -> &'a str {
        text(self.path_bytes())
    }

    /// The same as bytes, which costs nothing. All of them are ASCII.
    #[inline]
    pub fn path_bytes(&self) -> &'a [u8] {
        split(self.target).0
    }

    /// What follows the `?` of the target, if there is one.
    #[inline]
    pub fn query(&self) -> Option<&'a str> {
        split(self.target).1.map(text)
    }

    /// The version that the client speaks.
    #[inline]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The host that is asked: of the target if that is a whole URI, else of its field. None only
    /// in
    /// HTTP/1.0.
    pub fn host(&self) -> Option<&'a str> {
        // Where both are there they are the same.
        let authority = || authority(self.target).map(|(host, _)| host);
        self.header("host").or_else(authority).map(text)
    }
}

impl<'a> Deref for Head<'a> {
    type Target = Headers<'a>;

    #[inline]
    fn deref(&self) -> &Headers<'a> {
        &self.headers
    }
}

impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { version, headers, .. } = self;
        write!(f, "{} {} {version} ({} headers)", self.method(), self.target(), headers.len())
    }
}

/// Path and query of a target that was checked.
#[inline]
fn split(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    let from_path = if target.first() == Some(&b'/') { target } else { without_host(target) };
    match from_path.iter().position(|byte| *byte == b'?') {
        Some(at) => (or_root(&from_path[..at]), Some(&from_path[at + 1..])),
        None => (or_root(from_path), None),
    }
}

/// A target of another form, from its path on.
#[cold]
fn without_host(target: &[u8]) -> &[u8] {
    authority(target).map_or(target, |(_, rest)| rest)
}

/// The host and port of a whole URI, and what follows them.
#[cold]
fn authority(target: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = target.windows(3).position(|three| three == b"://")? + 3;
    let rest = &target[start..];
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    Some(rest.split_at(end))
}

/// `http://host` has the path `/`.
#[inline]
fn or_root(path: &[u8]) -> &[u8] {
    if path.is_empty() { b"/" } else { path }
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
            ("example.org:443", "example.org:443", None),
            ("http://host", "/", None),
            ("http://host?q", "/", Some("q")),
            ("HTTPS://host:1/a?q", "/a", Some("q")),
        ] {
            let found = split(target.as_bytes());
            assert_eq!(found, (path.as_bytes(), query.map(str::as_bytes)), "{target}");
        }
    }
}
