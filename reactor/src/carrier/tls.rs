//! TLS on a socket as a carrier: ciphertext on the socket's side, plaintext on the machine's.

use std::fmt;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use readily_protocols::contract::{Fault, Half, Marks, Rx, Secured, Tx};
use readily_protocols::tls::{Fed, Session};

use crate::pool::Pool;
use crate::slot::Flags;

use super::{Failure, Flushed, Pipe, Received, make_room, read, write};

/// How much ciphertext may wait for the socket; plaintext waits in `tx`, under its own marks.
const MARKS: Marks = Marks { high: 64 * 1024, low: 16 * 1024, cap: 1024 * 1024 };

/// How much ciphertext may be unread: more than one record is (RFC 8446, section 5.2).
const CIPHER_MAX: usize = 64 * 1024;

/// A session panicked: a bug of the library below it.
pub(crate) const PANICKED: &str = "tls: the session panicked";

/// More answers of the session wait than are kept: the peer reads none of them.
pub(crate) const UNREAD: &str = "tls: the peer does not read what it asks for";

/// The session of one connection, and its ciphertext.
pub(crate) struct Tls {
    session: Box<dyn Session>,
    rx: Rx,
    tx: Tx,
    /// As the session said last.
    handshaking: bool,
    /// The session holds plaintext back, for want of room.
    holds: bool,
    /// Our `close_notify` was queued.
    said_end: bool,
    /// The peer has said that it sends no more.
    heard_end: bool,
    /// The peer broke the protocol: nothing but what is queued is sent any more.
    broken: bool,
    /// The session panicked, and is not called again.
    panicked: bool,
}

impl Tls {
    pub(crate) fn new(session: Box<dyn Session>) -> Self {
        Tls {
            session,
            rx: Rx::new(CIPHER_MAX),
            tx: Tx::new(MARKS),
            handshaking: true,
            holds: false,
            said_end: false,
            heard_end: false,
            broken: false,
            panicked: false,
        }
    }

    /// Has the session say the first word.
    ///
    /// # Errors
    /// If the session cannot.
    pub(crate) fn greet(&mut self, flags: &mut Flags, pool: &mut Pool) -> Result<(), Fault> {
        let mut plain = Rx::new(0);
        let fed = self.feed(&mut plain);
        self.put_away(flags, pool);
        fed.unwrap_or(Err(Fault::Local(PANICKED))).map(drop)
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.handshaking
    }

    /// Whether its session panicked.
    pub(super) fn has_panicked(&self) -> bool {
        self.panicked
    }

    /// What the handshake agreed on; none if the session panics.
    pub(crate) fn secured(&mut self) -> Option<Secured> {
        self.ask(|session, _, _| session.secured())
    }

    /// The peer is gone: what waits for it goes too, and does not keep it from being heard.
    pub(crate) fn forget_unsent(&mut self) {
        self.tx = Tx::new(MARKS);
    }

    /// Whether plaintext or ciphertext is held back.
    pub(super) fn holds(&self) -> bool {
        self.holds || !self.rx.is_empty()
    }

    /// Whether so much ciphertext waits that nothing is read.
    pub(super) fn is_stuck(&self) -> bool {
        self.tx.room() == 0
    }

    pub(super) fn charge(&self) -> usize {
        self.rx.charge() + self.tx.charge()
    }

    /// Decrypts into `plain` what the session holds back, or what one read of the socket brings.
    ///
    /// A read that brings no plaintext is `Bytes(0)`: there may be more.
    pub(crate) fn receive(
        &mut self,
        socket: &mut impl Pipe,
        flags: &mut Flags,
        plain: &mut Rx,
        pool: &mut Pool,
    ) -> Received {
        if self.heard_end {
            plain.close(Half::Ended);
            return Received::Ended;
        }
        if self.is_stuck() {
            // A peer that makes the session answer and does not read the answers is not read from.
            return Received::Nothing;
        }
        if !self.holds && self.rx.is_empty() {
            make_room(&mut self.rx, pool);
            let received = match read(socket, flags, &mut self.rx) {
                // Without `close_notify` anybody on the way may have cut it (RFC 8446, 6.1).
                Received::Ended => Received::Failed(ErrorKind::UnexpectedEof),
                received => received,
            };
            if !matches!(received, Received::Bytes(_)) {
                pool.give_block(self.rx.reclaim());
                if received.is_failure() {
                    plain.close(Half::Aborted);
                }
                return received;
            }
        }
        let before = plain.len();
        let fed = match self.feed(plain) {
            Some(_) if self.tx.has_overflowed() => Err(Fault::Peer(UNREAD)),
            Some(fed) => fed,
            None => Err(Fault::Local(PANICKED)),
        };
        self.put_away(flags, pool);
        match fed {
            Ok(Fed::Wait) => self.holds = false,
            Ok(Fed::Held) => {
                self.holds = true;
                // It can be read without the socket.
                flags.set(Flags::READABLE);
            }
            Ok(Fed::Closed) => {
                self.heard_end = true;
                plain.close(Half::Ended);
            }
            Err(fault) => {
                self.broken = true;
                plain.close(Half::Aborted);
                return Received::Broken(fault);
            }
        }
        match plain.len() - before {
            0 if fed == Ok(Fed::Closed) => Received::Ended,
            n => Received::Bytes(n),
        }
    }

    /// Encrypts and sends what waits in `plain`, and our end when `over`, until that is done or the
    /// socket takes no more.
    pub(crate) fn flush(
        &mut self,
        socket: &mut impl Pipe,
        flags: &mut Flags,
        (mut plain, over): (Option<&mut Tx>, bool),
        pool: &mut Pool,
    ) -> Flushed {
        let (mut flushed, had_panicked) = (Flushed::NONE, self.panicked);
        loop {
            let sent = write(&mut *socket, flags, &mut self.tx, pool);
            flushed.bytes += sent.bytes;
            flushed.calls += sent.calls;
            flushed.failed = sent.failed;
            if sent.failed.is_some() || !self.tx.is_empty() {
                break;
            }
            match self.encrypt(&mut plain, over, pool) {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) => {
                    flushed.failed = Some(Failure::Fault(fault));
                    break;
                }
            }
        }
        // One that panicked while it was fed is told of by that.
        if self.panicked && !had_panicked && flushed.failed.is_none() {
            flushed.failed = Some(Failure::Transport(ErrorKind::Other));
        }
        self.put_away(flags, pool);
        flushed
    }

    /// Makes more ciphertext; says whether there is any.
    fn encrypt(
        &mut self,
        plain: &mut Option<&mut Tx>,
        over: bool,
        pool: &mut Pool,
    ) -> Result<bool, Fault> {
        if self.broken || self.handshaking {
            if let (true, Some(plain)) = (self.broken, plain) {
                plain.consume(plain.len(), |block| pool.give_block(block));
            }
            return Ok(false);
        }
        if self.tx.wants_block() {
            self.tx.lend(pool.block());
        }
        if let Some(plain) = plain
            && !plain.is_empty()
        {
            self.ask(|session, _, tx| session.seal(plain, tx)).unwrap_or(Ok(()))?;
        } else if over && !self.said_end {
            self.said_end = true;
            self.ask(|session, _, tx| session.close(tx));
        }
        Ok(!self.tx.is_empty())
    }

    /// Has the session take in what is unread; none if it panics.
    fn feed(&mut self, plain: &mut Rx) -> Option<Result<Fed, Fault>> {
        let (fed, handshaking) = self.ask(|session, rx, tx| {
            let fed = session.feed(rx, tx, plain);
            (fed, session.is_handshaking())
        })?;
        self.handshaking = handshaking;
        Some(fed)
    }

    /// Calls the session. One that panics costs its own connection: what it left cannot be trusted.
    fn ask<T>(&mut self, what: impl FnOnce(&mut dyn Session, &mut Rx, &mut Tx) -> T) -> Option<T> {
        if self.panicked {
            return None;
        }
        let (session, rx, tx) = (&mut *self.session, &mut self.rx, &mut self.tx);
        let answer = catch_unwind(AssertUnwindSafe(|| what(session, rx, tx)));
        if answer.is_err() {
            (self.panicked, self.broken) = (true, true);
            self.tx.abort();
        }
        answer.ok()
    }

    /// Gives memory back that is not needed between two visits, and notes what is left to send.
    fn put_away(&mut self, flags: &mut Flags, pool: &mut Pool) {
        if self.rx.is_empty() {
            pool.give_block(self.rx.reclaim());
        } else {
            pool.give_block(self.rx.fit());
        }
        if self.tx.is_empty() {
            pool.give_block(self.tx.reclaim());
            flags.clear(Flags::UNSENT);
        } else {
            self.tx.fit(|block| pool.give_block(block));
            flags.set(Flags::UNSENT);
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("rx", &self.rx).field("tx", &self.tx).finish_non_exhaustive()
    }
}
