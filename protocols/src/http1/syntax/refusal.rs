//! What is refused: the one table of status, words and counter.

use super::status::Status;

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident $constant:ident = $status:ident $reason:literal,)*) => {
        /// Why a connection was ended: the text of its [`Fault`](crate::contract::Fault), and the
        /// name under which the loop counts it.
        pub mod reason {
            $($(#[$doc])* pub const $constant: &str = concat!("http: ", $reason);)*

            /// The peer ended its half within a head.
            pub const HEAD_CUT: &str = "http: the end came within a head";
            /// The peer ended its half within a body.
            pub const BODY_CUT: &str = "http: the end came within a body";
            /// A service switched to a step that becomes nothing: a bug of the service.
            pub const NO_SUCCESSOR: &str = "http: a switch to no other state";
            /// A service sent more or less of a body than its head announced: a bug of the service.
            pub const WRONG_LENGTH: &str = "http: an answer not as long as its head says";
            /// A service could not complete an answer that it had begun.
            pub const GIVEN_UP: &str = "http: an answer was given up";
            /// Counted only: an answer brought a field that the server writes itself.
            pub const FIELD_DROPPED: &str = "http: a field that the server writes itself";
            /// Counted only: nothing came after the accept.
            pub const SILENT: &str = "http: nothing came";
            /// Counted only: nothing came after an answer.
            pub const IDLE: &str = "http: idle for too long";
            /// Counted only: as many requests as one connection may make.
            pub const REQUESTS: &str = "http: enough requests on one connection";
        }

        /// A request that is answered by the server itself, after which the connection ends.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[non_exhaustive]
        pub enum Refusal {
            $($(#[$doc])* $name,)*
        }

        impl Refusal {
            /// The status to answer.
            pub const fn status(self) -> Status {
                match self {
                    $(Refusal::$name => Status::$status,)*
                }
            }

            /// The name under which it is counted: one of [`reason`].
            pub const fn reason(self) -> &'static str {
                match self {
                    $(Refusal::$name => reason::$constant,)*
                }
            }

            /// The body to answer: the reason without its prefix.
            pub(in crate::http1) const fn text(self) -> &'static str {
                match self {
                    $(Refusal::$name => concat!($reason, "\n"),)*
                }
            }

            #[cfg(test)]
            pub(in crate::http1) const ALL: &[Refusal] = &[$(Refusal::$name,)*];
        }
    };
}

refusals! {
    /// A line that ends with LF alone.
    BareLf BARE_LF = BAD_REQUEST "a line that does not end with CRLF",
    /// The head is not of the grammar.
    Malformed MALFORMED = BAD_REQUEST "a malformed head",
    /// The target is not of the grammar, or not of the form that the method takes.
    BadTarget BAD_TARGET = BAD_REQUEST "a bad target",
    /// No Host, more than one, or one that is no host.
    BadHost BAD_HOST = BAD_REQUEST "a missing or bad host",
    /// The target names another host than the field does.
    HostMismatch HOST_MISMATCH = BAD_REQUEST "the target and the host differ",
    /// A length that is no plain number, or more than one.
    BadLength BAD_LENGTH = BAD_REQUEST "a bad content-length",
    /// A length and a transfer coding.
    LengthAndCoding LENGTH_AND_CODING = BAD_REQUEST "a content-length and a transfer-encoding",
    /// A body with neither a length nor a coding where the method has one, in HTTP/1.0.
    LengthRequired LENGTH_REQUIRED = LENGTH_REQUIRED "a body without a length",
    /// The host is not the one that the connection was secured for.
    Misdirected MISDIRECTED = MISDIRECTED_REQUEST "a host that this connection is not for",
    /// A transfer coding that is malformed or repeated, or one in HTTP/1.0.
    BadCoding BAD_CODING = BAD_REQUEST "a bad transfer-encoding",
    /// The frame of a chunk is not of the grammar.
    BadChunk BAD_CHUNK = BAD_REQUEST "a malformed chunk",
    /// Extensions of chunks longer than [`Limits::extension`](crate::http1::Limits::extension) or
    /// [`Limits::extensions`](crate::http1::Limits::extensions).
    ExtensionTooLong EXTENSION_TOO_LONG = BAD_REQUEST "the extensions of chunks are too long",
    /// A trailer field that frames, routes or authorises a message.
    BadTrailer BAD_TRAILER = BAD_REQUEST "a trailer that may not be one",
    /// A head did not come in time.
    HeadTimedOut HEAD_TIMED_OUT = REQUEST_TIMEOUT "a head took too long",
    /// A request did not come in time.
    RequestTimedOut REQUEST_TIMED_OUT = REQUEST_TIMEOUT "a request took too long",
    /// A body came too slowly.
    BodyTooSlow BODY_TOO_SLOW = REQUEST_TIMEOUT "a body came too slowly",
    /// A body larger than [`Limits::body`](crate::http1::Limits::body).
    BodyTooLarge BODY_TOO_LARGE = CONTENT_TOO_LARGE "the body is too large",
    /// A request line longer than [`Limits::line`](crate::http1::Limits::line).
    TargetTooLong TARGET_TOO_LONG = URI_TOO_LONG "the request line is too long",
    /// An expectation other than `100-continue`.
    BadExpectation BAD_EXPECTATION = EXPECTATION_FAILED "an unknown expectation",
    /// A header line longer than [`Limits::line`](crate::http1::Limits::line).
    HeaderTooLong HEADER_TOO_LONG = HEADERS_TOO_LARGE "a header is too long",
    /// A head larger than [`Limits::head`](crate::http1::Limits::head).
    HeadTooLarge HEAD_TOO_LARGE = HEADERS_TOO_LARGE "the head is too large",
    /// Trailers longer than [`Limits::trailers`](crate::http1::Limits::trailers), or more than
    /// [`Limits::trailer_fields`](crate::http1::Limits::trailer_fields).
    TrailersTooLarge TRAILERS_TOO_LARGE = HEADERS_TOO_LARGE "the trailers are too large",
    /// More header fields than [`Limits::headers`](crate::http1::Limits::headers).
    TooManyHeaders TOO_MANY_HEADERS = HEADERS_TOO_LARGE "too many headers",
    /// `CONNECT` or `TRACE`, which this server does not do.
    MethodOff METHOD_OFF = NOT_IMPLEMENTED "a method that is off",
    /// A service put off its answer for longer than
    /// [`Limits::answer_time`](crate::http1::Limits::answer_time).
    AnswerTimedOut ANSWER_TIMED_OUT = GATEWAY_TIMEOUT "an answer took too long",
    /// A version of HTTP other than 1.0 and 1.1.
    BadVersion BAD_VERSION = VERSION_NOT_SUPPORTED "a version other than 1.0 and 1.1",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_counter_of_its_own_and_words_that_are_the_same() {
        let reasons: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.reason()).collect();
        for (nth, refusal) in Refusal::ALL.iter().enumerate() {
            assert_eq!(format!("{}\n", reasons[nth]), format!("http: {}", refusal.text()));
            assert!(!reasons[..nth].contains(&reasons[nth]), "{}", reasons[nth]);
            assert!(refusal.status().code() >= 400);
        }
    }
}
