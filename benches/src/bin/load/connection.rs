//! One connection: a message out, the answer in, again.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use readily_benches::failure::Failure;

use crate::exchange::{Exchange, Heard, Position, Script, Then, surplus};
use crate::wire::Wire;

pub(crate) struct Connection {
    wire: Wire,
    exchange: Exchange,
    /// The round trip under way, or the next one.
    at: Position,
    /// Round trips left, the one under way included.
    left: u64,
    sent: usize,
    started: Instant,
}

/// What one read brought.
pub(crate) enum Answer {
    /// Part of the answer; `drained` where the kernel has no more now.
    Partial { drained: bool },
    /// The last byte of it, this long after the first byte was sent.
    Whole(Duration, Then),
}

impl Connection {
    pub(crate) fn new(wire: Wire, index: usize, script: &Script) -> Self {
        let at = Position { connection: index, round_trip: 0 };
        let exchange = Exchange::new(script.talk);
        Self { wire, exchange, at, left: 0, sent: 0, started: Instant::now() }
    }

    /// Starts the first of `round_trips`.
    pub(crate) fn begin(&mut self, round_trips: u64, script: &Script) -> Result<(), Failure> {
        self.left = round_trips;
        self.next(script)
    }

    /// Starts the next round trip, if one is left.
    pub(crate) fn next(&mut self, script: &Script) -> Result<(), Failure> {
        if self.is_finished() {
            return Ok(());
        }
        self.sent = 0;
        self.started = Instant::now();
        self.exchange.begin(script, self.at);
        self.flush(script)
    }

    /// Goes on with a connection of its own.
    pub(crate) fn replace(&mut self, wire: Wire, script: &Script) {
        self.wire = wire;
        self.exchange = Exchange::new(script.talk);
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.left == 0
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        self.wire.socket()
    }

    /// Writes until the message is out or the kernel is full.
    pub(crate) fn flush(&mut self, script: &Script) -> Result<(), Failure> {
        if self.is_finished() {
            return Ok(());
        }
        let outgoing = self.exchange.outgoing(script, self.at);
        loop {
            let (done, result) = match outgoing.get(self.sent..).unwrap_or_default() {
                [] => (true, self.wire.flush().map(|()| 0)),
                rest => (false, self.wire.write(rest)),
            };
            match result {
                Ok(_) if done => return Ok(()),
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(&error)),
            }
        }
    }

    /// Reads once, and checks what came.
    pub(crate) fn read(&mut self, script: &Script, scratch: &mut [u8]) -> Result<Answer, Failure> {
        // More than what is expected is asked for, so that surplus bytes are seen.
        let read = match self.wire.read(scratch) {
            Ok(0) => return Err(self.broken(&"closed by the server")),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Ok(Answer::Partial { drained: true });
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                return Ok(Answer::Partial { drained: false });
            }
            Err(error) => return Err(self.broken(&error)),
        };
        if self.is_finished() {
            return Err(self.broken(&surplus(read)));
        }
        let heard = self.exchange.hear(script, self.at, self.sent, &scratch[..read]);
        match heard.map_err(|error| self.broken(&error))? {
            Heard::Part => {
                Ok(Answer::Partial { drained: self.wire.is_drained(read, scratch.len()) })
            }
            Heard::Opened => {
                self.next(script)?;
                Ok(Answer::Partial { drained: false })
            }
            Heard::Whole(then) => {
                self.at.round_trip += 1;
                self.left -= 1;
                Ok(Answer::Whole(self.started.elapsed(), then))
            }
        }
    }

    fn broken(&self, error: &dyn fmt::Display) -> Failure {
        let Position { connection, round_trip } = self.at;
        Failure::failed(format!("connection {connection}, round trip {round_trip}: {error}"))
    }
}
