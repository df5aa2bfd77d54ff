//! One connection: a message out, its echo in, again.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use readily_benches::failure::Failure;
use readily_benches::pattern::Pattern;

use crate::client::Verify;

pub(crate) struct Connection {
    stream: TcpStream,
    index: usize,
    /// The round trip under way, or the next one.
    sequence: u64,
    /// Round trips left, the one under way included.
    left: u64,
    sent: usize,
    received: usize,
    started: Instant,
}

/// What one read brought.
pub(crate) enum Answer {
    /// Part of the answer; `drained` where the kernel has no more now.
    Partial { drained: bool },
    /// The last byte of it, this long after the first byte was sent.
    Whole(Duration),
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, index: usize) -> Self {
        let started = Instant::now();
        Self { stream, index, sequence: 0, left: 0, sent: 0, received: 0, started }
    }

    /// Starts the first of `round_trips`.
    pub(crate) fn begin(&mut self, round_trips: u64, pattern: &Pattern) -> Result<(), Failure> {
        self.left = round_trips;
        self.next(pattern)
    }

    /// Starts the next round trip, if one is left.
    pub(crate) fn next(&mut self, pattern: &Pattern) -> Result<(), Failure> {
        self.sent = 0;
        self.received = 0;
        self.started = Instant::now();
        self.flush(pattern)
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.left == 0
    }

    /// Writes until the message is out or the kernel is full.
    pub(crate) fn flush(&mut self, pattern: &Pattern) -> Result<(), Failure> {
        if self.is_finished() {
            return Ok(());
        }
        let message = pattern.message(self.index, self.sequence);
        while self.sent < message.len() {
            match self.stream.write(&message[self.sent..]) {
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(&error)),
            }
        }
        Ok(())
    }

    /// Reads once, and checks what came.
    pub(crate) fn read(
        &mut self,
        pattern: &Pattern,
        scratch: &mut [u8],
        verify: Verify,
    ) -> Result<Answer, Failure> {
        // More than what is expected is asked for, so that surplus bytes are seen.
        let read = match self.stream.read(scratch) {
            Ok(0) => return Err(self.broken(&io::Error::other("closed by the server"))),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Ok(Answer::Partial { drained: true });
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                return Ok(Answer::Partial { drained: false });
            }
            Err(error) => return Err(self.broken(&error)),
        };
        let expected = if self.is_finished() { 0 } else { self.sent.saturating_sub(self.received) };
        if read > expected {
            let surplus = read - expected;
            return Err(self.broken(&io::Error::other(format!("{surplus} B that nobody sent"))));
        }
        let message = pattern.message(self.index, self.sequence);
        let (got, want) = (&scratch[..read], &message[self.received..self.received + read]);
        if verify == Verify::On && got != want {
            let at = got.iter().zip(want).take_while(|(got, want)| got == want).count();
            return Err(self.broken(&io::Error::other(format!(
                "wrong byte {} at {}, {} was sent",
                got[at],
                self.received + at,
                want[at]
            ))));
        }
        self.received += read;
        if self.received < message.len() {
            return Ok(Answer::Partial { drained: read < scratch.len() });
        }
        self.sequence += 1;
        self.left -= 1;
        Ok(Answer::Whole(self.started.elapsed()))
    }

    fn broken(&self, error: &io::Error) -> Failure {
        Failure::failed(format!("connection {}, round trip {}: {error}", self.index, self.sequence))
    }
}
