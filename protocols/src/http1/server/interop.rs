//! To and from the types of the crate `http`, for libraries that speak them.
//!
//! They allocate: a request or an answer in them costs what its map of headers does. A [`Name`] is
//! not made of an [`http::HeaderName`], since it is a text of the program; such names go out by
//! [`Draft::headers`].

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{Answer, Draft, Reply, Request};
use crate::http1::syntax::field::RESERVED;
use crate::http1::syntax::refusal::reason;
use crate::http1::wire::pen::Pen;
use crate::http1::{BadValue, Name, Status, Value, Version};

/// A status or a version of the crate `http` that is none of a final answer of HTTP/1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unsupported<T>(pub T);

impl Request<'_> {
    /// A copy of it in the types of the crate `http`, with the body if that was waited for.
    ///
    /// # Errors
    /// If that crate refuses what is right here: a path with a backtick in it. 400 is an answer to
    /// that.
    pub fn to_http(&self) -> Result<http::Request<Bytes>, http::Error> {
        let start = http::Request::builder()
            .method(self.method())
            .uri(self.target())
            .version(self.version().into());
        let head = self.headers().fold(start, |head, (name, value)| head.header(name, value));
        head.body(Bytes::copy_from_slice(self.body()))
    }
}

impl<S, M> Reply<'_, S, M> {
    /// Answers as that response says, whose body is not copied if it is large; its version and its
    /// extensions are not looked at.
    ///
    /// Fields that the server writes itself are left out, and that there were some is counted as
    /// [`reason::FIELD_DROPPED`]. So the length is that of the body, also for a HEAD.
    /// An interim status, or one past 599, is answered 500 instead.
    pub fn http(self, response: http::Response<impl Into<Bytes>>) -> Answer<S, M> {
        let (head, body) = response.into_parts();
        let Ok(status) = Status::try_from(head.status) else {
            return self.plain(Status::INTERNAL_SERVER_ERROR);
        };
        let draft = self.status(status).headers(&head.headers);
        let answer = draft.body_shared(body.into());
        if head.headers.iter().all(goes_out) {
            return answer;
        }
        answer.counted(reason::FIELD_DROPPED)
    }
}

impl<S, M> Draft<'_, S, M> {
    /// Adds all fields of a map but those that the server writes itself: `connection`,
    /// `content-length`, `date`, `keep-alive`, `te`, `trailer`, `transfer-encoding` and `upgrade`.
    pub fn headers(self, map: &HeaderMap) -> Self {
        let fields = map.iter().filter(|field| goes_out(*field));
        for (name, value) in fields {
            let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
            Pen::lend(self.reply.tx, name.len() + value.len() + 4, |pen| {
                pen.put(b"\r\n");
                pen.put(name);
                pen.put(b": ");
                pen.put(value);
            });
        }
        self
    }
}

/// Whether the server neither writes that field itself nor could not write it at all.
fn goes_out((name, value): (&HeaderName, &HeaderValue)) -> bool {
    !RESERVED.contains(&name.as_str()) && Value::try_from(value).is_ok()
}

impl From<Status> for StatusCode {
    fn from(status: Status) -> Self {
        // A status is 200 to 599, all of which are codes.
        StatusCode::from_u16(status.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl TryFrom<StatusCode> for Status {
    type Error = Unsupported<StatusCode>;

    fn try_from(code: StatusCode) -> Result<Self, Self::Error> {
        Status::new(code.as_u16()).ok_or(Unsupported(code))
    }
}

impl From<Version> for http::Version {
    fn from(version: Version) -> Self {
        match version {
            Version::Http10 => http::Version::HTTP_10,
            Version::Http11 => http::Version::HTTP_11,
        }
    }
}

impl TryFrom<http::Version> for Version {
    type Error = Unsupported<http::Version>;

    fn try_from(version: http::Version) -> Result<Self, Self::Error> {
        match version {
            http::Version::HTTP_10 => Ok(Version::Http10),
            http::Version::HTTP_11 => Ok(Version::Http11),
            other => Err(Unsupported(other)),
        }
    }
}

impl TryFrom<Name> for HeaderName {
    type Error = http::header::InvalidHeaderName;

    /// Fails for a name past 64 KiB alone.
    fn try_from(name: Name) -> Result<Self, Self::Error> {
        HeaderName::from_bytes(name.as_str().as_bytes())
    }
}

impl<'a> TryFrom<&'a HeaderValue> for Value<'a> {
    type Error = BadValue;

    fn try_from(value: &'a HeaderValue) -> Result<Self, BadValue> {
        Value::new(value.as_bytes())
    }
}

impl TryFrom<Value<'_>> for HeaderValue {
    type Error = http::header::InvalidHeaderValue;

    /// Fails for none, as far as is known: both have the same bytes.
    fn try_from(value: Value<'_>) -> Result<Self, Self::Error> {
        HeaderValue::from_bytes(value.as_bytes())
    }
}

impl<T: fmt::Debug> fmt::Display for Unsupported<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is none of a final answer of HTTP/1", self.0)
    }
}

impl<T: fmt::Debug> std::error::Error for Unsupported<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_versions_there_and_back() {
        for code in 100..=999 {
            let theirs = StatusCode::from_u16(code).unwrap();
            match Status::try_from(theirs) {
                Ok(status) => assert_eq!(StatusCode::from(status), theirs),
                Err(Unsupported(same)) => assert!(same == theirs && !(200..600).contains(&code)),
            }
        }
        for version in [Version::Http10, Version::Http11] {
            assert_eq!(Version::try_from(http::Version::from(version)), Ok(version));
        }
        let error = Version::try_from(http::Version::HTTP_2).unwrap_err();
        assert_eq!(error.to_string(), "HTTP/2.0 is none of a final answer of HTTP/1");
    }

    #[test]
    fn values_have_the_same_bytes() {
        for byte in 0..=u8::MAX {
            let bytes = [b'a', byte, b'b'];
            match (HeaderValue::from_bytes(&bytes), Value::new(&bytes)) {
                (Ok(theirs), Ok(ours)) => {
                    assert_eq!(Value::try_from(&theirs), Ok(ours));
                    assert_eq!(HeaderValue::try_from(ours).unwrap(), theirs);
                }
                (theirs, ours) => assert!(theirs.is_err() && ours.is_err(), "{byte:#04x}"),
            }
        }
    }

    #[test]
    fn names() {
        for name in [Name::CONTENT_TYPE, Name::new("X-Trace_1")] {
            let theirs = HeaderName::try_from(name).unwrap();
            assert!(theirs.as_str().eq_ignore_ascii_case(name.as_str()));
        }
    }
}
