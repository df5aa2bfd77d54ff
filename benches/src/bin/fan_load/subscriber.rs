//! One subscriber: what it has got, judged byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use readily_benches::trial::Trial;
use readily_benches::websocket::{CONTROL_MAX, PING, PONG, client_frame};

use crate::published::Published;

pub(crate) struct Subscriber {
    stream: TcpStream,
    hearing: Hearing,
    outgoing: Vec<u8>,
    sent: usize,
}

impl Subscriber {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, hearing: Hearing::default(), outgoing: Vec::new(), sent: 0 }
    }

    /// Where to put what is to be sent; [`flush`](Self::flush) sends it.
    pub(crate) fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.outgoing
    }

    /// Writes until all is out or the kernel is full.
    pub(crate) fn flush(&mut self) -> Result<(), String> {
        while self.sent < self.outgoing.len() {
            match self.stream.write(&self.outgoing[self.sent..]) {
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        self.outgoing.clear();
        self.sent = 0;
        Ok(())
    }

    /// Reads once, and checks what came; whether the kernel has no more now.
    pub(crate) fn read(
        &mut self,
        published: &mut Published,
        trial: &mut Trial,
        scratch: &mut [u8],
    ) -> Result<bool, String> {
        let read = match self.stream.read(scratch) {
            Ok(0) => return Err("closed by the server".to_owned()),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(false),
            Err(error) => return Err(error.to_string()),
        };
        let now = Instant::now();
        let delivered = |at: Instant| trial.record(now.saturating_duration_since(at));
        self.hearing.hear(&scratch[..read], published, &mut self.outgoing, delivered)?;
        if !self.outgoing.is_empty() {
            self.flush()?;
        }
        Ok(read < scratch.len())
    }
}

/// How far a subscriber is in what everybody gets.
#[derive(Default)]
struct Hearing {
    /// The message under way, or the next one.
    number: u64,
    /// Bytes of its frame that have come.
    got: usize,
    /// The beginning of a ping between two messages.
    ping: Vec<u8>,
}

impl Hearing {
    fn hear(
        &mut self,
        mut bytes: &[u8],
        published: &mut Published,
        out: &mut Vec<u8>,
        mut delivered: impl FnMut(Instant),
    ) -> Result<(), String> {
        while let Some(first) = bytes.first() {
            if self.got == 0 && (*first == PING || !self.ping.is_empty()) {
                bytes = self.hear_ping(bytes, out)?;
                continue;
            }
            let Some(frame) = published.frame(self.number) else {
                return Err(format!("{} B that nobody sent", bytes.len()));
            };
            let expected = &frame[self.got..];
            let (now, rest) = bytes.split_at(bytes.len().min(expected.len()));
            if now != &expected[..now.len()] {
                return Err(self.wrong(now, expected));
            }
            self.got += now.len();
            if self.got == frame.len() {
                delivered(published.deliver(self.number));
                self.number += 1;
                self.got = 0;
            }
            bytes = rest;
        }
        Ok(())
    }

    /// Takes one byte of a ping, since they are rare, and answers it once it is whole; what comes
    /// behind that byte.
    fn hear_ping<'a>(&mut self, bytes: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], String> {
        let (byte, rest) = bytes.split_at(1);
        self.ping.extend_from_slice(byte);
        match &self.ping[..] {
            [_, length, ..] if *length > CONTROL_MAX => {
                return Err(format!("a ping that begins with {PING:02x} {length:02x}"));
            }
            [_, length, payload @ ..] if payload.len() == usize::from(*length) => {
                client_frame(PONG, payload, out);
                self.ping.clear();
            }
            _ => {}
        }
        Ok(rest)
    }

    #[cold]
    fn wrong(&self, got: &[u8], expected: &[u8]) -> String {
        let at = got.iter().zip(expected).take_while(|(got, want)| got == want).count();
        let (message, byte) = (self.number, self.got + at);
        let (got, want) = (got[at], expected[at]);
        format!("message {message}: {got:02x} at byte {byte} of its frame, {want:02x} was expected")
    }
}

#[cfg(test)]
mod tests {
    use readily_benches::websocket::server_frame;

    use super::*;

    const SIZE: usize = 300;

    /// Two messages that are published, and their bytes with a ping before each.
    fn published() -> (Published, Vec<u8>) {
        let mut published = Published::new(SIZE, 1, 2, Instant::now());
        let mut bytes = Vec::new();
        for number in 0..2 {
            published.publish(&mut Vec::new());
            server_frame(PING, b"you?", &mut bytes);
            bytes.extend_from_slice(published.frame(number).expect("it was published"));
        }
        (published, bytes)
    }

    fn hear(pieces: &[&[u8]], published: &mut Published) -> Result<(usize, Vec<u8>), String> {
        let (mut hearing, mut delivered, mut out) = (Hearing::default(), 0, Vec::new());
        for piece in pieces {
            hearing.hear(piece, published, &mut out, |_| delivered += 1)?;
        }
        Ok((delivered, out))
    }

    #[test]
    fn messages_and_pings_are_read_cut_anywhere() {
        let (_, bytes) = published();
        let mut pongs = Vec::new();
        client_frame(PONG, b"you?", &mut pongs);
        client_frame(PONG, b"you?", &mut pongs);
        for cut in 0..=bytes.len() {
            let (first, last) = bytes.split_at(cut);
            let heard = hear(&[first, last], &mut published().0);
            assert_eq!(heard, Ok((2, pongs.clone())), "{cut}");
        }
        let each: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(hear(&each, &mut published().0), Ok((2, pongs)));
    }

    #[test]
    fn what_is_not_what_was_published_is_told() {
        let (_, bytes) = published();
        let frame = bytes.len() / 2;
        let swapped = [&bytes[frame..], &bytes[..frame]].concat();
        let with = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] ^= byte;
            bytes
        };
        for (bytes, expected) in [
            (with(6, 0x80), "message 0: 02 at byte 0 of its frame, 82 was expected"),
            (with(7, 0x80), "message 0: fe at byte 1 of its frame, 7e was expected"),
            (with(9, 1), "message 0: 2d at byte 3 of its frame, 2c was expected"),
            (with(1, 0x80), "a ping that begins with 89 84"),
            ([&bytes[..], &[0x82]].concat(), "1 B that nobody sent"),
            (bytes[..frame].repeat(2), "message 1: "),
            (swapped, "message 0: "),
        ] {
            let error = hear(&[&bytes], &mut published().0).expect_err(expected);
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
