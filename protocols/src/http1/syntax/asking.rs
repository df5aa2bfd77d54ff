//! What the head of a request is made of: what could end a line cannot be built.

use std::fmt;

use super::field::{TOKEN, is_value};
use super::head::token;
use super::response::Asked;
use super::target;

/// The first line of a request and its host, which were checked together: a method that is a token,
/// a target of the form that the method takes, and one host (RFC 9112, section 3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestLine<'a> {
    method: &'a str,
    target: &'a str,
    host: &'a str,
}

/// A header field of a request: a token, and a value without a control byte but the tab.
///
/// Those that frame the message or say how it is routed cannot be built, since the client writes
/// them itself: `connection`, `content-length`, `expect`, `host`, `keep-alive`,
/// `proxy-connection`, `te`, `trailer`, `transfer-encoding` and `upgrade`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'a str,
    value: &'a [u8],
}

/// What part of a request is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadRequest {
    /// The method is no token.
    Method,
    /// The target is not of the grammar, or not of the form that the method takes.
    Target,
    /// The host is neither a name nor an address, with or without a port, or not the target's.
    Host,
    /// The name of a field is no token.
    Name,
    /// The client writes that field itself.
    Reserved,
    /// The value of a field has a control byte in it.
    Value,
}

/// What the client writes itself.
const RESERVED: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl<'a> RequestLine<'a> {
    /// A request of that method: the target is a path and a query as they are sent (`/a%20b?c`), a
    /// whole URI for a proxy, `*` for `OPTIONS`, or host and port for `CONNECT`.
    ///
    /// # Errors
    /// [`BadRequest`]: the part that is none.
    pub fn new(method: &'a str, target: &'a str, host: &'a str) -> Result<Self, BadRequest> {
        if method.is_empty() || token(method.as_bytes()) < method.len() {
            return Err(BadRequest::Method);
        }
        if !target::is_host(host.as_bytes()) {
            return Err(BadRequest::Host);
        }
        match target::check(method.as_bytes(), target.as_bytes(), Some(host.as_bytes())) {
            Ok(()) => Ok(RequestLine { method, target, host }),
            Err(super::refusal::Refusal::HostMismatch) => Err(BadRequest::Host),
            Err(_) => Err(BadRequest::Target),
        }
    }

    /// The same with `GET`.
    ///
    /// # Errors
    /// As [`new`](RequestLine::new).
    pub fn get(target: &'a str, host: &'a str) -> Result<Self, BadRequest> {
        RequestLine::new("GET", target, host)
    }

    /// The method.
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// The target.
    pub fn target(&self) -> &'a str {
        self.target
    }

    /// The host.
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// Whether it has the same effect when it is made twice, so that it may be sent again when its
    /// answer did not come (RFC 9110, section 9.2.2).
    pub fn is_idempotent(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE")
    }

    /// Whether a body is expected of it, so that there being none has to be said.
    pub(in crate::http1) fn has_content(&self) -> bool {
        matches!(self.method, "POST" | "PUT" | "PATCH")
    }

    /// Whether it may have a body at all: what follows `CONNECT` goes through the tunnel.
    pub(in crate::http1) fn takes_content(&self) -> bool {
        self.method != "CONNECT"
    }

    pub(in crate::http1) fn asked(&self) -> Asked {
        match self.method {
            "HEAD" => Asked::Head,
            "CONNECT" => Asked::Connect,
            _ => Asked::Other,
        }
    }
}

impl<'a> Field<'a> {
    /// That field.
    ///
    /// # Errors
    /// [`BadRequest`]: the part that is none.
    pub fn new(name: &'a str, value: &'a [u8]) -> Result<Self, BadRequest> {
        if name.is_empty() || token(name.as_bytes()) < name.len() {
            return Err(BadRequest::Name);
        }
        if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
            return Err(BadRequest::Reserved);
        }
        if is_value(value) { Ok(Field { name, value }) } else { Err(BadRequest::Value) }
    }

    /// A field of the program: in a `const`, a bad one does not compile.
    ///
    /// # Panics
    /// If it is none.
    pub const fn from_static(name: &'static str, value: &'static str) -> Field<'static> {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty(), "an empty header name");
        let mut at = 0;
        while at < bytes.len() {
            assert!(TOKEN[bytes[at] as usize], "a header name with a byte that no token has");
            at += 1;
        }
        let mut at = 0;
        while at < RESERVED.len() {
            let is_same = bytes.eq_ignore_ascii_case(RESERVED[at].as_bytes());
            assert!(!is_same, "the client writes that field");
            at += 1;
        }
        assert!(is_value(value.as_bytes()), "a header value with a control byte");
        Field { name, value: value.as_bytes() }
    }

    /// The name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The value.
    pub fn value(&self) -> &'a [u8] {
        self.value
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value.escape_ascii())
    }
}

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadRequest::Method => "the method is no token",
            BadRequest::Target => "the target is none that the method takes",
            BadRequest::Host => "the host is none, or not the target's",
            BadRequest::Name => "the name of a header is no token",
            BadRequest::Reserved => "the client writes that header itself",
            BadRequest::Value => "the value of a header has a control byte in it",
        })
    }
}

impl std::error::Error for BadRequest {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        for (method, target, host, bad) in [
            ("GET", "/", "a", None),
            ("BREW", "/a%20b?c", "a:80", None),
            ("GET", "http://a/b", "A", None),
            ("OPTIONS", "*", "[::1]:1", None),
            ("CONNECT", "a:443", "a:443", None),
            ("", "/", "a", Some(BadRequest::Method)),
            ("GET ", "/", "a", Some(BadRequest::Method)),
            ("G\r\n", "/", "a", Some(BadRequest::Method)),
            ("GET", "", "a", Some(BadRequest::Target)),
            ("GET", "/ HTTP/1.1", "a", Some(BadRequest::Target)),
            ("GET", "/\r\n", "a", Some(BadRequest::Target)),
            ("GET", "/\u{e9}", "a", Some(BadRequest::Target)),
            ("GET", "*", "a", Some(BadRequest::Target)),
            ("CONNECT", "/", "a", Some(BadRequest::Target)),
            ("GET", "/", "", Some(BadRequest::Host)),
            ("GET", "/", "a\r\nx: y", Some(BadRequest::Host)),
            ("GET", "http://a/", "b", Some(BadRequest::Host)),
        ] {
            assert_eq!(RequestLine::new(method, target, host).err(), bad, "{method} {target}");
        }
    }

    #[test]
    fn fields() {
        for (name, value, bad) in [
            ("accept", "*/*", None),
            ("X-~", "\t\u{e9}", None),
            ("", "", Some(BadRequest::Name)),
            ("a b", "", Some(BadRequest::Name)),
            ("a:", "", Some(BadRequest::Name)),
            ("Host", "a", Some(BadRequest::Reserved)),
            ("TRANSFER-ENCODING", "a", Some(BadRequest::Reserved)),
            ("a", "b\r\nc: d", Some(BadRequest::Value)),
            ("a", "b\0", Some(BadRequest::Value)),
        ] {
            assert_eq!(Field::new(name, value.as_bytes()).err(), bad, "{name}: {value}");
        }
    }
}
