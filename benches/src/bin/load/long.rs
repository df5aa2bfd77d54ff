//! An answer that is too long to be put together: judged as it comes.

use httparse::{EMPTY_HEADER, Response, Status};
use readily_benches::content;

use crate::chunks::{Chunks, Next};
use crate::exchange::{Heard, Then, Verify, judge};
use crate::http::{HEADERS, closes, value};

/// Far more than any server's head.
const HEAD_MOST: usize = 8 * 1024;

/// What the body has to be.
#[derive(Clone, Copy)]
pub(crate) enum Content<'a> {
    /// The large file, of which the beginning and the end of each piece are looked at.
    File,
    /// These bytes.
    Bytes(&'a [u8]),
}

/// How far one answer has come.
pub(crate) struct Long {
    /// What has come of the head.
    head: Vec<u8>,
    frame: Frame,
    /// How many bytes of the body have come.
    at: u64,
    then: Then,
}

#[derive(Clone, Copy)]
enum Frame {
    /// It stands in the head.
    Unknown,
    /// So many bytes are left.
    Length(u64),
    Chunked(Chunks),
}

impl Content<'_> {
    fn length(self) -> u64 {
        match self {
            Self::File => content::LENGTH,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    fn judge(self, verify: Verify, at: u64, piece: &[u8]) -> Result<(), String> {
        let past = (at + piece.len() as u64).saturating_sub(self.length());
        if past > 0 {
            return Err(format!("a body that is longer than {} B", self.length()));
        }
        match self {
            Self::File if verify == Verify::On => content::judge(at, piece),
            Self::File => Ok(()),
            Self::Bytes(bytes) => {
                let start = at as usize;
                judge(verify, piece, &bytes[start..start + piece.len()], start)
            }
        }
    }
}

impl Long {
    pub(crate) fn new() -> Self {
        Self { head: Vec::new(), frame: Frame::Unknown, at: 0, then: Then::Keep }
    }

    /// Judges what came; a whole answer leaves this ready for the next one.
    pub(crate) fn hear(
        &mut self,
        verify: Verify,
        content: Content<'_>,
        bytes: &[u8],
    ) -> Result<Heard, String> {
        let mut rest = bytes;
        if matches!(self.frame, Frame::Unknown) && !self.read_head(&mut rest)? {
            return Ok(Heard::Part);
        }
        let is_whole = match &mut self.frame {
            Frame::Length(left) => {
                let n = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                content.judge(verify, self.at, &rest[..n])?;
                (self.at, *left) = (self.at + n as u64, *left - n as u64);
                rest = &rest[n..];
                *left == 0
            }
            Frame::Chunked(chunks) => loop {
                match chunks.next(&mut rest)? {
                    Next::Data(data) => {
                        content.judge(verify, self.at, data)?;
                        self.at += data.len() as u64;
                    }
                    Next::Wanting => break false,
                    Next::End(_) => break true,
                }
            },
            Frame::Unknown => false,
        };
        if !is_whole {
            return Ok(Heard::Part);
        }
        if self.at != content.length() {
            return Err(format!("a body of {} B instead of {}", self.at, content.length()));
        }
        let then = self.then;
        *self = Self::new();
        Ok(Heard::Whole { end: bytes.len() - rest.len(), then })
    }

    /// Takes what is of the head from the front of `bytes`; says whether it is whole now.
    fn read_head(&mut self, bytes: &mut &[u8]) -> Result<bool, String> {
        let before = self.head.len();
        let n = bytes.len().min(HEAD_MOST - before);
        self.head.extend_from_slice(&bytes[..n]);
        let mut headers = [EMPTY_HEADER; HEADERS];
        let mut response = Response::new(&mut headers);
        let parsed = response.parse(&self.head);
        let Status::Complete(length) =
            parsed.map_err(|error| format!("not an HTTP answer: {error}"))?
        else {
            let is_short = self.head.len() < HEAD_MOST;
            return if is_short { Ok(false) } else { Err("a head without an end".to_owned()) };
        };
        if response.code != Some(200) {
            return Err(format!("status {} instead of 200", response.code.unwrap_or_default()));
        }
        let stated = value(response.headers, "content-length").and_then(|text| text.parse().ok());
        let is_chunked = value(response.headers, "transfer-encoding") == Some("chunked");
        self.frame = match stated {
            Some(length) => Frame::Length(length),
            None if is_chunked => Frame::Chunked(Chunks::NEW),
            None => return Err("an answer without a length".to_owned()),
        };
        self.then = if closes(response.headers) { Then::Close } else { Then::Keep };
        *bytes = &bytes[length - before..];
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str = "HTTP/1.1 200 OK\r\n";

    /// What follows each answer, where they come in two parts.
    fn judged(bytes: &[u8], cut: usize) -> Result<Vec<Then>, String> {
        let (mut long, mut found) = (Long::new(), Vec::new());
        for mut part in [&bytes[..cut], &bytes[cut..]] {
            while !part.is_empty() {
                let heard = long.hear(Verify::On, Content::Bytes(b"hello"), part)?;
                let Heard::Whole { end, then } = heard else { break };
                found.push(then);
                part = &part[end..];
            }
        }
        Ok(found)
    }

    #[test]
    fn answers_are_judged_at_every_cut() {
        let plain = format!("{OK}Content-Length: 5\r\n\r\nhello");
        let chunks = "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
        for (answers, expected) in [
            (plain.clone(), Ok(vec![Then::Keep])),
            (plain.repeat(2), Ok(vec![Then::Keep; 2])),
            (format!("{OK}{chunks}{plain}"), Ok(vec![Then::Keep; 2])),
            (format!("{OK}connection: close\r\n{chunks}"), Ok(vec![Then::Close])),
            (plain.replace("hello", "hallo"), Err("wrong byte 97 at 1, 101 was expected")),
            (plain.replace(": 5", ": 4"), Err("a body of 4 B instead of 5")),
            (plain.replace(": 5", ": 6") + "!", Err("a body that is longer than 5 B")),
            (plain.replace("Content", "Other"), Err("an answer without a length")),
            (plain.replace("200", "404"), Err("status 404 instead of 200")),
        ] {
            let expected = expected.map_err(str::to_owned);
            for cut in 0..answers.len() {
                assert_eq!(judged(answers.as_bytes(), cut), expected, "{answers:?} at {cut}");
            }
        }
    }
}
