//! One connection as the loop holds it: socket, buffers, readiness, deadline and link.

use std::panic::{AssertUnwindSafe, catch_unwind};

use readily_protocols::contract::{App, End, Half, Id, Machine, Remote, Rx, Signals, Tx};

use crate::sys::{Readiness, Sys};
use crate::timers::{Key, NEVER, Nanos};

/// One connection. It is kept small: a loop has many of them, and most are idle.
pub(crate) struct Slot<A: App, S: Sys> {
    /// None before an outgoing connection is reserved a machine, and after the machine has ended.
    pub(crate) machine: Option<A::Conn>,
    /// None in a slot that is reserved or dead.
    pub(crate) stream: Option<S::Stream>,
    /// Lent for a call; kept while something is unread or the peer's half has ended.
    pub(crate) rx: Option<Box<Rx>>,
    /// Lent for a call; kept while something is unsent or our half has ended.
    pub(crate) tx: Option<Box<Tx>>,
    pub(crate) link: Link,
    pub(crate) remote: Remote,
    /// When the state it is in was entered.
    pub(crate) entered: Nanos,
    /// When a byte moved last.
    pub(crate) progressed: Nanos,
    /// When the carrier gives up: the connect deadline, then the send stall, then the lingering
    /// close.
    pub(crate) patience: Nanos,
    /// When the timer fires that is armed.
    pub(crate) armed: Nanos,
    pub(crate) timer: Key,
    pub(crate) generation: u32,
    /// Bytes of memory that were charged to the budget for it.
    pub(crate) held: u32,
    /// Bytes that were discarded in a lingering close.
    pub(crate) discarded: u32,
    pub(crate) flags: Flags,
    /// The listener that it counts for; `u16::MAX` for an outgoing one.
    pub(crate) listener: u16,
    pub(crate) phase: Phase,
    /// Calls in a row that made no progress.
    pub(crate) spins: u8,
    pub(crate) signals: Signals,
}

/// Where a slot is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Its id may be handed out for an outgoing connection.
    Reserved,
    /// The outgoing connection is being made.
    Connecting,
    /// The handshake of TLS is under way; there is no machine yet.
    Securing,
    /// The machine is served.
    Open,
    /// The machine has ended; what is queued is sent, what arrives is discarded.
    Closing,
    /// Given back to the slab at the end of the turn.
    Dead,
}

/// The connection at the other end of a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Link {
    None,
    To(Id),
    Failed(Id, std::io::ErrorKind),
    /// Boxed since it is rare, and large for a slot.
    Gone(Box<(Id, End)>),
}

impl Link {
    pub(crate) fn gone(id: Id, why: End) -> Self {
        Link::Gone(Box::new((id, why)))
    }
}

/// What is true of a slot now.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Flags(u16);

impl Flags {
    /// A read may find something; cleared when one did not.
    pub(crate) const READABLE: Flags = Flags(1);
    /// A write may be taken; cleared when one was not.
    pub(crate) const WRITABLE: Flags = Flags(2);
    /// A short read proves nothing.
    pub(crate) const DRAIN: Flags = Flags(4);
    /// It is in the run queue.
    pub(crate) const QUEUED: Flags = Flags(8);
    /// The machine is called at the next visit, whether or not bytes arrive.
    pub(crate) const CALL: Flags = Flags(16);
    /// Somebody waits for its send buffer to fall under the low mark.
    pub(crate) const FULL: Flags = Flags(32);
    /// It waits for the buffer budget.
    pub(crate) const STARVED: Flags = Flags(64);
    /// Our end was told to the peer.
    pub(crate) const SHUT: Flags = Flags(128);
    /// Something lies between it and its socket.
    pub(crate) const LAYERED: Flags = Flags(256);
    /// That holds bytes which the socket did not take.
    pub(crate) const UNSENT: Flags = Flags(512);
    /// Memory was charged for it.
    pub(crate) const HOLDS: Flags = Flags(1024);
    /// The peer is gone, as a write has found: only what it sent before that is still heard.
    pub(crate) const LOST: Flags = Flags(2048);

    /// Takes in what the system reported; the bits are the same.
    #[inline]
    pub(crate) fn take_in(&mut self, what: Readiness) {
        const { assert!(Flags::READABLE.0 == Readiness::READABLE.0 as u16) };
        const { assert!(Flags::WRITABLE.0 == Readiness::WRITABLE.0 as u16) };
        const { assert!(Flags::DRAIN.0 == Readiness::DRAIN.0 as u16) };
        self.0 |= u16::from(what.0);
    }

    #[inline]
    pub(crate) fn has(self, flag: Flags) -> bool {
        self.0 & flag.0 != 0
    }

    #[inline]
    pub(crate) fn set(&mut self, flag: Flags) {
        self.0 |= flag.0;
    }

    #[inline]
    pub(crate) fn clear(&mut self, flag: Flags) {
        self.0 &= !flag.0;
    }
}

impl<A: App, S: Sys> Slot<A, S> {
    pub(crate) fn reserved(generation: u32) -> Self {
        Slot {
            machine: None,
            stream: None,
            rx: None,
            tx: None,
            link: Link::None,
            remote: Remote::V4(std::net::SocketAddrV4::new(std::net::Ipv4Addr::UNSPECIFIED, 0)),
            entered: 0,
            progressed: 0,
            patience: NEVER,
            armed: NEVER,
            timer: Key::NONE,
            generation,
            held: 0,
            discarded: 0,
            flags: Flags::default(),
            listener: u16::MAX,
            phase: Phase::Reserved,
            spins: 0,
            signals: Signals(0),
        }
    }

    /// Whether it is an open connection with nothing left over from earlier visits, and readable:
    /// most visits find it so.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        let quiet = Flags::READABLE.0 | Flags::WRITABLE.0;
        let known = quiet | Flags::DRAIN.0 | Flags::QUEUED.0;
        self.phase == Phase::Open
            && self.rx.is_none()
            && self.tx.is_none()
            && self.flags.0 & (quiet | !known) == quiet
    }

    /// The connection it is linked with.
    #[inline]
    pub(crate) fn peer(&self) -> Option<Id> {
        match self.link {
            Link::To(peer) => Some(peer),
            _ => None,
        }
    }

    /// Whether something waits to be sent.
    #[inline]
    pub(crate) fn has_output(&self) -> bool {
        self.tx.as_ref().is_some_and(|tx| !tx.is_empty()) || self.flags.has(Flags::UNSENT)
    }

    /// Whether the peer's half has ended in order, and all of it was consumed.
    #[inline]
    pub(crate) fn has_heard_all(&self) -> bool {
        self.rx.as_ref().is_some_and(|rx| rx.half() == Half::Ended && rx.is_empty())
    }

    /// Whether nothing is said any more after what waits.
    #[inline]
    pub(crate) fn has_said_all(&self) -> bool {
        self.phase == Phase::Closing || self.tx.as_ref().is_some_and(|tx| !tx.may_send())
    }

    /// Whether its send buffer is no reason to stop reading: it has room, or nothing more goes
    /// there.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.tx.as_ref().is_none_or(|tx| tx.room() > 0 || !tx.may_send())
    }

    /// Whether more may be read for it.
    #[inline]
    pub(crate) fn may_receive(&self) -> bool {
        self.rx.as_ref().is_none_or(|rx| !rx.has_ended() && !rx.is_full())
    }

    /// How much its machine holds besides its own size; the user's code is asked outside of its
    /// call, and may panic.
    pub(crate) fn machine_held(&self) -> std::thread::Result<usize> {
        match &self.machine {
            None => Ok(0),
            Some(machine) => catch_unwind(AssertUnwindSafe(|| machine.held())),
        }
    }

    /// The name of its state.
    pub(crate) fn state(&self) -> &'static str {
        match (&self.machine, self.phase) {
            (Some(machine), Phase::Open) => A::Conn::STATES[machine.state()].name,
            (_, Phase::Reserved) => "reserved",
            (_, Phase::Connecting) => "connecting",
            (_, Phase::Securing) => "securing",
            (_, Phase::Closing) => "closing",
            _ => "dead",
        }
    }
}
