//! Sessions on the buffered connections of rustls 0.23.

use std::io::{self, BufRead, ErrorKind, IoSlice, Read, Write};

use rustls::{ClientConnection, Connection, HandshakeKind, ServerConnection};

use super::again::Again;
use super::fault::{
    BROKEN, HELLO_TOO_LARGE, KEYS_SPENT, PLAIN_HTTP, Stage, UNKNOWN_NAME, fault_of,
};
use super::hello::{Answer, Hello};
use super::plaintext::{Guess, Opening};
use super::{Fed, Session};
use crate::contract::{Fault, Resumption, Rx, Secured, Tx};

/// The most that one record carries, in bytes (RFC 8446, section 5.1).
const RECORD: usize = 16 * 1024;

/// More than a record adds to what it carries, with what rustls may send along with it: an answer
/// to a key update, and a key update of its own.
const OVERHEAD: usize = 128;

/// How much is encrypted at once, in bytes.
const AT_ONCE: usize = 4 * RECORD;

/// How many pieces of plaintext are encrypted at once.
const PIECES: usize = 16;

/// After this many bytes at once, memory for more is given back. To do so in the midst of a
/// transfer costs a third of its speed.
const SMALL: usize = RECORD + OVERHEAD;

/// The type of a record that is an alert, where that can be seen.
const ALERT_RECORD: u8 = 21;

/// A fatal `decode_error`, before there are keys: rustls has no call for an alert of ours.
const DECODE_ERROR: [u8; 7] = [21, 3, 3, 0, 2, 2, 50];

/// What rustls says where there is no certificate for a name, and what the protocol has for it
/// (RFC 6066, section 3).
const ACCESS_DENIED: u8 = 49;
const UNRECOGNIZED_NAME: u8 = 112;

/// Either side of a connection: they differ in how they begin only.
pub(super) struct Buffered {
    connection: Connection,
    opening: Opening,
    hello: Hello,
    /// Until the handshake is done, on a server that knows its clients.
    again: Option<Again>,
    /// What ended it, kept until the plaintext before it was handed out.
    fault: Option<Fault>,
    /// The client is not one of those that are known.
    is_refused: bool,
    peer_closed: bool,
    closed: bool,
}

impl Session for Buffered {
    fn feed(&mut self, cipher: &mut Rx, out: &mut Tx, plain: &mut Rx) -> Result<Fed, Fault> {
        self.send(out);
        let offered = cipher.len();
        loop {
            if let (true, Some(fault)) = (self.is_refused, self.fault) {
                // Not a byte of it is for the machine.
                return Err(fault);
            }
            if !self.hand_out(plain) {
                return Ok(Fed::Held);
            }
            if let Some(fault) = self.fault {
                return Err(fault);
            }
            if self.peer_closed {
                // What follows a close_notify means nothing (RFC 8446, 6.1).
                cipher.consume(cipher.len());
                return Ok(Fed::Closed);
            }
            if cipher.is_empty() {
                if offered <= SMALL {
                    self.shrink();
                }
                return Ok(Fed::Wait);
            }
            if !self.is_handshaking() && plain.has_block() && !has_space(plain) {
                return Ok(Fed::Held);
            }
            if self.opening == Opening::Known {
                self.take_in(cipher, out);
            } else {
                self.look(cipher, out);
            }
        }
    }

    fn seal(&mut self, plain: &mut Tx, out: &mut Tx) -> Result<(), Fault> {
        if let Some(Fault::Peer(_)) = self.fault {
            // Nothing is said after a fatal alert. What waits for it goes, or there would never be
            // room to read what is before the fault.
            plain.consume(plain.len(), drop);
        }
        if self.is_handshaking() || self.closed || self.fault.is_some() {
            return Ok(());
        }
        let waiting = plain.len();
        while !plain.is_empty() {
            let taken = self.encrypt(plain, at_once(out));
            // Where keys are spent rustls says `close_notify`: that would be an end in order.
            if self.send_but(out, Alerts::Withheld) == Sent::Alert {
                let fault = Fault::Local(KEYS_SPENT);
                self.fault = Some(fault);
                return Err(fault);
            }
            if taken == 0 {
                return Ok(());
            }
            plain.consume(taken, drop);
        }
        if waiting <= SMALL {
            self.shrink();
        }
        Ok(())
    }

    fn close(&mut self, out: &mut Tx) {
        if self.fault.is_some() {
            // After a fatal alert there is nothing to say (RFC 8446, 6.2).
            return;
        }
        self.closed = true;
        self.connection.send_close_notify();
        self.send(out);
    }

    fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    fn secured(&self) -> Secured {
        let server_name = match &self.connection {
            Connection::Server(server) => server.server_name().map(Box::from),
            Connection::Client(_) => None,
        };
        let client_certificate = match &self.connection {
            Connection::Server(server) => server.peer_certificates().and_then(<[_]>::first),
            Connection::Client(_) => None,
        };
        let resumption = match self.connection.handshake_kind() {
            Some(HandshakeKind::Resumed) => Resumption::Resumed,
            _ => Resumption::Full,
        };
        Secured {
            alpn: self.connection.alpn_protocol().map(Box::from),
            server_name,
            client_certificate: client_certificate.map(|certificate| Box::from(&certificate[..])),
            resumption,
        }
    }
}

impl Buffered {
    pub(super) fn client(connection: ClientConnection) -> Self {
        Buffered::new(connection.into(), Hello::Over, Opening::Known, None)
    }

    pub(super) fn server(
        connection: ServerConnection,
        hello: Hello,
        opening: Opening,
        again: Option<Again>,
    ) -> Self {
        Buffered::new(connection.into(), hello, opening, again)
    }

    fn new(connection: Connection, hello: Hello, opening: Opening, again: Option<Again>) -> Self {
        let (fault, is_refused, peer_closed, closed) = (None, false, false, false);
        Buffered { connection, opening, hello, again, fault, is_refused, peer_closed, closed }
    }

    /// Looks at the first bytes before rustls does.
    fn look(&mut self, cipher: &mut Rx, out: &mut Tx) {
        match self.opening.look(cipher, out) {
            Guess::Unsure => {}
            Guess::Http => self.fault = Some(Fault::Peer(PLAIN_HTTP)),
            Guess::Other { kept, len } if len > 0 => {
                self.read(&kept[..len], out);
            }
            Guess::Other { .. } => {}
        }
    }

    /// Moves decrypted bytes to where `plain` has space, and says whether that was all of them.
    fn hand_out(&mut self, plain: &mut Rx) -> bool {
        let mut reader = self.connection.reader();
        while reader.fill_buf().is_ok_and(|bytes| !bytes.is_empty()) {
            if !has_space(plain) {
                return false;
            }
            let read = reader.read(plain.space()).unwrap_or(0);
            plain.commit(read);
        }
        true
    }

    /// Takes in some of what is unread in `cipher`, at most what rustls reads at once: what that
    /// decrypts to is handed out before there is more.
    fn take_in(&mut self, cipher: &mut Rx, out: &mut Tx) {
        let n = cipher.len().min(self.hello.left());
        let taken = self.read(&cipher.bytes()[..n], out);
        cipher.consume(taken);
    }

    /// Has rustls read some of these bytes, and says how many.
    fn read(&mut self, mut bytes: &[u8], out: &mut Tx) -> usize {
        let taken = match self.connection.read_tls(&mut bytes) {
            Ok(taken @ 1..) => taken,
            // A handshake message of more than 64 KiB.
            _ => {
                self.fault = Some(Fault::Peer(BROKEN));
                return 0;
            }
        };
        match self.connection.process_new_packets() {
            Ok(state) => {
                self.peer_closed = state.peer_has_closed();
                self.judge_again();
            }
            Err(error) => {
                let known = self.connection.protocol_version().is_some();
                let stage = if known { Stage::Later } else { Stage::First };
                self.fault = Some(fault_of(&error, stage));
            }
        }
        self.note_hello(taken, out);
        self.send(out);
        taken
    }

    /// Looks again at a client that has come back, when its handshake is done.
    fn judge_again(&mut self) {
        if self.connection.is_handshaking() {
            return;
        }
        let Some(again) = self.again.take() else { return };
        if let Err(error) = again.judge(&self.connection) {
            (self.fault, self.is_refused) = (Some(fault_of(&error, Stage::Later)), true);
        }
    }

    fn note_hello(&mut self, taken: usize, out: &mut Tx) {
        let answer = match self.connection.handshake_kind() {
            _ if !self.connection.wants_write() => Answer::None,
            Some(HandshakeKind::FullWithHelloRetryRequest) => Answer::Retry,
            _ => Answer::Given,
        };
        self.hello = self.hello.after(taken, answer);
        if self.hello.left() == 0 && self.fault.is_none() {
            out.write(&DECODE_ERROR);
            self.fault = Some(Fault::Peer(HELLO_TOO_LARGE));
        }
    }

    /// Has rustls encrypt at most `most` bytes of what waits, and says how many it took.
    fn encrypt(&mut self, plain: &Tx, most: usize) -> usize {
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let used = plain.slices(&mut pieces);
        self.connection.set_buffer_limit(Some(most));
        self.connection.writer().write_vectored(&pieces[..used]).unwrap_or(0)
    }

    /// Moves all that rustls wants to send, and says what that was.
    fn send(&mut self, out: &mut Tx) -> Sent {
        self.send_but(out, Alerts::Sent)
    }

    fn send_but(&mut self, out: &mut Tx, alerts: Alerts) -> Sent {
        let is_unknown = self.fault == Some(Fault::Peer(UNKNOWN_NAME));
        let mut out = Out { tx: out, sent: Sent::Other, alerts, is_unknown };
        while self.connection.wants_write() {
            let _ = self.connection.write_tls(&mut out);
        }
        out.sent
    }

    /// Has rustls give back what it keeps for large records: it does so before it reads.
    fn shrink(&mut self) {
        let _ = self.connection.read_tls(&mut Nothing);
    }
}

fn has_space(plain: &mut Rx) -> bool {
    !plain.is_full() && !plain.space().is_empty()
}

/// How much plaintext may be taken, in bytes, so that its records fit into the room of `out`; an
/// empty one always has room for some.
fn at_once(out: &Tx) -> usize {
    let room = match out.room() {
        0 => return 0,
        room if out.is_empty() => room.max(2 * OVERHEAD),
        room => room,
    };
    room.saturating_sub(OVERHEAD + room / (RECORD / OVERHEAD)).min(AT_ONCE)
}

/// What was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sent {
    /// An alert that can be seen as one: those of TLS 1.3 cannot.
    Alert,
    Other,
}

/// What becomes of alerts that can be seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Alerts {
    Sent,
    Withheld,
}

/// Where rustls writes its records: copied once, into memory that is sent from.
struct Out<'a> {
    tx: &'a mut Tx,
    sent: Sent,
    alerts: Alerts,
    /// No certificate was there for the name, which the alert is to say.
    is_unknown: bool,
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, records: &[IoSlice<'_>]) -> io::Result<usize> {
        if records.iter().any(|record| record.first() == Some(&ALERT_RECORD)) {
            self.sent = Sent::Alert;
        }
        let n = records.iter().map(|record| record.len()).sum();
        let withheld = |record: &IoSlice<'_>| {
            self.alerts == Alerts::Withheld && record.first() == Some(&ALERT_RECORD)
        };
        self.tx.fill(n, |to| {
            let mut at = 0;
            for record in records.iter().filter(|record| !withheld(record)) {
                to[at..at + record.len()].copy_from_slice(record);
                if self.is_unknown && record.first() == Some(&ALERT_RECORD) {
                    name_it(&mut to[at..at + record.len()]);
                }
                at += record.len();
            }
            at
        });
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says in an alert what rustls has no alert for.
fn name_it(alert: &mut [u8]) {
    if let Some(description @ &mut ACCESS_DENIED) = alert.last_mut() {
        *description = UNRECOGNIZED_NAME;
    }
}

/// A source that has nothing yet, which is not the same as an end.
struct Nothing;

impl Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}
