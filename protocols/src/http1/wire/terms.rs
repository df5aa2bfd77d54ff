//! What a request asks of its answer.

use super::encoder::{Encoder, Length};
use super::pen::Frame;
use crate::http1::syntax::framing::Keep;
use crate::http1::syntax::status::Content;
use crate::http1::{Status, Version};

/// What the request asks of its answer.
#[derive(Clone, Copy, Debug)]
pub(in crate::http1) struct Terms {
    pub(in crate::http1) keep: Keep,
    pub(in crate::http1) version: Version,
    pub(in crate::http1) method: Method,
    /// Whether the client asked to speak another protocol.
    pub(in crate::http1) upgrade: bool,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(in crate::http1) waits: bool,
    /// Whether the body has not come to its end: the connection cannot go on after an answer.
    pub(in crate::http1) early: bool,
}

/// The methods that change what an answer looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Method {
    Head,
    Connect,
    Other,
}

impl Terms {
    pub(in crate::http1) const NONE: Terms = Terms {
        keep: Keep::Open,
        version: Version::Http11,
        method: Method::Other,
        upgrade: false,
        waits: false,
        early: false,
    };

    /// The status that is answered. To `CONNECT`, every 2xx says that a tunnel has begun
    /// (RFC 9110, section 9.3.6), so only a tunnel may answer it.
    #[inline]
    pub(in crate::http1) fn status(&mut self, status: Status) -> Status {
        if self.method == Method::Connect && status.code() < 300 {
            self.keep = Keep::Close;
            return Status::NOT_IMPLEMENTED;
        }
        status
    }

    /// How a body of that length is framed and encoded. This is where the rules of HEAD, 204, 205,
    /// 304 and HTTP/1.0 are (RFC 9112, section 6.3).
    #[inline]
    pub(in crate::http1) fn frame(&mut self, status: Status, length: Length) -> (Frame, Encoder) {
        let is_head = self.method == Method::Head;
        match (status.content(), length) {
            (Content::None, _) => (Frame::Unsaid, Encoder::Nothing),
            (Content::Empty, _) => (Frame::Length(0), Encoder::Nothing),
            (Content::Any, Length::Known(n)) if is_head => (Frame::Length(n), Encoder::Nothing),
            (Content::Any, Length::Known(n)) => (Frame::Length(n), Encoder::Length(n)),
            (Content::Any, Length::Unknown) if self.version == Version::Http10 => {
                self.keep = Keep::Close;
                (Frame::Unsaid, if is_head { Encoder::Nothing } else { Encoder::UntilEnd })
            }
            (Content::Any, Length::Unknown) if is_head => (Frame::Chunked, Encoder::Nothing),
            (Content::Any, Length::Unknown) => (Frame::Chunked, Encoder::Chunked),
        }
    }
}
