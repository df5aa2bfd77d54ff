//! The access log: what was asked, what was answered, and how long it took, one line for each.
//!
//! A [`Record`] is one exchange, a [`Formatter`] writes it as one line into a buffer of the caller.
//! Where the lines go from there, and who waits for a disk, is not decided here: the `logbook` of
//! the `readily` crate keeps that away from the loop.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use readily_protocols::contract::{Address, Id, Remote};
//! use readily_protocols::http1::Version;
//! use readily_protocols::http1::access::{Format, Formatter, Record};
//!
//! let record = Record {
//!     id: Id { index: 3, generation: 7 },
//!     number: 1,
//!     from: &Remote::from(Address::Ip(([192, 0, 2, 1], 40_000).into())),
//!     when: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
//!     took: Duration::from_micros(150),
//!     method: b"GET",
//!     target: b"/a?b",
//!     version: Some(Version::Http11),
//!     status: 200,
//!     sent: 512,
//!     referer: None,
//!     user_agent: Some(b"say \"hi\"\r\n"),
//!     request_id: None,
//! };
//! let mut line = Vec::new();
//! Formatter::new(Format::Combined).write(&record, &mut line);
//! let text = r#"192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] "GET /a?b HTTP/1.1" 200 512 "-" "#;
//! let agent = r#""say \"hi\"\x0d\x0a""#;
//! assert_eq!(String::from_utf8(line), Ok(format!("{text}{agent}\n")));
//! ```
//!
//! # What is guaranteed
//!
//! - One record is one line of at most [`LINE_MAX`] bytes, its end counted, whatever the peer sent.
//! - What the peer sent cannot end its field: quotes, backslashes, control bytes and, in the two
//!   common formats, every byte past ASCII are escaped. In JSON, what would change how the line is
//!   shown (bidirectional controls, invisible characters, other line ends) is escaped too.
//! - Nothing is allocated besides the growth of the caller's buffer.
//!
//! # What is not
//!
//! A query may hold a secret: what is in the target is in the log.

use std::time::{Duration, SystemTime};

use crate::contract::{Id, Remote};

use super::Version;

mod escape;
mod formatter;
mod stamp;
#[cfg(test)]
mod tests;

pub use self::formatter::{
    AGENT_MAX, Format, Formatter, LINE_MAX, METHOD_MAX, REFERER_MAX, TARGET_MAX,
};

/// One exchange, after its answer was written in full or given up.
///
/// What came from the peer is as it came: only a [`Formatter`] makes it fit for a log.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The connection.
    pub id: Id,
    /// Which request of that connection, from 1.
    pub number: u32,
    /// Where the connection comes from.
    pub from: &'a Remote,
    /// When the answer was complete, by the loop's wall time: at most a second old.
    pub when: SystemTime,
    /// From the call of the service to the last byte of the answer in the send buffer: what the
    /// peer took to read it is not in it. By the loop's clock, which is read once a turn: zero for
    /// an answer that was complete in the turn of its call.
    pub took: Duration,
    /// The method; empty where no request line could be read.
    pub method: &'a [u8],
    /// The target as it came; empty where no request line could be read.
    pub target: &'a [u8],
    /// The version; none where no request line could be read.
    pub version: Option<Version>,
    /// The code of the answer: a plain number, since an upgrade's is 101; 0 where the exchange
    /// ended before there was one.
    pub status: u16,
    /// How many bytes of body the answer had, framing not counted.
    pub sent: u64,
    /// The field `referer`.
    pub referer: Option<&'a [u8]>,
    /// The field `user-agent`.
    pub user_agent: Option<&'a [u8]>,
    /// The id that the client gave its request: see [`request_id`].
    pub request_id: Option<&'a str>,
}

/// The longest request id that is taken, in bytes.
pub const REQUEST_ID_MAX: usize = 64;

/// The value of a field `x-request-id`, if it can be passed on, answered and logged as it is.
///
/// It can with 1 to [`REQUEST_ID_MAX`] letters, digits and `-_.:+/=`, which is what a UUID, a ULID
/// and base64 are made of. None else: a client does not decide what is written into logs.
pub fn request_id(value: &[u8]) -> Option<&str> {
    let is_sane = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(byte);
    let fits = (1..=REQUEST_ID_MAX).contains(&value.len());
    if fits && value.iter().all(is_sane) { std::str::from_utf8(value).ok() } else { None }
}
