//! Status codes and their words.

use std::fmt;

/// The status of a final answer: 200 to 599.
///
/// An interim one (1xx) cannot be built: the server sends `100 Continue` and `101 Switching
/// Protocols` itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Status(u16);

macro_rules! statuses {
    ($($name:ident = $code:literal $text:literal,)*) => {
        /// The registered ones that servers of files, interfaces and upgrades need.
        impl Status {
            $(
                #[doc = concat!($code, " ", $text)]
                pub const $name: Status = Status($code);
            )*

            /// What the code means, in the words of RFC 9110; empty for a code without a name here.
            pub const fn text(self) -> &'static str {
                match self.0 {
                    $($code => $text,)*
                    _ => "",
                }
            }

            /// The status line with what always follows it; none for a code without a name.
            #[inline]
            pub(in crate::http1) const fn line(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some(concat!("HTTP/1.1 ", $code, " ", $text, "\r\ndate: ")),)*
                    _ => None,
                }
            }
        }

        #[cfg(test)]
        const ALL: &[Status] = &[$(Status::$name,)*];
    };
}

statuses! {
    OK = 200 "OK",
    CREATED = 201 "Created",
    ACCEPTED = 202 "Accepted",
    NO_CONTENT = 204 "No Content",
    RESET_CONTENT = 205 "Reset Content",
    PARTIAL_CONTENT = 206 "Partial Content",
    MOVED_PERMANENTLY = 301 "Moved Permanently",
    FOUND = 302 "Found",
    SEE_OTHER = 303 "See Other",
    NOT_MODIFIED = 304 "Not Modified",
    TEMPORARY_REDIRECT = 307 "Temporary Redirect",
    PERMANENT_REDIRECT = 308 "Permanent Redirect",
    BAD_REQUEST = 400 "Bad Request",
    UNAUTHORIZED = 401 "Unauthorized",
    FORBIDDEN = 403 "Forbidden",
    NOT_FOUND = 404 "Not Found",
    METHOD_NOT_ALLOWED = 405 "Method Not Allowed",
    NOT_ACCEPTABLE = 406 "Not Acceptable",
    REQUEST_TIMEOUT = 408 "Request Timeout",
    CONFLICT = 409 "Conflict",
    GONE = 410 "Gone",
    LENGTH_REQUIRED = 411 "Length Required",
    PRECONDITION_FAILED = 412 "Precondition Failed",
    CONTENT_TOO_LARGE = 413 "Content Too Large",
    URI_TOO_LONG = 414 "URI Too Long",
    UNSUPPORTED_MEDIA_TYPE = 415 "Unsupported Media Type",
    RANGE_NOT_SATISFIABLE = 416 "Range Not Satisfiable",
    EXPECTATION_FAILED = 417 "Expectation Failed",
    MISDIRECTED_REQUEST = 421 "Misdirected Request",
    UNPROCESSABLE_CONTENT = 422 "Unprocessable Content",
    UPGRADE_REQUIRED = 426 "Upgrade Required",
    TOO_MANY_REQUESTS = 429 "Too Many Requests",
    HEADERS_TOO_LARGE = 431 "Request Header Fields Too Large",
    INTERNAL_SERVER_ERROR = 500 "Internal Server Error",
    NOT_IMPLEMENTED = 501 "Not Implemented",
    BAD_GATEWAY = 502 "Bad Gateway",
    SERVICE_UNAVAILABLE = 503 "Service Unavailable",
    GATEWAY_TIMEOUT = 504 "Gateway Timeout",
    VERSION_NOT_SUPPORTED = 505 "HTTP Version Not Supported",
}

/// What a status says of the body that follows it (RFC 9110, section 6.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Content {
    /// There is one; it may be empty.
    Any,
    /// There is one, and it is empty.
    Empty,
    /// There is none, and no length of one.
    None,
}

impl Status {
    /// That code; none outside 200 to 599.
    pub const fn new(code: u16) -> Option<Status> {
        if code >= 200 && code <= 599 { Some(Status(code)) } else { None }
    }

    /// The number.
    pub const fn code(self) -> u16 {
        self.0
    }

    #[inline]
    pub(in crate::http1) const fn content(self) -> Content {
        match self.0 {
            204 | 304 => Content::None,
            205 => Content::Empty,
            _ => Content::Any,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.text())
    }
}

/// The longest status line, `date: ` included.
pub(in crate::http1) const LINE_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_status_has_its_line() {
        for status in ALL {
            let line = format!("HTTP/1.1 {} {}\r\ndate: ", status.code(), status.text());
            assert_eq!(status.line(), Some(&line[..]));
            assert!(line.len() <= LINE_MAX && !status.text().is_empty(), "{status}");
            assert_eq!(Status::new(status.code()), Some(*status));
        }
    }

    #[test]
    fn an_interim_status_cannot_be_built() {
        for (code, is_one) in [(99, false), (100, false), (101, false), (199, false), (200, true)] {
            assert_eq!(Status::new(code).is_some(), is_one, "{code}");
        }
        assert_eq!([599, 600, 999].map(|code| Status::new(code).is_some()), [true, false, false]);
    }
}
