//! Names and values of the header fields of an answer: what could end a line cannot be built.

use std::fmt;

/// The name of a header field of an answer: a token (RFC 9110, section 5.1).
///
/// Those that frame the message cannot be built, since the server writes them itself:
/// `connection`, `content-length`, `date`, `keep-alive`, `te`, `trailer`, `transfer-encoding` and
/// `upgrade`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Name(&'static str);

/// The value of a header field of an answer: no CR, LF, NUL or other control byte but the tab
/// (RFC 9110, section 5.5), so that no value can end its line.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value<'a>(&'a [u8]);

/// A byte that no value may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadValue(pub u8);

/// What the server writes itself.
pub(in crate::http1) const RESERVED: [&str; 8] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Name {
    /// `allow`
    pub const ALLOW: Name = Name("allow");
    /// `cache-control`
    pub const CACHE_CONTROL: Name = Name("cache-control");
    /// `content-type`
    pub const CONTENT_TYPE: Name = Name("content-type");
    /// `etag`
    pub const ETAG: Name = Name("etag");
    /// `last-modified`
    pub const LAST_MODIFIED: Name = Name("last-modified");
    /// `location`
    pub const LOCATION: Name = Name("location");
    /// `retry-after`
    pub const RETRY_AFTER: Name = Name("retry-after");
    /// `server`
    pub const SERVER: Name = Name("server");
    /// `vary`
    pub const VARY: Name = Name("vary");

    /// A name of the program: make it a `const`, and a bad one does not compile.
    ///
    /// # Panics
    /// If it is no token, or the server writes that field itself.
    pub const fn new(name: &'static str) -> Name {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty(), "an empty header name");
        let mut at = 0;
        while at < bytes.len() {
            assert!(TOKEN[bytes[at] as usize], "a header name with a byte that no token has");
            at += 1;
        }
        let mut at = 0;
        while at < RESERVED.len() {
            assert!(!is_same(bytes, RESERVED[at].as_bytes()), "the server writes that field");
            at += 1;
        }
        Name(name)
    }

    /// The text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl<'a> Value<'a> {
    /// Those bytes, if they are a value.
    ///
    /// # Errors
    /// [`BadValue`] with the first byte that none may hold.
    pub fn new(bytes: &'a [u8]) -> Result<Self, BadValue> {
        match bytes.iter().find(|byte| !is_value_byte(**byte)) {
            Some(byte) => Err(BadValue(*byte)),
            None => Ok(Value(bytes)),
        }
    }

    /// A value of the program: in a `const`, a bad one does not compile.
    ///
    /// # Panics
    /// If a byte of it is none of a value.
    pub const fn from_static(text: &'static str) -> Value<'static> {
        assert!(is_value(text.as_bytes()), "a header value with a control byte");
        Value(text.as_bytes())
    }

    /// A text that was checked.
    #[inline]
    pub(in crate::http1) fn unchecked(text: &'a str) -> Self {
        debug_assert!(is_value(text.as_bytes()), "a header value with a control byte");
        Value(text.as_bytes())
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.0.escape_ascii())
    }
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a header value may not hold the byte {:#04x}", self.0)
    }
}

impl std::error::Error for BadValue {}

/// Whether a token may hold that byte (RFC 9110, section 5.6.2).
pub(in crate::http1) static TOKEN: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        bytes[byte] = matches!(byte as u8, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'
            | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_'
            | b'`' | b'|' | b'~');
        byte += 1;
    }
    bytes
};

/// Whether a field of that name may come behind a body: a token, and none that frames, routes,
/// authorises or describes the message (RFC 9110, section 6.5.1).
pub(in crate::http1) fn may_trail(name: &[u8]) -> bool {
    const BARRED: [&str; 26] = [
        "authorization",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "max-forwards",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "range",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
    ];
    let is_token = !name.is_empty() && name.iter().all(|byte| TOKEN[usize::from(*byte)]);
    is_token && !BARRED.iter().any(|barred| name.eq_ignore_ascii_case(barred.as_bytes()))
}

/// Whether a name is that one, which is in small letters, in any case.
const fn is_same(name: &[u8], lower: &[u8]) -> bool {
    let mut at = 0;
    while at < name.len() && at < lower.len() && name[at].to_ascii_lowercase() == lower[at] {
        at += 1;
    }
    at == name.len() && at == lower.len()
}

/// Whether every byte is one of a value.
pub(in crate::http1) const fn is_value(bytes: &[u8]) -> bool {
    let (mut at, mut is_value) = (0, true);
    while at < bytes.len() {
        is_value &= is_value_byte(bytes[at]);
        at += 1;
    }
    is_value
}

const fn is_value_byte(byte: u8) -> bool {
    (byte >= b' ' && byte != 0x7f) || byte == b'\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_holds_no_byte_that_ends_a_line() {
        for byte in 0..=u8::MAX {
            let bytes = [b'a', byte, b'b'];
            let is_bad = (byte < b' ' && byte != b'\t') || byte == 0x7f;
            let value = Value::new(&bytes);
            assert_eq!(value.err(), is_bad.then_some(BadValue(byte)), "{byte:#04x}");
            assert_eq!(is_value(&bytes), !is_bad);
        }
    }

    #[test]
    fn names_are_tokens_that_frame_nothing() {
        for name in ["x-Trace_1", "~", "allow"] {
            assert_eq!(Name::new(name).as_str(), name);
        }
        for name in ["", "a b", "a:", "a\r\nb", "\u{e9}", "Content-Length", "UPGRADE", "te"] {
            assert!(std::panic::catch_unwind(|| Name::new(name)).is_err(), "{name}");
        }
    }
}
