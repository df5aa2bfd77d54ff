//! The protocol without its messages: frames in order, control frames and the close handshake.

mod deadline;

use std::ops::Range;
use std::time::Instant;

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::contract::{Fault, Rx, Tx};

use super::assembly::{Buffer, Kind, Partial};
use super::close::{self, CloseCode, Refusal};
use super::codec::{Codec, grown};
use super::controls::Controls;
use super::deflate::Pool;
use super::extra::Extra;
use super::frame::{self, Head, MASK_SIZE, Mask, Rules, Single};
use super::limits::{Limits, reason};
use super::masks::Masks;

/// How far the conversation has come, and what [`Session::deadline`] is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Not called yet.
    New,
    /// Between two frames: then a ping is due.
    Idle,
    /// A ping was sent: then an answer is.
    Pinged,
    /// Inside a message or a frame: then its end is, or a ping.
    Partial,
    /// The same, and a ping was sent: then its end is, or a sign of life.
    PartialPinged,
    /// Something is there that we do not take: then nothing is, and it is looked at again.
    Held,
    /// The peer has closed: then our answer is.
    Parting,
    /// Our close was sent in this call.
    Leaving,
    /// Our close was sent: then the peer's is due.
    Closing,
    /// Both were, or nothing more is to be said.
    Over,
}

/// What [`Session::next`] found. Positions are in the unread bytes; whoever gets them consumes them
/// to the end of the range.
#[derive(Debug)]
pub(super) enum Event {
    /// No whole thing is there.
    Wait,
    /// Something is, but there is no room for it.
    Held,
    /// A message, whole and unmasked.
    Message(Kind, Range<usize>),
    /// A part of one, unmasked, and whether it is the last. It is for [`Session::take_in`].
    Part(Range<usize>, bool),
    /// The peer's close frame: its code, its reason, and whether it is still to be answered.
    Closed { code: Option<CloseCode>, reason: Range<usize>, answer: bool },
}

/// One end of a WebSocket, but for what its messages are.
#[derive(Debug)]
pub(super) struct Session {
    due: Option<Instant>,
    /// When the peer was heard last, where it is idle and `due` was not moved for that; inside a
    /// message, when that began.
    since: Option<Instant>,
    partial: Option<Box<Partial>>,
    extra: Option<Box<Extra>>,
    controls: Controls,
    rules: Rules,
    phase: Phase,
    /// The message that is being sent in fragments.
    pub(super) sending: Option<Sending>,
}

/// A message that is sent in part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sending {
    pub(super) kind: Kind,
    /// Another was to be sent meanwhile.
    pub(super) blocks: bool,
}

impl Session {
    /// A server's side.
    pub(super) const fn new() -> Self {
        Session {
            due: None,
            since: None,
            partial: None,
            extra: None,
            controls: Controls::NONE,
            rules: Rules::SERVER,
            phase: Phase::New,
            sending: None,
        }
    }

    /// A client's side.
    pub(super) fn client(masks: Masks) -> Self {
        let extra = Extra { masks: Some(Box::new(masks)), codec: None };
        Session { rules: Rules::CLIENT, extra: Some(Box::new(extra)), ..Session::new() }
    }

    /// The same where compression was agreed.
    pub(super) fn with_codec(mut self, codec: Codec) -> Self {
        self.rules = self.rules.with_compression();
        self.extra.get_or_insert_default().codec = Some(codec);
        self
    }

    /// What it compresses with, where that was agreed.
    #[inline]
    pub(super) fn codec(&mut self) -> Option<&mut Codec> {
        self.extra.as_mut()?.codec.as_mut()
    }

    /// The mask of the next frame; a server has none.
    #[inline]
    pub(super) fn mask(&mut self) -> Option<Mask> {
        self.extra.as_mut()?.masks.as_mut().map(|masks| masks.next())
    }

    /// Whether its frames have neither a mask nor compression.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.extra.is_none()
    }

    /// Queues a frame that begins with `first`.
    #[inline]
    pub(super) fn write(&mut self, tx: &mut Tx, first: u8, payload: &[u8]) {
        let mask = self.mask();
        frame::write(tx, first, payload, mask);
    }

    /// How many bytes a mask adds to each of our frames.
    #[inline]
    pub(super) fn mask_size(&self) -> usize {
        if self.rules.is_client() { MASK_SIZE } else { 0 }
    }

    /// The next message, unmasked, if the session is idle and all of it is there in one plain
    /// frame: the common case of [`next`](Session::next), which has to be asked otherwise.
    #[inline(always)]
    pub(super) fn single<'b>(&self, bytes: &'b mut [u8], limits: &Limits) -> Option<Single<'b>> {
        if self.phase != Phase::Idle || self.partial.is_some() {
            return None;
        }
        let (single, mask) = frame::single(bytes, self.rules)?;
        let most = limits.frame_max.min(limits.message_max);
        if single.payload.len() as u64 > most || limits.fragments_max == 0 {
            return None;
        }
        frame::unmask(single.payload, mask);
        Some(single)
    }

    /// Finds out what comes next and does what needs nobody else: pings, pongs, and what comes
    /// behind our close. At most `most` bytes of a message are given.
    ///
    /// # Errors
    /// What the peer did wrong; the close frame that says so is written.
    #[inline]
    pub(super) fn next(
        &mut self,
        rx: &mut Rx,
        tx: &mut Tx,
        now: Instant,
        limits: &Limits,
        most: usize,
    ) -> Result<Event, Fault> {
        match self.find(rx, tx, now, limits, most) {
            Ok(Event::Held) => {
                self.phase = Phase::Held;
                Ok(Event::Held)
            }
            Ok(event) => {
                if self.phase == Phase::Held {
                    self.be_idle();
                }
                Ok(event)
            }
            Err(refusal) => Err(self.refuse(tx, refusal)),
        }
    }

    #[inline]
    fn find(
        &mut self,
        rx: &mut Rx,
        tx: &mut Tx,
        now: Instant,
        limits: &Limits,
        most: usize,
    ) -> Result<Event, Refusal> {
        loop {
            // A pong on the way may have taken the last of the room.
            let most = if tx.room() == 0 { 0 } else { most };
            if self.partial.as_ref().is_some_and(|partial| partial.is_inside()) {
                match self.go_on(rx, most) {
                    Some(event) => return Ok(event),
                    None => continue,
                }
            }
            let Some(head) = frame::parse(rx.bytes(), self.rules)? else { return Ok(Event::Wait) };
            let event = match head.opcode {
                OpCode::Control(op) => self.control(op, &head, (rx, tx), now, limits)?,
                OpCode::Data(op) => self.data(op, &head, rx, limits, most)?,
            };
            if let Some(event) = event {
                return Ok(event);
            }
        }
    }

    /// The next part of a frame that has begun; none if it was dropped behind our close.
    fn go_on(&mut self, rx: &mut Rx, most: usize) -> Option<Event> {
        let drops = !self.is_open();
        let Some(partial) = &mut self.partial else { return Some(Event::Wait) };
        let there = rx.len().min(partial.remaining());
        if there == 0 {
            return Some(Event::Wait);
        }
        if drops {
            partial.skip(there);
            rx.consume(there);
            if partial.is_whole() {
                self.partial = None;
            }
            return None;
        }
        let len = there.min(partial.step(most));
        if len == 0 {
            return Some(Event::Held);
        }
        partial.take(&mut rx.bytes_mut()[..len]);
        Some(Event::Part(0..len, partial.is_whole()))
    }

    /// A frame of a message; none if nothing of it is there yet, or it was dropped.
    #[inline]
    fn data(
        &mut self,
        op: Data,
        head: &Head,
        rx: &mut Rx,
        limits: &Limits,
        most: usize,
    ) -> Result<Option<Event>, Refusal> {
        let kind = match (op, &self.partial) {
            (Data::Continue, Some(partial)) => partial.kind,
            (Data::Continue, None) => {
                return Err(Refusal::protocol(reason::STRAY_CONTINUATION));
            }
            (_, Some(_)) => return Err(Refusal::protocol(reason::MESSAGE_IN_MESSAGE)),
            (Data::Text, None) => Kind::Text,
            (_, None) => Kind::Binary,
        };
        let total = self.check_size(head, limits)?;
        if most == 0 && self.is_open() {
            return Ok(Some(Event::Held));
        }
        let (at, len) = (head.size, usize::try_from(head.len).unwrap_or(usize::MAX));
        let is_there = len <= (rx.len() - at).min(most);
        if is_there && head.is_final && !head.is_compressed && self.partial.is_none() {
            if !self.is_open() {
                rx.consume(at + len);
                return Ok(None);
            }
            frame::unmask(&mut rx.bytes_mut()[at..at + len], head.mask);
            self.be_idle();
            return Ok(Some(Event::Message(kind, at..at + len)));
        }
        Ok(self.begin(kind, head, total, rx, most))
    }

    /// Takes in the head of a frame that is not a whole message, and what is there of it.
    #[inline(never)]
    fn begin(
        &mut self,
        kind: Kind,
        head: &Head,
        total: u64,
        rx: &mut Rx,
        most: usize,
    ) -> Option<Event> {
        let is_open = self.is_open();
        let partial = self.partial.get_or_insert_with(|| Box::new(Partial::new(kind, head)));
        partial.begin(head, total);
        let len = (rx.len() - head.size).min(partial.remaining()).min(partial.step(most));
        if !is_open || (len == 0 && head.len > 0) {
            rx.consume(head.size);
            if partial.is_whole() {
                self.partial = None;
            }
            return None;
        }
        let part = head.size..head.size + len;
        partial.take(&mut rx.bytes_mut()[part.clone()]);
        Some(Event::Part(part, partial.is_whole()))
    }

    /// The size of the message with this frame, which is within the limits.
    #[inline]
    fn check_size(&self, head: &Head, limits: &Limits) -> Result<u64, Refusal> {
        let is_compressed =
            self.partial.as_ref().map_or(head.is_compressed, |partial| partial.is_compressed);
        let bound = |limit: u64| if is_compressed { grown(limit) } else { limit };
        if head.len > bound(limits.frame_max) {
            return Err(Refusal::too_large(reason::FRAME_TOO_LARGE));
        }
        let so_far = self.partial.as_ref().map(|partial| partial.so_far());
        let (before, fragments) = so_far.unwrap_or_default();
        // What comes behind our close is dropped, so that no size of a message is too large.
        if !self.is_open() {
            return Ok(0);
        }
        if fragments >= limits.fragments_max {
            return Err(Refusal::policy(reason::TOO_MANY_FRAGMENTS));
        }
        let total = before.saturating_add(head.len);
        if total > bound(limits.message_max) {
            return Err(Refusal::too_large(reason::MESSAGE_TOO_LARGE));
        }
        Ok(total)
    }

    /// A control frame; none if it was dealt with.
    #[inline(never)]
    fn control(
        &mut self,
        op: Control,
        head: &Head,
        (rx, tx): (&mut Rx, &mut Tx),
        now: Instant,
        limits: &Limits,
    ) -> Result<Option<Event>, Refusal> {
        let all = head.size..head.size + head.len as usize;
        if rx.len() < all.end {
            return Ok(Some(Event::Wait));
        }
        if self.is_inside() && self.partial.is_none() {
            self.be_idle();
        }
        frame::unmask(&mut rx.bytes_mut()[all.clone()], head.mask);
        if op == Control::Close {
            let (code, reason) = close::parse(&rx.bytes()[all.clone()])?;
            let answer = self.is_open();
            self.phase = if answer { Phase::Parting } else { Phase::Over };
            // The answer that is owed is ours: the peer is not waited for.
            self.due = None;
            // An empty payload has no reason; what is consumed goes to the end of it all the same.
            let reason = all.start + reason.start..all.end;
            return Ok(Some(Event::Closed { code, reason, answer }));
        }
        self.controls.count(now, limits)?;
        if op == Control::Ping && self.is_open() {
            let mask = self.mask();
            self.controls.answer(&rx.bytes()[all.clone()], tx, mask);
        }
        rx.consume(all.end);
        Ok(None)
    }

    /// Sends the pong that waits for room, if there is room now.
    #[inline]
    pub(super) fn flush_pong(&mut self, tx: &mut Tx) {
        if self.controls.has_pong() && self.is_open() && tx.room() > 0 {
            let mask = self.mask();
            self.controls.send_pong(tx, mask);
        }
    }

    /// Takes in a part of the message that is being put together; says how many bytes were
    /// inflated for it.
    ///
    /// # Errors
    /// A text that is not UTF-8, and what cannot be inflated or becomes too large.
    pub(super) fn take_in(
        &mut self,
        part: &[u8],
        is_last: bool,
        pool: &mut Pool,
        limits: &Limits,
    ) -> Result<usize, Refusal> {
        let Some(partial) = self.partial.as_deref_mut() else { return Ok(0) };
        match self.extra.as_mut().and_then(|extra| extra.codec.as_mut()) {
            Some(codec) if partial.is_compressed => {
                codec.inflate(partial, (part, is_last), pool, limits.message_max)
            }
            _ => partial.append(part, limits.message_max).map(|()| 0),
        }
    }

    /// Takes the message out that is being put together; it is complete if that was its last part.
    pub(super) fn take_partial(&mut self, is_last: bool) -> Option<Box<Partial>> {
        if is_last { self.complete() } else { self.partial.take() }
    }

    /// It goes on. What a handler has closed meanwhile needs no memory for it.
    pub(super) fn put_back(&mut self, partial: Box<Partial>) {
        self.partial = Some(partial);
        if !self.is_open() {
            self.forget_messages();
        }
    }

    /// No message comes or goes any more: nothing is kept for one.
    fn forget_messages(&mut self) {
        if let Some(partial) = &mut self.partial {
            (partial.buffer, partial.inflater) = (Buffer::default(), None);
        }
        if let Some(extra) = &mut self.extra {
            extra.codec = None;
        }
    }

    /// The message that is being put together.
    pub(super) fn partial(&mut self) -> Option<&mut Partial> {
        self.partial.as_deref_mut()
    }

    /// Takes it out: it is whole.
    pub(super) fn complete(&mut self) -> Option<Box<Partial>> {
        if self.is_inside() {
            self.be_idle();
        }
        self.partial.take()
    }

    /// Sends our close, unless it was sent.
    pub(super) fn close(&mut self, tx: &mut Tx, code: Option<CloseCode>, why: &str) {
        if !self.is_open() {
            return;
        }
        let mask = self.mask();
        self.controls.send_pong(tx, mask);
        let mask = self.mask();
        frame::write_close(tx, code, why, mask);
        let answered = self.phase == Phase::Parting;
        self.phase = if answered { Phase::Over } else { Phase::Leaving };
        self.forget_messages();
    }

    /// Sends our close with the code of what went wrong, and says that it is over.
    #[inline(never)]
    pub(super) fn refuse(&mut self, tx: &mut Tx, refusal: Refusal) -> Fault {
        let said = refusal.reason;
        self.close(tx, Some(refusal.code), said.strip_prefix("websocket: ").unwrap_or(said));
        (self.phase, self.partial, self.due) = (Phase::Over, None, None);
        Fault::Peer(refusal.reason)
    }

    #[inline]
    pub(super) fn is_new(&self) -> bool {
        self.phase == Phase::New
    }

    /// Whether messages may be sent, and those of the peer are heard.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.phase, Phase::Leaving | Phase::Closing | Phase::Over)
    }

    /// Whether the peer has closed, and we have not answered.
    #[inline]
    pub(super) fn is_parting(&self) -> bool {
        self.phase == Phase::Parting
    }

    /// Whether nothing more is to be said.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Bytes of memory that it holds beside itself.
    #[inline]
    pub(super) fn held(&self) -> usize {
        let has_none = self.partial.is_none() && self.extra.is_none() && !self.controls.has_pong();
        if has_none { 0 } else { self.held_beside() }
    }

    #[inline(never)]
    fn held_beside(&self) -> usize {
        let partial = self.partial.as_ref().map_or(0, |partial| partial.held());
        let extra = self.extra.as_ref().map_or(0, |extra| extra.held());
        partial + extra + self.controls.held()
    }
}
