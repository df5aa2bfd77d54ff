//! What a head says of the message and the connection: decided here and nowhere else.
//!
//! A proxy before this server that reads a head in another way can be made to see other requests
//! than this server does (request smuggling). So whatever may be read in two ways is refused.

use std::mem::MaybeUninit;

use super::refusal::Refusal;
use super::request::tokens;
use super::{HEADERS_MOST, Limits, Version, target};

/// Room for the fields of one head.
pub(super) type Slots<'b> = [MaybeUninit<httparse::Header<'b>>; HEADERS_MOST];

/// One head, taken apart.
#[derive(Debug)]
pub(super) struct Head<'h, 'b> {
    pub(super) method: &'b str,
    pub(super) target: &'b str,
    pub(super) version: Version,
    pub(super) headers: &'h [httparse::Header<'b>],
}

/// Whether the connection goes on after the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Keep {
    /// It does, and need not be told.
    Open,
    /// It does, and the client must be told: HTTP/1.0.
    Told,
    /// It does not.
    Close,
}

/// What a head says of what follows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Framing {
    /// How long the body is.
    pub(super) length: u64,
    pub(super) keep: Keep,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(super) waits: bool,
    /// Whether the client asked to speak another protocol.
    pub(super) upgrade: bool,
}

impl<'h, 'b> Head<'h, 'b> {
    /// Takes a head apart that [`Scan`](super::scan::Scan) has found whole.
    #[inline]
    pub(super) fn parse(
        bytes: &'b [u8],
        slots: &'h mut Slots<'b>,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let mut parsed = httparse::Request::new(&mut []);
        let slots = &mut slots[..limits.headers.min(HEADERS_MOST)];
        let outcome = parsed.parse_with_uninit_headers(bytes, slots);
        let httparse::Request { method, path, version, headers } = parsed;
        match (outcome, method, path, version) {
            (Ok(httparse::Status::Complete(n)), Some(method), Some(target), Some(minor))
                if n == bytes.len() =>
            {
                let version = if minor == 0 { Version::Http10 } else { Version::Http11 };
                Ok(Head { method, target, version, headers })
            }
            (Err(error), ..) => Err(unparsed(error, bytes)),
            _ => Err(Refusal::Malformed),
        }
    }

    /// What it says of the message: table C of RFC 9112, sections 3.2, 6 and 9, read strictly.
    #[inline]
    pub(super) fn framing(&self) -> Result<Framing, Refusal> {
        let mut fields = Fields::default();
        for header in self.headers {
            fields.note(header)?;
        }
        if matches!(self.method, "CONNECT" | "TRACE") {
            return Err(Refusal::MethodOff);
        }
        if fields.host.is_none() && self.version == Version::Http11 {
            return Err(Refusal::BadHost);
        }
        target::check(self.method, self.target, fields.host)?;
        if fields.coding.is_some() {
            return Err(self.coding(&fields));
        }
        let length = fields.length.unwrap_or(0);
        let is_11 = self.version == Version::Http11;
        let keep = match (self.version, fields.close, fields.keep_alive) {
            (_, true, _) | (Version::Http10, false, false) => Keep::Close,
            (Version::Http11, false, _) => Keep::Open,
            (Version::Http10, false, true) => Keep::Told,
        };
        // An expectation of HTTP/1.0 is not one (RFC 9110, section 10.1.1).
        let waits = fields.expects && is_11 && length > 0;
        let upgrade = fields.upgrade && fields.upgrades && is_11;
        Ok(Framing { length, keep, waits, upgrade })
    }

    /// How a transfer coding is refused: bodies in chunks are not read yet.
    #[cold]
    fn coding(&self, fields: &Fields<'_>) -> Refusal {
        let is_chunked =
            fields.coding.is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"));
        if fields.length.is_some() {
            Refusal::LengthAndCoding
        } else if is_chunked && self.version == Version::Http11 {
            Refusal::Chunked
        } else {
            Refusal::BadCoding
        }
    }
}

/// The fields that say anything of framing, as far as they were seen.
#[derive(Default)]
struct Fields<'b> {
    host: Option<&'b [u8]>,
    length: Option<u64>,
    coding: Option<&'b [u8]>,
    /// `connection: close`, `keep-alive`, `upgrade`.
    close: bool,
    keep_alive: bool,
    upgrades: bool,
    /// `upgrade` is there.
    upgrade: bool,
    /// `expect: 100-continue`.
    expects: bool,
}

impl<'b> Fields<'b> {
    #[inline]
    fn note(&mut self, header: &httparse::Header<'b>) -> Result<(), Refusal> {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        match header.name.len() {
            4 if is("host") => self.note_host(header.value),
            6 if is("expect") => self.note_expectation(header.value),
            7 if is("upgrade") => {
                self.upgrade = true;
                Ok(())
            }
            10 if is("connection") => {
                self.note_connection(header.value);
                Ok(())
            }
            14 if is("content-length") => self.note_length(header.value),
            17 if is("transfer-encoding") => self.note_coding(header.value),
            _ => Ok(()),
        }
    }

    #[inline]
    fn note_host(&mut self, value: &'b [u8]) -> Result<(), Refusal> {
        if self.host.is_some() || !target::is_host(value) {
            return Err(Refusal::BadHost);
        }
        self.host = Some(value);
        Ok(())
    }

    #[inline]
    fn note_connection(&mut self, value: &[u8]) {
        if value == b"keep-alive" {
            self.keep_alive = true;
            return;
        }
        for token in tokens(value) {
            self.close |= token.eq_ignore_ascii_case(b"close");
            self.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
            self.upgrades |= token.eq_ignore_ascii_case(b"upgrade");
        }
    }

    /// At most 19 digits, which cannot overflow, in one field.
    fn note_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let is_number = (1..=19).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
        if self.length.is_some() || !is_number {
            return Err(Refusal::BadLength);
        }
        self.length =
            Some(value.iter().fold(0, |length, digit| 10 * length + u64::from(digit - b'0')));
        Ok(())
    }

    fn note_coding(&mut self, value: &'b [u8]) -> Result<(), Refusal> {
        if self.coding.replace(value).is_some() {
            return Err(Refusal::BadCoding);
        }
        Ok(())
    }

    fn note_expectation(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.expects || !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(Refusal::BadExpectation);
        }
        self.expects = true;
        Ok(())
    }
}

/// Why the parser refused it.
#[cold]
fn unparsed(error: httparse::Error, bytes: &[u8]) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => Refusal::TooManyHeaders,
        httparse::Error::Version if has_other_version(bytes) => Refusal::BadVersion,
        _ => Refusal::Malformed,
    }
}

/// Whether the request line ends with a version of HTTP, any one.
fn has_other_version(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let word = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    matches!(word, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
        if major.is_ascii_digit() && minor.is_ascii_digit())
}
