//! What a handler sends with.

use std::fmt;

use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::contract::{App, Effects, Fault, Id, Io, Rx, Tx};

use super::close::{CloseCode, Refusal};
use super::deflate::Pool;
use super::frame::{self, COMPRESSED, CONTROL_MAX};
use super::limits::reason;
use super::session::{Sending, Session};
use super::{Encoded, Message, Part, Place};

/// What a message leaves of the send buffer: a pong and a close have to fit behind it, or the whole
/// queue would be lost. Either has a head of at most 4 bytes; what is free at the end of a block,
/// and too small for them, counts as much again.
pub(super) const CONTROL_RESERVE: usize = 3 * (CONTROL_MAX + 4);

/// A message that was not queued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotSent {
    /// The peer reads too slowly: there is no room now. [`Handler::room`](super::Handler::room) is
    /// called when there is.
    Full,
    /// It is larger than all that may ever wait: there will be no room for it.
    TooLarge,
    /// A close was sent: nothing can follow it.
    Closed,
    /// A message of which [`Socket::fragment`] has sent the first part must be sent to its end
    /// first, and [`Handler::room`](super::Handler::room) is called when it was; or a part that
    /// does not go on with it.
    Unfinished,
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotSent::Full => "the peer reads too slowly: there is no room",
            NotSent::TooLarge => "the message is larger than the send buffer may be",
            NotSent::Closed => "the WebSocket is closed",
            NotSent::Unfinished => "another message is only sent in part",
        })
    }
}

impl std::error::Error for NotSent {}

/// One WebSocket, lent to its handler for one call.
#[derive(Debug)]
pub struct Socket<'a, A: App> {
    /// The application's own state.
    pub app: &'a mut A,
    /// Requests, and what is known of the loop.
    pub fx: &'a mut Effects<A>,
    tx: &'a mut Tx,
    pub(super) session: &'a mut Session,
    id: Id,
}

impl<'a, A: App> Socket<'a, A> {
    /// The unread bytes, and the rest of a call as a socket.
    #[inline]
    pub(super) fn lend<'b: 'a>(
        io: &'a mut Io<'b, A>,
        session: &'a mut Session,
    ) -> (&'a mut Rx, Socket<'a, A>) {
        let id = io.id();
        (io.rx, Socket { app: io.app, fx: io.fx, tx: io.tx, session, id })
    }

    /// Queues a text message.
    ///
    /// # Errors
    /// [`NotSent`] where there is no room, or a close was sent.
    #[inline]
    pub fn text(&mut self, text: &str) -> Result<(), NotSent> {
        self.message(Message::Text(text))
    }

    /// Queues a binary message.
    ///
    /// # Errors
    /// [`NotSent`] where there is no room, or a close was sent.
    #[inline]
    pub fn binary(&mut self, bytes: &[u8]) -> Result<(), NotSent> {
        self.message(Message::Binary(bytes))
    }

    /// Queues a message, whichever it is: for those who send back what they hear.
    ///
    /// # Errors
    /// [`NotSent`] where there is no room, or a close was sent.
    #[inline]
    pub fn message(&mut self, message: Message<'_>) -> Result<(), NotSent> {
        let (kind, payload) = message.parts();
        self.write(kind.opcode(), payload)
    }

    /// Queues a message that others send too, without copying a large one.
    ///
    /// Where compression was agreed its compressed form is sent, if it
    /// [has one](Encoded::deflated).
    ///
    /// # Errors
    /// [`NotSent`] where there is no room, or a close was sent.
    pub fn send(&mut self, message: &Encoded) -> Result<(), NotSent> {
        let frame = match (message.compressed(), self.session.codec()) {
            (Some((bytes, window)), Some(codec)) if codec.may_share(window) => bytes,
            _ => message.plain(),
        };
        admit(self.session, self.tx, frame.len())?;
        may_begin(self.session)?;
        if frame[0] & COMPRESSED != 0
            && let Some(codec) = self.session.codec()
        {
            codec.forget();
        }
        match self.session.mask() {
            None => self.tx.share(frame.clone()),
            mask => frame::write(self.tx, frame[0], frame::payload_of(frame), mask),
        }
        Ok(())
    }

    /// Queues a part of a message that is sent as it comes to be; nothing of it is kept or
    /// compressed. The first part begins a message, and until its last one is queued no other
    /// message can be. What is sent as a text must be UTF-8 as a whole.
    ///
    /// # Errors
    /// [`NotSent`] where there is no room, a close was sent, or the part does not fit the message
    /// that was begun.
    pub fn fragment(&mut self, part: Part<'_>) -> Result<(), NotSent> {
        let (kind, payload) = part.message.parts();
        let begins = matches!(part.place, Place::Only | Place::First);
        let ends = matches!(part.place, Place::Only | Place::Last);
        match self.session.sending {
            None if begins => {}
            Some(begun) if !begins && begun.kind == kind => {}
            _ => return Err(NotSent::Unfinished),
        }
        admit(self.session, self.tx, frame::size(payload.len()))?;
        let opcode = OpCode::Data(if begins { kind.opcode() } else { Data::Continue });
        let first = if ends { frame::whole(opcode) } else { frame::unfinished(opcode) };
        self.session.write(self.tx, first, payload);
        let begun = self.session.sending.take();
        let blocks = begun.is_some_and(|begun| begun.blocks);
        if !ends {
            self.session.sending = Some(Sending { kind, blocks });
        } else if blocks {
            self.fx.wake(self.id);
        }
        Ok(())
    }

    /// Sends a close frame with as much of `why` as fits in 123 bytes. What the peer still sends is
    /// dropped, and its answer is waited for. A second close does nothing.
    pub fn close(&mut self, code: CloseCode, why: &str) {
        self.session.close(self.tx, Some(code), why);
    }

    /// How many bytes may be queued before messages are not taken. A single message may be larger
    /// than the room, up to the hard cap of the send buffer, less what a close needs.
    pub fn room(&self) -> usize {
        if self.session.is_open() { self.tx.room() } else { 0 }
    }

    /// This connection.
    pub fn id(&self) -> Id {
        self.id
    }

    /// What a handler's fault means for the peer: it is told before it is left, unless the fault is
    /// ours and nothing that we would say can be trusted.
    #[cold]
    pub(super) fn part(&mut self, fault: Fault) -> Fault {
        if !matches!(fault, Fault::Local(_)) {
            self.session.close(self.tx, Some(CloseCode::POLICY), "");
        }
        fault
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) -> Fault {
        self.session.refuse(self.tx, refusal)
    }

    /// The stream ended: in order if we have closed.
    pub(super) fn ended(&mut self) -> Result<(), Fault> {
        if self.session.is_open() { Err(Fault::Peer(reason::NO_CLOSE)) } else { Ok(()) }
    }

    #[inline]
    fn write(&mut self, kind: Data, payload: &[u8]) -> Result<(), NotSent> {
        let first = frame::whole(OpCode::Data(kind));
        if self.session.is_plain() {
            write_plain(self.session, self.tx, first, payload)
        } else {
            self.write_extended(first, payload)
        }
    }

    /// With a mask, or compressed.
    #[inline(never)]
    fn write_extended(&mut self, first: u8, payload: &[u8]) -> Result<(), NotSent> {
        admit(self.session, self.tx, frame::size(payload.len()))?;
        may_begin(self.session)?;
        match compressed(self.session, self.fx, payload) {
            None => self.session.write(self.tx, first, payload),
            Some(bytes) => {
                self.session.write(self.tx, first | COMPRESSED, bytes);
                self.fx.shared::<Pool>().trim();
            }
        }
        Ok(())
    }
}

/// As most messages are sent, in one piece of code for all who send.
#[inline(never)]
fn write_plain(
    session: &mut Session,
    tx: &mut Tx,
    first: u8,
    payload: &[u8],
) -> Result<(), NotSent> {
    admit(session, tx, frame::size(payload.len()))?;
    may_begin(session)?;
    frame::write_plain(tx, first, payload);
    Ok(())
}

/// Whether no other message is sent in part; if one is, its end is waited for.
#[inline]
fn may_begin(session: &mut Session) -> Result<(), NotSent> {
    match &mut session.sending {
        None => Ok(()),
        Some(begun) => {
            begun.blocks = true;
            Err(NotSent::Unfinished)
        }
    }
}

/// Whether a frame of that many bytes, and its mask, may be queued; if only for what waits it may
/// not, that is waited for.
#[inline(always)]
fn admit(session: &Session, tx: &mut Tx, size: usize) -> Result<(), NotSent> {
    // Its own, and those of the control frames that are to fit behind it.
    let masks = 4 * session.mask_size();
    let size = size.saturating_add(CONTROL_RESERVE + masks);
    match tx.room() {
        _ if !session.is_open() => Err(NotSent::Closed),
        0 => Err(NotSent::Full),
        _ if size <= tx.left() => Ok(()),
        _ if size <= tx.left() + tx.charge() => {
            tx.want(size);
            Err(NotSent::Full)
        }
        _ => Err(NotSent::TooLarge),
    }
}

/// The message compressed; none where that was not agreed, or it is better sent as it is.
#[inline]
fn compressed<'a, A: App>(
    session: &mut Session,
    fx: &'a mut Effects<A>,
    payload: &[u8],
) -> Option<&'a [u8]> {
    let codec = session.codec().filter(|codec| codec.compresses(payload.len()))?;
    codec.compress(payload, fx.shared::<Pool>())
}
