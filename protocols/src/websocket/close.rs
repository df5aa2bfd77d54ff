//! Close codes (RFC 6455, section 7.4).

use std::fmt;
use std::ops::Range;

use tungstenite::protocol::frame::coding::CloseCode as Known;

use super::limits::reason;

/// Why a WebSocket is closed: a code that may be sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// All was said.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// The server shuts down, or the user left the page.
    pub const AWAY: CloseCode = CloseCode(1001);
    /// The protocol was broken.
    pub const PROTOCOL: CloseCode = CloseCode(1002);
    /// A kind of message that is not taken here.
    pub const UNSUPPORTED: CloseCode = CloseCode(1003);
    /// What was sent is not what it says it is: a text that is not UTF-8.
    pub const INVALID: CloseCode = CloseCode(1007);
    /// A rule of ours was broken, and no other code says which.
    pub const POLICY: CloseCode = CloseCode(1008);
    /// Too much.
    pub const TOO_LARGE: CloseCode = CloseCode(1009);
    /// We failed.
    pub const INTERNAL: CloseCode = CloseCode(1011);
    /// Come again later: a peer that reads too slowly, or a server that has too much to do.
    pub const AGAIN: CloseCode = CloseCode(1013);

    /// Registered after RFC 6455 was written: a gateway got a bad answer.
    const BAD_GATEWAY: u16 = 1014;

    /// The code of this number; none if it must not be sent.
    pub fn new(code: u16) -> Option<Self> {
        let may = Known::from(code).is_allowed() || code == Self::BAD_GATEWAY;
        may.then_some(CloseCode(code))
    }

    /// Its number.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({})", self.0)
    }
}

/// Why a peer is refused: the code that it is told, and what the loop counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) code: CloseCode,
    pub(super) reason: &'static str,
}

impl Refusal {
    pub(super) const fn protocol(reason: &'static str) -> Self {
        Refusal { code: CloseCode::PROTOCOL, reason }
    }

    pub(super) const fn policy(reason: &'static str) -> Self {
        Refusal { code: CloseCode::POLICY, reason }
    }

    pub(super) const fn too_large(reason: &'static str) -> Self {
        Refusal { code: CloseCode::TOO_LARGE, reason }
    }
}

/// The code in the payload of a close frame, none in an empty one, and where its reason is.
pub(super) fn parse(payload: &[u8]) -> Result<(Option<CloseCode>, Range<usize>), Refusal> {
    let (code, text) = match payload {
        [] => return Ok((None, 0..0)),
        [_] => return Err(Refusal::protocol(reason::CLOSE_TOO_SHORT)),
        [high, low, text @ ..] => (u16::from_be_bytes([*high, *low]), text),
    };
    let code = CloseCode::new(code).ok_or(Refusal::protocol(reason::CLOSE_CODE))?;
    if std::str::from_utf8(text).is_err() {
        return Err(Refusal { code: CloseCode::INVALID, reason: reason::CLOSE_NOT_UTF8 });
    }
    Ok((Some(code), 2..payload.len()))
}
