//! What a head says of the message and the connection: decided here and nowhere else.
//!
//! A proxy in front of this server that reads a head in another way can be made to see other
//! requests than this server does (request smuggling). So whatever may be read in two ways is
//! refused.

use super::head::{is, trim};
use super::list::tokens;
use super::refusal::Refusal;
use super::target;
use super::version::Version;
use crate::http1::{Allowed, Limits};

/// Whether the connection goes on after the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Keep {
    /// It does, and need not be told.
    Open,
    /// It does, and the client must be told: HTTP/1.0.
    Told,
    /// It does not.
    Close,
}

/// The body that follows a head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Body {
    /// That many bytes; none for zero.
    Length(u64),
    /// In chunks.
    Chunked,
    /// All up to the end of the stream: of an answer only.
    UntilEnd,
}

/// What a head says of what follows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) struct Framing {
    pub(in crate::http1) body: Body,
    pub(in crate::http1) keep: Keep,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(in crate::http1) waits: bool,
    /// Whether the client asked to speak another protocol.
    pub(in crate::http1) upgrade: bool,
}

/// Whether a field of that name may say anything of framing: most are told apart by their length
/// and first letter.
#[inline(always)]
pub(in crate::http1) fn is_of_framing(name: &[u8]) -> bool {
    const FIRST: [u8; 18] = *b"\0\0\0\0h\0eu\0\0c\0\0\0c\0\0t";
    FIRST.get(name.len()).is_some_and(|first| *first == name[0] | 0x20)
}

/// The fields that say anything of framing, as far as they were seen.
#[derive(Default)]
pub(in crate::http1) struct Fields<'a> {
    host: Option<&'a [u8]>,
    length: Option<u64>,
    coding: Option<&'a [u8]>,
    /// `connection` with `close`, `keep-alive`, `upgrade`.
    close: bool,
    keep_alive: bool,
    upgrades: bool,
    /// `upgrade`.
    upgrade: bool,
    /// `expect` with `100-continue`.
    expects: bool,
}

impl<'a> Fields<'a> {
    /// Judges a head: RFC 9112, sections 3.2, 6 and 9, read strictly.
    #[inline(always)]
    pub(in crate::http1) fn framing(
        &self,
        method: &[u8],
        target: &[u8],
        version: Version,
        limits: &Limits,
    ) -> Result<Framing, Refusal> {
        if method == b"TRACE" || (method == b"CONNECT" && limits.connect == Allowed::No) {
            return Err(Refusal::MethodOff);
        }
        let is_11 = version == Version::Http11;
        if self.host.is_none() && is_11 {
            return Err(Refusal::BadHost);
        }
        target::check(method, target, self.host)?;
        let body = match (self.coding, self.length) {
            (None, Some(length)) => Body::Length(length),
            (None, None) if is_11 || !matches!(method, b"POST" | b"PUT" | b"PATCH") => {
                Body::Length(0)
            }
            (None, None) => return Err(Refusal::LengthRequired),
            (Some(coding), None) if is_11 && coding.eq_ignore_ascii_case(b"chunked") => {
                Body::Chunked
            }
            (Some(_), None) => return Err(Refusal::BadCoding),
            (Some(_), Some(_)) => return Err(Refusal::LengthAndCoding),
        };
        let keep = match (self.close, is_11, self.keep_alive) {
            (true, ..) | (_, false, false) => Keep::Close,
            (_, true, _) => Keep::Open,
            (_, false, true) => Keep::Told,
        };
        // An expectation in HTTP/1.0 is to be ignored (RFC 9110, section 10.1.1).
        let waits = self.expects && is_11 && body != Body::Length(0);
        let upgrade = self.upgrade && self.upgrades && is_11;
        Ok(Framing { body, keep, waits, upgrade })
    }

    /// Notes a field that [`is_of_framing`]: a name that is a token, and a value with the space
    /// around it.
    pub(in crate::http1) fn note(&mut self, name: &[u8], value: &'a [u8]) -> Result<(), Refusal> {
        let value = trim(value);
        match name.len() {
            4 if is(name, b"host") => self.note_host(value),
            6 if is(name, b"expect") => self.note_expectation(value),
            14 if is(name, b"content-length") => self.note_length(value),
            17 if is(name, b"transfer-encoding") => self.note_coding(value),
            10 if is(name, b"connection") => {
                self.note_connection(value);
                Ok(())
            }
            _ => {
                self.upgrade |= is(name, b"upgrade");
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn note_host(&mut self, value: &'a [u8]) -> Result<(), Refusal> {
        if self.host.is_some() || !target::is_host(value) {
            return Err(Refusal::BadHost);
        }
        self.host = Some(value);
        Ok(())
    }

    #[inline(always)]
    fn note_connection(&mut self, value: &[u8]) {
        if value == b"keep-alive" {
            self.keep_alive = true;
        } else {
            self.note_options(value);
        }
    }

    fn note_options(&mut self, value: &[u8]) {
        for option in tokens(value) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            self.upgrades |= option.eq_ignore_ascii_case(b"upgrade");
        }
    }

    /// At most 19 digits, which cannot overflow, in one field.
    fn note_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let is_number = (1..=19).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
        if self.length.is_some() || !is_number {
            return Err(Refusal::BadLength);
        }
        let number = value.iter().fold(0, |number, digit| 10 * number + u64::from(digit - b'0'));
        self.length = Some(number);
        Ok(())
    }

    fn note_coding(&mut self, value: &'a [u8]) -> Result<(), Refusal> {
        match self.coding.replace(value) {
            Some(_) => Err(Refusal::BadCoding),
            None => Ok(()),
        }
    }

    fn note_expectation(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.expects || !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(Refusal::BadExpectation);
        }
        self.expects = true;
        Ok(())
    }
}
