//! The head of a response: its first line, and what it says of what follows (RFC 9112, section
//! 6.3), read as strictly as that of a request.

use std::fmt;
use std::ops::Deref;

use super::flaw::Flaw;
use super::framing::{Body, Keep};
use super::head::{Lines, Starts, are_short, is, trim};
use super::headers::Headers;
use super::list::tokens;
use super::refusal::Refusal;
use super::version::Version;
use crate::http1::{HEAD_MOST, HEADERS_MOST, Limits};

/// The head of one response, all of which was judged; where it arrived.
///
/// It dereferences to its [`Headers`].
#[derive(Clone, Copy)]
pub struct ResponseHead<'a> {
    status: u16,
    reason: &'a [u8],
    version: Version,
    headers: Headers<'a>,
}

/// What a request was that a response answers, as far as that frames the response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Asked {
    Head,
    Connect,
    Other,
}

/// What follows the head of a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Follows {
    /// Another response to the same request.
    Response,
    Body(Body, Keep),
    /// Bytes of another protocol, or of whoever is behind the tunnel.
    Other,
}

impl<'a> ResponseHead<'a> {
    /// The status: 100 to 599.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The words behind the status, which mean nothing; often none.
    pub fn reason(&self) -> &'a [u8] {
        self.reason
    }

    /// The version that the server speaks.
    pub fn version(&self) -> Version {
        self.version
    }

    /// How long it is in bytes, its empty line included.
    pub(in crate::http1) fn size(&self) -> usize {
        self.headers.bytes.len()
    }

    /// Its bytes.
    pub(in crate::http1) fn bytes(&self) -> &'a [u8] {
        self.headers.bytes
    }

    /// Reads the head that `bytes` begins with, and what its fields say of framing; none if it is
    /// not whole.
    pub(in crate::http1) fn read(
        bytes: &'a [u8],
        limits: &Limits,
        starts: &'a mut Starts,
    ) -> Result<Option<(Self, Fields<'a>)>, Flaw> {
        let mut lines = Lines::new(bytes);
        let Some(end) = lines.end()? else { return Ok(None) };
        let (version, status, reason) = status_line(&bytes[..end])?;
        let mut fields = Fields::default();
        let most = limits.headers.min(HEADERS_MOST);
        let read = lines.fields(starts, most, |name, value| fields.note(name, trim(value)))?;
        let Some(count) = read else { return Ok(None) };
        let length = lines.at;
        let starts: &'a Starts = starts;
        if length > limits.head.min(HEAD_MOST) || !are_short(end, &starts.0[..=count], limits) {
            return Err(Flaw::HeadTooLarge);
        }
        let headers = Headers { bytes: &bytes[..length], starts: &starts.0[..=count] };
        Ok(Some((ResponseHead { status, reason, version, headers }, fields)))
    }
}

impl<'a> Deref for ResponseHead<'a> {
    type Target = Headers<'a>;

    fn deref(&self) -> &Headers<'a> {
        &self.headers
    }
}

impl fmt::Debug for ResponseHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ResponseHead { status, reason, version, headers } = self;
        write!(f, "{version} {status} {} ({} headers)", reason.escape_ascii(), headers.len())
    }
}

/// The fields that say anything of framing, as far as they were seen.
#[derive(Clone, Copy, Default)]
pub(in crate::http1) struct Fields<'a> {
    length: Option<u64>,
    coding: Option<&'a [u8]>,
    /// `connection` with `close`, `keep-alive`, `upgrade`.
    close: bool,
    keep_alive: bool,
    upgrades: bool,
    /// `upgrade`.
    upgrade: bool,
}

impl<'a> Fields<'a> {
    /// Judges a head by the request that it answers: RFC 9112, section 6.3, read strictly.
    ///
    /// A length and a coding together are refused wherever a body could be: whoever is in front of
    /// us may have read the other one.
    pub(in crate::http1) fn judge(
        &self,
        head: &ResponseHead<'_>,
        asked: Asked,
    ) -> Result<Follows, Flaw> {
        let (status, is_11) = (head.status, head.version == Version::Http11);
        // Whatever it says of a length is to be ignored (RFC 9110, section 9.3.6).
        if asked == Asked::Connect && (200..300).contains(&status) {
            return Ok(Follows::Other);
        }
        if self.length.is_some() && self.coding.is_some() {
            return Err(Flaw::LengthAndCoding);
        }
        if status == 101 {
            let is_sound = self.upgrade && self.upgrades && is_11;
            return if is_sound { Ok(Follows::Other) } else { Err(Flaw::BadSwitch) };
        }
        if status < 200 {
            return Ok(Follows::Response);
        }
        let mut keep = match (self.close, is_11, self.keep_alive) {
            (true, ..) | (_, false, false) => Keep::Close,
            _ => Keep::Open,
        };
        let body = match (self.coding, self.length) {
            _ if asked == Asked::Head || status == 304 => Body::Length(0),
            (coding, length) if status == 204 => {
                // It may not say so (RFC 9110, section 8.6): what it sends next cannot be trusted.
                if coding.is_some() || length.is_some_and(|length| length > 0) {
                    keep = Keep::Close;
                }
                Body::Length(0)
            }
            (Some(coding), _) if is_11 && coding.eq_ignore_ascii_case(b"chunked") => Body::Chunked,
            (Some(_), _) => return Err(Flaw::BadCoding),
            (None, Some(length)) => Body::Length(length),
            (None, None) => {
                keep = Keep::Close;
                Body::UntilEnd
            }
        };
        Ok(Follows::Body(body, keep))
    }

    fn note(&mut self, name: &[u8], value: &'a [u8]) -> Result<(), Refusal> {
        match name.first().map(u8::to_ascii_lowercase) {
            Some(b'c') if is(name, b"content-length") => self.note_length(value),
            Some(b'c') if is(name, b"connection") => {
                self.note_options(value);
                Ok(())
            }
            Some(b't') if is(name, b"transfer-encoding") => match self.coding.replace(value) {
                Some(_) => Err(Refusal::BadCoding),
                None => Ok(()),
            },
            Some(b'u') => {
                self.upgrade |= is(name, b"upgrade");
                Ok(())
            }
            _ => Ok(()),
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
}

/// Version, status and words. The space behind a status without words may be missing, which means
/// the same.
fn status_line(line: &[u8]) -> Result<(Version, u16, &[u8]), Flaw> {
    let (version, rest) = if let Some(rest) = line.strip_prefix(b"HTTP/1.1 ") {
        (Version::Http11, rest)
    } else if let Some(rest) = line.strip_prefix(b"HTTP/1.0 ") {
        (Version::Http10, rest)
    } else {
        return Err(other_version(line));
    };
    let (code, reason) = match rest {
        [a, b, c] => ([*a, *b, *c], &[][..]),
        [a, b, c, b' ', reason @ ..] => ([*a, *b, *c], reason),
        _ => return Err(Flaw::BadStatus),
    };
    if !code.iter().all(u8::is_ascii_digit) {
        return Err(Flaw::BadStatus);
    }
    let status = code.iter().fold(0, |status, digit| 10 * status + u16::from(digit - b'0'));
    match status {
        100..=599 => Ok((version, status, reason)),
        _ => Err(Flaw::BadStatus),
    }
}

/// What a line without one of our versions is.
#[cold]
fn other_version(line: &[u8]) -> Flaw {
    match line {
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor, b' ', ..]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Flaw::BadVersion
        }
        _ => Flaw::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines() {
        use Version::{Http10, Http11};
        for (line, read) in [
            ("HTTP/1.1 200 OK", Ok((Http11, 200, "OK"))),
            ("HTTP/1.0 599 ", Ok((Http10, 599, ""))),
            ("HTTP/1.1 100", Ok((Http11, 100, ""))),
            ("HTTP/1.1 404 Not  Found ", Ok((Http11, 404, "Not  Found "))),
            ("HTTP/1.1 099 A", Err(Flaw::BadStatus)),
            ("HTTP/1.1 600 A", Err(Flaw::BadStatus)),
            ("HTTP/1.1 20", Err(Flaw::BadStatus)),
            ("HTTP/1.1 2000", Err(Flaw::BadStatus)),
            ("HTTP/1.1 200OK", Err(Flaw::BadStatus)),
            ("HTTP/1.1 +20 OK", Err(Flaw::BadStatus)),
            ("HTTP/1.1  200 OK", Err(Flaw::BadStatus)),
            ("HTTP/2.0 200 OK", Err(Flaw::BadVersion)),
            ("HTTP/1.2 200 OK", Err(Flaw::BadVersion)),
            ("HTTP/1.1", Err(Flaw::Malformed)),
            ("http/1.1 200 OK", Err(Flaw::Malformed)),
            ("ICY 200 OK", Err(Flaw::Malformed)),
            (" HTTP/1.1 200 OK", Err(Flaw::Malformed)),
            ("", Err(Flaw::Malformed)),
        ] {
            let found = status_line(line.as_bytes());
            let wanted = read.map(|(version, status, reason)| (version, status, reason.as_bytes()));
            assert_eq!(found, wanted, "{line:?}");
        }
    }
}
