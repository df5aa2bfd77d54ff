//! One connection: a message out, the answer in, again.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use readily_benches::failure::Failure;
use rustix::event::epoll::EventFlags;
use rustls::HandshakeKind;

use crate::exchange::{Exchange, Heard, Position, Script, Then, surplus};
use crate::wire::Wire;

pub(crate) struct Connection {
    wire: Wire,
    exchange: Exchange,
    /// The unit whose answer is next.
    at: Position,
    /// Units whose answers have not come; they were sent together.
    pending: u32,
    /// Bytes that were sent of them.
    sent: usize,
    sending: Sending,
    /// Whether the server's end of the stream is awaited.
    ending: Ending,
    /// When the units should have begun.
    pub(crate) intended: Instant,
    /// When they did.
    pub(crate) started: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// Some bytes have not been written yet.
    Unfinished,
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It would be an error.
    Unexpected,
    /// The server has announced it.
    Announced,
}

/// What one read brought.
pub(crate) enum Progress {
    /// No whole answer.
    Part(More),
    /// So many answers.
    Answers(u32, Then, More),
    /// The end that the server has announced.
    End,
}

/// Whether the kernel has more bytes now.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    Perhaps,
    No,
}

impl Connection {
    /// The one with this index, closed.
    pub(crate) fn new(index: usize, script: &Script) -> Self {
        let now = Instant::now();
        Self {
            wire: Wire::Closed,
            exchange: Exchange::new(script.talk),
            at: Position { connection: index, round_trip: 0 },
            pending: 0,
            sent: 0,
            sending: Sending::Done,
            ending: Ending::Unexpected,
            intended: now,
            started: now,
        }
    }

    /// Starts so many units; the connection is open, and no unit is under way on it.
    pub(crate) fn begin(
        &mut self,
        units: u32,
        intended: Instant,
        now: Instant,
        script: &Script,
    ) -> Result<(), Failure> {
        self.pending = units;
        self.intended = intended;
        self.started = now;
        self.say(script)
    }

    /// Goes on with a connection of its own; units that the old one left behind are sent again.
    pub(crate) fn open(&mut self, wire: Wire, script: &Script) -> Result<(), Failure> {
        self.wire = wire;
        self.ending = Ending::Unexpected;
        self.exchange = Exchange::new(script.talk);
        if self.is_busy() { self.say(script) } else { Ok(()) }
    }

    /// Ends it from this side.
    pub(crate) fn close(&mut self) {
        self.wire = Wire::Closed;
    }

    /// Nothing but the end is expected from now on.
    pub(crate) fn await_end(&mut self) {
        self.ending = Ending::Announced;
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.pending > 0
    }

    /// Whether all that was said has left.
    pub(crate) fn has_sent(&self) -> bool {
        self.sending == Sending::Done
    }

    /// Whether its TLS was set up by a ticket; asked after an answer.
    pub(crate) fn has_resumed(&self) -> bool {
        self.wire.handshake() == Some(HandshakeKind::Resumed)
    }

    pub(crate) fn socket(&self) -> std::io::Result<&TcpStream> {
        self.wire.socket()
    }

    /// Writes until all is out or the kernel is full.
    #[inline]
    pub(crate) fn flush(&mut self, script: &Script) -> Result<(), Failure> {
        match self.sending {
            Sending::Done => Ok(()),
            Sending::Unfinished => self.write(script),
        }
    }

    fn say(&mut self, script: &Script) -> Result<(), Failure> {
        self.sent = 0;
        self.sending = Sending::Unfinished;
        let begun = self.exchange.begin(script, self.at, self.pending);
        begun.map_err(|error| self.broken(&error))?;
        self.write(script)
    }

    fn write(&mut self, script: &Script) -> Result<(), Failure> {
        let outgoing = self.exchange.outgoing(script, self.at);
        loop {
            let (done, result) = match outgoing.get(self.sent..).unwrap_or_default() {
                [] => (true, self.wire.flush().map(|()| 0)),
                rest => (false, self.wire.write(rest)),
            };
            match result {
                Ok(_) if done => {
                    self.sending = Sending::Done;
                    return Ok(());
                }
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(&error)),
            }
        }
    }

    /// Reads once, and checks what came; `ready` is what made it readable.
    #[inline]
    pub(crate) fn read(
        &mut self,
        ready: EventFlags,
        script: &mut Script,
        scratch: &mut [u8],
    ) -> Result<Progress, Failure> {
        // More than what is expected is asked for, so that surplus bytes are seen.
        let read = match self.wire.read(scratch) {
            Ok(read) if read > 0 => read,
            result => return self.nothing(result.map(|_| ())),
        };
        // An end of stream in the same event has no event of its own.
        let is_drained =
            self.wire.is_drained(read, scratch.len()) && !ready.contains(EventFlags::RDHUP);
        let more = if is_drained { More::No } else { More::Perhaps };
        self.hear(script, &scratch[..read], more)
    }

    #[inline]
    fn hear(&mut self, script: &mut Script, bytes: &[u8], more: More) -> Result<Progress, Failure> {
        let mut rest = bytes;
        let mut answers = 0;
        while self.is_busy() {
            let heard = self.exchange.hear(script, self.at, self.sent, rest);
            match heard.map_err(|error| self.broken(&error))? {
                Heard::Part if answers == 0 => return Ok(Progress::Part(more)),
                Heard::Part => return Ok(Progress::Answers(answers, Then::Keep, more)),
                Heard::Opened => {
                    self.say(script)?;
                    return Ok(Progress::Part(More::Perhaps));
                }
                Heard::Whole { end, then } => {
                    self.at.round_trip += 1;
                    self.pending -= 1;
                    answers += 1;
                    rest = &rest[end..];
                    if then == Then::Close || rest.is_empty() {
                        self.settle(rest, script)?;
                        return Ok(Progress::Answers(answers, then, more));
                    }
                }
            }
        }
        Err(self.broken(&surplus(rest.len())))
    }

    /// Judges what stands around an answer: nothing after it, and all was sent before it.
    #[inline]
    fn settle(&mut self, rest: &[u8], script: &Script) -> Result<(), Failure> {
        if !rest.is_empty() {
            return Err(self.broken(&surplus(rest.len())));
        }
        if self.pending == 0 && self.sending == Sending::Unfinished {
            // Under TLS, the read may have sent what was left.
            self.write(script)?;
            if self.sending == Sending::Unfinished {
                return Err(self.broken(&"an answer to what was not sent yet"));
            }
        }
        Ok(())
    }

    /// No byte was read.
    #[cold]
    fn nothing(&self, result: std::io::Result<()>) -> Result<Progress, Failure> {
        match result {
            Ok(()) if self.ending == Ending::Announced => Ok(Progress::End),
            Ok(()) => Err(self.broken(&"closed by the server")),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Progress::Part(More::No)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                Ok(Progress::Part(More::Perhaps))
            }
            // However it comes: with its answer the server has done all that it was asked for.
            Err(_) if self.ending == Ending::Announced => Ok(Progress::End),
            Err(error) => Err(self.broken(&error)),
        }
    }

    fn broken(&self, error: &dyn fmt::Display) -> Failure {
        let Position { connection, round_trip } = self.at;
        Failure::failed(format!("connection {connection}, round trip {round_trip}: {error}"))
    }
}
