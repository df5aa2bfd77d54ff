//! What is refused of a response: the one table of words and counters.

use std::fmt;

use super::refusal::Refusal;

macro_rules! flaws {
    ($($(#[$doc:meta])* $name:ident $constant:ident = $reason:literal,)*) => {
        /// Why a connection to a server was ended: the text of its
        /// [`Fault`](crate::contract::Fault), and the name under which the loop counts it.
        pub mod reason {
            $($(#[$doc])* pub const $constant: &str = concat!("http client: ", $reason);)*

            /// The server ended the connection before any byte of its response: it may never have
            /// seen the request.
            pub const UNANSWERED: &str = "http client: closed before a response";
            /// The server ended the connection within the head of its response.
            pub const HEAD_CUT: &str = "http client: the end came within a head";
            /// The server ended the connection within the body of its response.
            pub const BODY_CUT: &str = "http client: the end came within a body";
            /// The server reset the connection.
            pub const RESET: &str = "http client: reset by the server";
            /// The server does not take the request.
            pub const SENDING_TIMED_OUT: &str = "http client: a request was not taken in time";
            /// No byte of a response came in time.
            pub const ANSWER_TIMED_OUT: &str = "http client: a response did not begin in time";
            /// The head of a response did not come in time.
            pub const HEAD_TIMED_OUT: &str = "http client: a head took too long";
            /// The body of a response came too slowly.
            pub const BODY_TIMED_OUT: &str = "http client: a body came too slowly";
            /// All of an exchange took longer than it may.
            pub const TOTAL_TIMED_OUT: &str = "http client: an exchange took too long";
            /// A caller could not complete its request, or wants no more of a response.
            pub const GIVEN_UP: &str = "http client: an exchange was given up";
            /// A caller sent more or less of a body than it announced: a bug of the caller.
            pub const WRONG_LENGTH: &str = "http client: a body not as long as its head says";
            /// Counted only: nothing was asked for too long.
            pub const IDLE: &str = "http client: idle for too long";
            /// Counted only: as many requests as one connection may make.
            pub const REQUESTS: &str = "http client: enough requests on one connection";
        }

        /// What is wrong with what a server sent. The connection ends: nothing behind it can be
        /// read.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[non_exhaustive]
        pub enum Flaw {
            $($(#[$doc])* $name,)*
        }

        impl Flaw {
            /// The name under which it is counted: one of [`reason`].
            pub const fn reason(self) -> &'static str {
                match self {
                    $(Flaw::$name => reason::$constant,)*
                }
            }

            #[cfg(test)]
            const ALL: &[Flaw] = &[$(Flaw::$name,)*];
        }
    };
}

flaws! {
    /// A line that ends with LF alone.
    BareLf BARE_LF = "a line that does not end with CRLF",
    /// The head is not of the grammar.
    Malformed MALFORMED = "a malformed head",
    /// A version of HTTP other than 1.0 and 1.1.
    BadVersion BAD_VERSION = "a version other than 1.0 and 1.1",
    /// A status that is none of 100 to 599.
    BadStatus BAD_STATUS = "a bad status",
    /// A length that is no plain number, or more than one.
    BadLength BAD_LENGTH = "a bad content-length",
    /// A length and a transfer coding: a body that may be read in two ways.
    LengthAndCoding LENGTH_AND_CODING = "a content-length and a transfer-encoding",
    /// A transfer coding other than `chunked`, one that is repeated, or one in HTTP/1.0.
    BadCoding BAD_CODING = "a bad transfer-encoding",
    /// The frame of a chunk is not of the grammar.
    BadChunk BAD_CHUNK = "a malformed chunk",
    /// Extensions of chunks that are too long.
    ExtensionTooLong EXTENSION_TOO_LONG = "the extensions of chunks are too long",
    /// A trailer field that frames, routes or authorises a message.
    BadTrailer BAD_TRAILER = "a trailer that may not be one",
    /// A line of the head that is too long.
    LineTooLong LINE_TOO_LONG = "a line is too long",
    /// A head that is too large.
    HeadTooLarge HEAD_TOO_LARGE = "the head is too large",
    /// Too many header fields.
    TooManyHeaders TOO_MANY_HEADERS = "too many headers",
    /// A trailer section that is too large.
    TrailersTooLarge TRAILERS_TOO_LARGE = "the trailers are too large",
    /// A body that is larger than was wanted.
    BodyTooLarge BODY_TOO_LARGE = "the body is too large",
    /// More interim responses than [`INTERIMS_MOST`](crate::http1::wire::INTERIMS_MOST).
    TooManyInterims TOO_MANY_INTERIMS = "too many interim responses",
    /// A switch to another protocol that was not asked for, or before all of the request was sent.
    BadSwitch BAD_SWITCH = "a switch that was not asked for",
    /// Bytes that belong to no request.
    Unasked UNASKED = "bytes that no request asked for",
}

/// What the grammar refuses of a response; the rest is of requests alone.
impl From<Refusal> for Flaw {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::BareLf => Flaw::BareLf,
            Refusal::BadLength => Flaw::BadLength,
            Refusal::LengthAndCoding => Flaw::LengthAndCoding,
            Refusal::BadCoding => Flaw::BadCoding,
            Refusal::BadChunk => Flaw::BadChunk,
            Refusal::ExtensionTooLong => Flaw::ExtensionTooLong,
            Refusal::BadTrailer => Flaw::BadTrailer,
            Refusal::TargetTooLong | Refusal::HeaderTooLong => Flaw::LineTooLong,
            Refusal::HeadTooLarge => Flaw::HeadTooLarge,
            Refusal::TooManyHeaders => Flaw::TooManyHeaders,
            Refusal::TrailersTooLarge => Flaw::TrailersTooLarge,
            Refusal::BodyTooLarge => Flaw::BodyTooLarge,
            Refusal::BadVersion => Flaw::BadVersion,
            _ => Flaw::Malformed,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for Flaw {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flaw_has_a_counter_of_its_own() {
        for (nth, flaw) in Flaw::ALL.iter().enumerate() {
            assert!(flaw.reason().starts_with("http client: "));
            assert!(Flaw::ALL[..nth].iter().all(|other| other.reason() != flaw.reason()));
        }
    }
}
