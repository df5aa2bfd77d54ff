//! WebSocket (RFC 6455), both sides, as one state: a request is upgraded, then messages go both
//! ways.
//!
//! [`upgrade`] answers the request, and the connection becomes a [`WebSocket`] of your [`Handler`];
//! a client's connection begins as an [`Opening`], and becomes the same.
//! A message that has arrived whole is handed over where it lies, without a copy; one that comes in
//! parts is put together in a buffer that is there only as long. A connection between two messages
//! holds no memory but its state.
//!
//! ```
//! use readily_protocols::contract::{App, Fault};
//! use readily_protocols::websocket::{Handler, Message, NotSent, Socket};
//!
//! /// Sends every message back.
//! struct Echo;
//!
//! impl<A: App> Handler<A> for Echo {
//!     fn message(
//!         &mut self,
//!         message: Message<'_>,
//!         socket: &mut Socket<'_, A>,
//!     ) -> Result<(), Fault> {
//!         // No message is handed over while there is no room, so there is room for an answer.
//!         let sent = match message {
//!             Message::Text(text) => socket.text(text),
//!             Message::Binary(bytes) => socket.binary(bytes),
//!         };
//!         sent.map_err(|_: NotSent| Fault::Local("no room for an answer"))
//!     }
//! }
//! ```
//!
//! Guarantees: at most one close frame is sent, with the code of what went wrong: none where the
//! stream ends without one of the peer, or the fault is ours. Messages of the peer behind ours are
//! dropped. A declared length reserves nothing. Each limit is a field of [`Limits`], and each
//! refusal a text of [`reason`] that the loop counts. Messages are compressed (permessage-deflate,
//! RFC 7692) where [`Limits::deflate`] allows for it: it does not by default.

mod assembly;
mod close;
mod codec;
mod controls;
mod deflate;
mod encoded;
mod extra;
mod frame;
mod handshake;
mod limits;
mod masks;
mod message;
mod opening;
mod origin;
mod session;
mod socket;
mod solo;
mod topics;
mod tunnel;

use std::ops::Range;
use std::time::Instant;

use crate::contract::{App, Fault, Io, Machine, Reason, Rx, State, Step};

pub use close::CloseCode;
pub use deflate::{Context, Deflate, RATIO_FREE, Terms};
pub use encoded::Encoded;
pub use handshake::{Handshake, Rejection, upgrade};
pub use limits::{Limits, reason};
pub use masks::Masks;
pub use message::{Heard, Intake, Message, Part, Place};
pub use opening::{Opening, Target};
pub use origin::Origins;
pub use socket::{NotSent, Socket};
pub use solo::{Nobody, Solo};
pub use topics::{Bounds, Counts, Next, Policy, Pulled, Refused, Slow, Topics, UnknownSlow};
pub use tunnel::Tunnel;

use assembly::Kind;
use deflate::Pool;
use session::{Event, Session};

/// What a server does with the messages of one WebSocket.
///
/// A fault that is returned closes the connection: the peer is told the code 1008, unless the fault
/// is [`Fault::Local`] or a close was sent.
pub trait Handler<A: App>: Sized {
    /// The connection is a WebSocket now.
    ///
    /// # Errors
    /// A [`Fault`] ends the connection.
    fn open(&mut self, socket: &mut Socket<'_, A>) -> Result<(), Fault> {
        let _ = socket;
        Ok(())
    }

    /// A message has arrived, and there is room for an answer.
    ///
    /// # Errors
    /// A [`Fault`] ends the connection.
    fn message(&mut self, message: Message<'_>, socket: &mut Socket<'_, A>) -> Result<(), Fault>;

    /// A part of a message has arrived, where [`intake`](Handler::intake) is [`Intake::Stream`],
    /// and there is room for an answer. By default that is a fault of ours.
    ///
    /// # Errors
    /// A [`Fault`] ends the connection.
    fn part(&mut self, part: Part<'_>, socket: &mut Socket<'_, A>) -> Result<(), Fault> {
        let _ = (part, socket);
        Err(Fault::Local("websocket: a handler that takes no parts"))
    }

    /// How it takes what arrives next. Between [`Whole`](Intake::Whole) and
    /// [`Stream`](Intake::Stream) it may change only while no message has arrived in part.
    #[inline]
    fn intake(&self) -> Intake {
        Intake::Whole
    }

    /// The subprotocols that it speaks, the best first (RFC 6455, section 1.9): a server takes the
    /// first one of these that the client offers; a client offers these.
    fn protocols(&self) -> &[&'static str] {
        &[]
    }

    /// The handshake has come out, before [`open`](Handler::open): which subprotocol was agreed.
    fn agreed(&mut self, protocol: Option<&'static str>) {
        let _ = protocol;
    }

    /// Mail has arrived.
    ///
    /// # Errors
    /// A [`Fault`] ends the connection.
    fn mail(&mut self, mail: A::Mail, socket: &mut Socket<'_, A>) -> Result<Heard, Fault> {
        let _ = (mail, socket);
        Ok(Heard::Ignored)
    }

    /// There may be room again after [`NotSent::Full`], or the connection was woken: called at the
    /// end of each call in which nothing is in the way of sending.
    ///
    /// # Errors
    /// A [`Fault`] ends the connection.
    #[inline]
    fn room(&mut self, socket: &mut Socket<'_, A>) -> Result<(), Fault> {
        let _ = socket;
        Ok(())
    }

    /// The peer has closed. What is sent now still goes before our answer, if we have not closed
    /// as well.
    fn closed(&mut self, code: Option<CloseCode>, why: &str, socket: &mut Socket<'_, A>) {
        let _ = (code, why, socket);
    }

    /// What the peer may ask for: the same value each time.
    fn limits(&self) -> &Limits {
        &Limits::DEFAULT
    }
}

/// A connection that was upgraded: the state that calls a [`Handler`].
#[derive(Debug)]
pub struct WebSocket<H> {
    session: Session,
    handler: H,
}

/// What [`WebSocket::go_on`] came to.
enum Found {
    /// Something, for which that many bytes were inflated.
    Something(usize),
    Nothing,
    /// The conversation is over.
    End,
}

/// How many bytes are inflated in one call before others have their turn: what is left may be
/// called for as soon as they have had it.
const INFLATED_AT_ONCE: usize = 1024 * 1024;

impl<H> WebSocket<H> {
    /// A server's WebSocket whose handshake is done, without an extension.
    pub const fn new(handler: H) -> Self {
        WebSocket::with(Session::new(), handler)
    }

    const fn with(session: Session, handler: H) -> Self {
        WebSocket { session, handler }
    }

    /// What it calls.
    pub fn handler(&self) -> &H {
        &self.handler
    }

    /// Bytes of memory that it holds beside itself and its handler: none between two messages,
    /// unless a context is kept. What is there from the handshake on is not counted: 48 bytes where
    /// compression was agreed, and a client's masks.
    pub fn held(&self) -> usize {
        self.session.held()
    }

    #[inline]
    fn open<A: App>(&mut self, io: &mut Io<'_, A>) -> Result<(), Fault>
    where
        H: Handler<A>,
    {
        if self.session.is_new() {
            self.tell(io, |handler, socket| handler.open(socket))
        } else {
            Ok(())
        }
    }

    /// Calls the handler.
    #[inline]
    fn tell<A: App, T>(
        &mut self,
        io: &mut Io<'_, A>,
        what: impl FnOnce(&mut H, &mut Socket<'_, A>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let (_, mut socket) = Socket::lend(io, &mut self.session);
        what(&mut self.handler, &mut socket).map_err(|fault| socket.part(fault))
    }

    /// Hands over the message that comes next, if it is one of the common kind; says whether.
    #[inline(always)]
    fn single<A: App>(&mut self, io: &mut Io<'_, A>) -> Result<bool, Fault>
    where
        H: Handler<A>,
    {
        let limits = self.handler.limits();
        let (rx, mut socket) = Socket::lend(io, &mut self.session);
        let Some(single) = socket.session.single(rx.bytes_mut(), limits) else { return Ok(false) };
        let size = single.size;
        hand(&mut self.handler, single.kind, single.payload, &mut socket)?;
        rx.consume(size);
        Ok(true)
    }

    /// Does what comes next, whatever it is.
    #[inline(never)]
    fn go_on<A: App>(&mut self, holds: bool, io: &mut Io<'_, A>) -> Result<Found, Fault>
    where
        H: Handler<A>,
    {
        let (now, most) = (io.now(), if holds { 0 } else { usize::MAX });
        match self.session.next(io.rx, io.tx, now, self.handler.limits(), most)? {
            Event::Message(kind, at) => self.message(kind, at, io)?,
            Event::Part(at, is_last) => {
                return self.part(at, is_last, io).map(Found::Something);
            }
            Event::Closed { code, reason, answer } => {
                self.closed(code, reason, answer, io);
                return Ok(Found::End);
            }
            Event::Wait if io.rx.has_ended() => {
                let (_, mut socket) = Socket::lend(io, &mut self.session);
                return socket.ended().map(|()| Found::End);
            }
            Event::Wait | Event::Held => return Ok(Found::Nothing),
        }
        Ok(Found::Something(0))
    }

    /// Hands over a message that lies whole in what is unread.
    fn message<A: App>(
        &mut self,
        kind: Kind,
        at: Range<usize>,
        io: &mut Io<'_, A>,
    ) -> Result<(), Fault>
    where
        H: Handler<A>,
    {
        let end = at.end;
        let (rx, mut socket) = Socket::lend(io, &mut self.session);
        hand(&mut self.handler, kind, &rx.bytes()[at], &mut socket)?;
        rx.consume(end);
        Ok(())
    }

    /// Takes in a part of a message, and hands over what there is to hand over; says how many bytes
    /// were inflated.
    #[inline(never)]
    fn part<A: App>(
        &mut self,
        at: Range<usize>,
        is_last: bool,
        io: &mut Io<'_, A>,
    ) -> Result<usize, Fault>
    where
        H: Handler<A>,
    {
        let (end, limits) = (at.end, self.handler.limits());
        let pool = io.fx.shared::<Pool>();
        let taken = self.session.take_in(&io.rx.bytes()[at], is_last, pool, limits);
        io.rx.consume(end);
        let inflated = taken.map_err(|refusal| self.session.refuse(io.tx, refusal))?;
        if self.handler.intake() == Intake::Stream {
            self.hand_over(is_last, io)?;
        } else if is_last && let Some(partial) = self.session.complete() {
            let (_, mut socket) = Socket::lend(io, &mut self.session);
            let message = partial.whole().map_err(|refusal| socket.refuse(refusal))?;
            self.handler.message(message, &mut socket).map_err(|fault| socket.part(fault))?;
        }
        Ok(inflated)
    }

    /// Hands over what was taken in of a message that goes on.
    fn hand_over<A: App>(&mut self, is_last: bool, io: &mut Io<'_, A>) -> Result<(), Fault>
    where
        H: Handler<A>,
    {
        let Some(mut partial) = self.session.take_partial(is_last) else { return Ok(()) };
        let (_, mut socket) = Socket::lend(io, &mut self.session);
        if is_last {
            partial.whole().map_err(|refusal| socket.refuse(refusal))?;
        }
        let message = partial.so_far_whole();
        let place = match (partial.is_handed, is_last) {
            (false, true) => Place::Only,
            (false, false) => Place::First,
            (true, false) => Place::Middle,
            (true, true) => Place::Last,
        };
        if is_last || !message.is_empty() {
            let taken = self.handler.part(Part { message, place }, &mut socket);
            taken.map_err(|fault| socket.part(fault))?;
            partial.is_handed = true;
            partial.forget();
        }
        if !is_last {
            self.session.put_back(partial);
        }
        Ok(())
    }

    /// The peer's close: the handler is told, then it is answered with the same code.
    fn closed<A: App>(
        &mut self,
        code: Option<CloseCode>,
        why: Range<usize>,
        answer: bool,
        io: &mut Io<'_, A>,
    ) where
        H: Handler<A>,
    {
        let end = why.end;
        let (rx, mut socket) = Socket::lend(io, &mut self.session);
        // It was checked where it was found.
        let why = str::from_utf8(&rx.bytes()[why]).unwrap_or_default();
        self.handler.closed(code, why, &mut socket);
        rx.consume(end);
        if answer {
            self.session.close(io.tx, code, "");
        }
    }
}

/// Whether all that was read was looked at, and the end has not come.
#[inline(always)]
fn is_done(rx: &Rx) -> bool {
    rx.is_empty() && !rx.has_ended()
}

/// Hands over a message that is there as a whole.
#[inline(always)]
fn hand<A: App, H: Handler<A>>(
    handler: &mut H,
    kind: Kind,
    payload: &[u8],
    socket: &mut Socket<'_, A>,
) -> Result<(), Fault> {
    let message = match kind {
        Kind::Binary => Message::Binary(payload),
        Kind::Text => match str::from_utf8(payload) {
            Ok(text) => Message::Text(text),
            Err(_) => return Err(socket.refuse(assembly::NOT_UTF8)),
        },
    };
    let taken = match handler.intake() {
        Intake::Stream => handler.part(Part { message, place: Place::Only }, socket),
        _ => handler.message(message, socket),
    };
    taken.map_err(|fault| socket.part(fault))
}

impl<M: Machine, H: Handler<M::App>> State<M> for WebSocket<H> {
    #[inline(always)]
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        let heard = !io.rx.is_empty();
        self.open(io)?;
        self.session.flush_pong(io.tx);
        let mut inflated = 0;
        loop {
            let mut is_held = false;
            while inflated < INFLATED_AT_ONCE && !is_done(io.rx) {
                is_held = self.handler.intake() == Intake::Hold;
                let holds = is_held || io.tx.room() == 0;
                if !holds && self.single(io)? {
                    continue;
                }
                match self.go_on(holds, io)? {
                    Found::Something(more) => inflated += more,
                    Found::Nothing => break,
                    Found::End => return Ok(Step::Finish),
                }
            }
            if io.tx.room() > 0 && self.session.is_open() {
                self.tell(io, |handler, socket| handler.room(socket))?;
            }
            // A hold that `room` has lifted: nobody else tells of what waits.
            if !is_held || io.rx.is_empty() || self.handler.intake() == Intake::Hold {
                break;
            }
        }
        if io.draining() {
            self.session.close(io.tx, Some(CloseCode::AWAY), "the server shuts down");
        }
        self.session.settle(heard, !io.rx.is_empty(), io.now(), self.handler.limits());
        let goes_on = inflated >= INFLATED_AT_ONCE && !is_done(io.rx);
        Ok(if goes_on { Step::Yield } else { Step::Wait })
    }

    #[inline]
    fn deadline(&self) -> Option<Instant> {
        self.session.deadline()
    }

    #[inline]
    fn held(&self) -> usize {
        self.session.held()
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        let now = io.now();
        if why == Reason::Own {
            self.session.expire(io.tx, now, self.handler.limits())?;
            return Ok(Step::Wait);
        }
        self.session.close(io.tx, Some(CloseCode::AWAY), "it took too long");
        Err(Fault::TimedOut(why))
    }

    fn receive(
        &mut self,
        mail: <M::App as App>::Mail,
        io: &mut Io<'_, M::App>,
    ) -> Result<Step<Self, M>, Fault> {
        self.open(io)?;
        if !self.session.is_open() {
            return Ok(Step::Ignore);
        }
        let was_held = self.handler.intake() == Intake::Hold;
        let heard = self.tell(io, |handler, socket| handler.mail(mail, socket))?;
        let is_lifted = was_held && self.handler.intake() != Intake::Hold;
        // What waits behind a close of ours is dropped, but for the peer's.
        if is_lifted || (!self.session.is_open() && !io.rx.is_empty()) {
            let id = io.id();
            io.wake(id);
        }
        self.session.settle(false, !io.rx.is_empty(), io.now(), self.handler.limits());
        Ok(match heard {
            Heard::Taken => Step::Wait,
            Heard::Ignored => Step::Ignore,
        })
    }
}
