//! What one connection says, and how it judges the answer.

use std::str::FromStr;

use readily_benches::pattern::Pattern;
use readily_benches::talk::{Compression, Talk};

use crate::http::{Dialogue, Http};
use crate::websocket::WebSocket;

/// What all connections share.
pub(crate) struct Script {
    pub(crate) talk: Talk,
    pub(crate) pattern: Pattern,
    pub(crate) verify: Verify,
    /// The part of HTTP; of no use to the others.
    pub(crate) http: Dialogue,
}

impl Script {
    pub(crate) fn new(talk: Talk, verify: Verify) -> Self {
        let pattern = match talk {
            Talk::WebSocket { size, compression: Compression::On } => Pattern::of_words(size),
            _ => Pattern::new(talk.size()),
        };
        Self { talk, pattern, verify, http: Dialogue::new(talk) }
    }

    /// The message of a round trip.
    #[inline]
    pub(crate) fn message(&self, at: Position) -> &[u8] {
        self.pattern.message(at.connection, at.round_trip)
    }

    /// What is wrong with `got`, if anything, which has the length of `want`; `before` bytes of the
    /// same message came earlier.
    #[inline]
    pub(crate) fn judge(&self, got: &[u8], want: &[u8], before: usize) -> Result<(), String> {
        judge(self.verify, got, want, before)
    }
}

/// As [`Script::judge`].
#[inline]
pub(crate) fn judge(verify: Verify, got: &[u8], want: &[u8], before: usize) -> Result<(), String> {
    if verify == Verify::Off || got == want {
        return Ok(());
    }
    let at = got.iter().zip(want).take_while(|(got, want)| got == want).count();
    Err(format!("wrong byte {} at {}, {} was expected", got[at], before + at, want[at]))
}

/// Whether the bytes of each answer are compared with those that are expected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verify {
    On,
    Off,
}

impl FromStr for Verify {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err("on or off is expected"),
        }
    }
}

/// Which message it is.
#[derive(Clone, Copy)]
pub(crate) struct Position {
    pub(crate) connection: usize,
    pub(crate) round_trip: u64,
}

/// The state of one connection's talk.
pub(crate) enum Exchange {
    /// So many bytes of the answer have come.
    Echo(usize),
    Http(Http),
    WebSocket(WebSocket),
}

/// What some bytes from the server amount to.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Part of an answer, all of them.
    Part,
    /// The connection is ready for its first message.
    Opened,
    /// An answer, whose last byte is that before `end`.
    Whole { end: usize, then: Then },
}

/// What the server makes of the connection after an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Then {
    Keep,
    /// It has said that this answer is the last one.
    Close,
}

impl Exchange {
    /// For a connection without history.
    pub(crate) fn new(talk: Talk) -> Self {
        match talk {
            Talk::Echo { .. } | Talk::Connect { .. } => Self::Echo(0),
            Talk::Http(_) => Self::Http(Http::default()),
            Talk::WebSocket { compression, .. } => Self::WebSocket(WebSocket::new(compression)),
        }
    }

    /// Gets ready for so many units, which are sent at once; more than one only with HTTP.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        script: &Script,
        at: Position,
        units: u32,
    ) -> Result<(), String> {
        match self {
            Self::Echo(received) => *received = 0,
            Self::Http(http) => http.begin(units),
            Self::WebSocket(socket) => socket.begin(script.message(at))?,
        }
        Ok(())
    }

    /// The bytes to send now, from the first one on.
    #[inline]
    pub(crate) fn outgoing<'a>(&'a self, script: &'a Script, at: Position) -> &'a [u8] {
        match self {
            Self::Echo(_) => script.message(at),
            Self::Http(http) => http.outgoing(script),
            Self::WebSocket(socket) => socket.outgoing(),
        }
    }

    /// Judges bytes from the server, after `sent` bytes to it.
    #[inline]
    pub(crate) fn hear(
        &mut self,
        script: &mut Script,
        at: Position,
        sent: usize,
        bytes: &[u8],
    ) -> Result<Heard, String> {
        match self {
            Self::Echo(received) => hear_echo(received, script.message(at), script, sent, bytes),
            Self::Http(http) => http.hear(script, bytes),
            Self::WebSocket(socket) => socket.hear(script, at, bytes),
        }
    }
}

#[inline]
fn hear_echo(
    received: &mut usize,
    message: &[u8],
    script: &Script,
    sent: usize,
    bytes: &[u8],
) -> Result<Heard, String> {
    let end = *received + bytes.len();
    // A message of which no byte is missing is also the most that can have been sent.
    if end > sent {
        return Err(surplus(end - sent));
    }
    script.judge(bytes, &message[*received..end], *received)?;
    *received = end;
    Ok(if end < message.len() {
        Heard::Part
    } else {
        Heard::Whole { end: bytes.len(), then: Then::Keep }
    })
}

pub(crate) fn surplus(bytes: usize) -> String {
    format!("{bytes} B that nobody sent")
}
