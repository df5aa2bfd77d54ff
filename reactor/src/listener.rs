//! Listeners: how connections come in, and what happens when no more can.

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

use readily_protocols::contract::{Address, App, EndpointId, Id, Remote, Secured};

use crate::carrier::{Layer, Tls};
use crate::reactor::{Alarm, Reactor};
use crate::slot::{Flags, Phase};
use crate::sys::{Close, Listen, Source, Sys};

/// The mark of a connection that no listener accepted.
pub(crate) const OUTGOING: u16 = u16::MAX;

/// One listener of a loop.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ListenerId(u16);

/// What is known of a connection before it has a machine.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepted<'a> {
    /// Where it comes from.
    pub from: &'a Address,
    /// What accepted it.
    pub through: Through,
    /// What was agreed when it was secured; none on a plain connection.
    pub secured: Option<&'a Secured>,
}

/// What accepted a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Through {
    /// A listener.
    Listener(ListenerId),
    /// An endpoint, which carries it as a stream.
    Endpoint(EndpointId),
}

/// What a failure of accept means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AcceptFailure {
    /// Nobody waits.
    Nobody,
    /// Try again at once.
    Again,
    /// That connection is gone; the next may be there.
    Aborted,
    /// The process or the system has no descriptor or memory left.
    Exhausted,
    /// Something else; the listener goes on after a while.
    Other,
}

impl AcceptFailure {
    /// The meaning of an error of accept (accept(2)): network errors belong to the connection.
    pub fn of(error: &io::Error) -> Self {
        use rustix::io::Errno;
        let errno = error.raw_os_error().map(Errno::from_raw_os_error);
        match (error.kind(), errno) {
            (ErrorKind::WouldBlock, _) => AcceptFailure::Nobody,
            (ErrorKind::Interrupted, _) => AcceptFailure::Again,
            (_, Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)) => {
                AcceptFailure::Exhausted
            }
            (ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset, _) => {
                AcceptFailure::Aborted
            }
            (_, Some(Errno::PROTO | Errno::NETDOWN | Errno::NETUNREACH | Errno::HOSTUNREACH)) => {
                AcceptFailure::Aborted
            }
            _ => AcceptFailure::Other,
        }
    }
}

/// Makes the first state of a connection, or refuses it.
pub(crate) type First<A> = Box<dyn FnMut(&mut A, &Accepted<'_>) -> Option<<A as App>::Conn>>;

pub(crate) struct Listener<A: App, S: Sys> {
    source: Option<S::Listener>,
    first: First<A>,
    options: Listen,
    spare: Option<S::Spare>,
    pub(crate) connections: usize,
    /// The kernel has said that somebody waits, and not yet that nobody does.
    pending: bool,
    hold: Hold,
    retry_armed: bool,
}

/// Why a listener with somebody waiting does not accept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hold {
    No,
    /// Until a connection ends.
    Room,
    /// Until a descriptor is freed, or the retry.
    Descriptors,
    /// Until it is resumed.
    Paused,
}

/// What to do after one accept.
enum After {
    Next,
    Stop,
}

impl<A: App, S: Sys> Listener<A, S> {
    pub(crate) fn ready(&mut self) {
        self.pending = true;
    }

    /// Whether it can accept now.
    pub(crate) fn is_eager(&self) -> bool {
        self.pending && self.hold == Hold::No && self.source.is_some()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.source.is_some()
    }
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// Listens with every default; `first` makes the first state of each connection, or refuses it.
    ///
    /// Says where it listens: the port is the system's choice for port 0.
    ///
    /// # Errors
    /// Those of the socket, bind and listen calls.
    pub fn listen(
        &mut self,
        at: &Address,
        first: impl FnMut(&mut A, &Accepted<'_>) -> Option<A::Conn> + 'static,
    ) -> io::Result<Address> {
        self.listen_with(at, Listen::default(), first).map(|(_, address)| address)
    }

    /// Listens.
    ///
    /// # Errors
    /// Those of the socket, bind and listen calls; `InvalidInput` for a budget of 0.
    pub fn listen_with(
        &mut self,
        at: &Address,
        options: Listen,
        first: impl FnMut(&mut A, &Accepted<'_>) -> Option<A::Conn> + 'static,
    ) -> io::Result<(ListenerId, Address)> {
        if options.accept_budget == 0 {
            return Err(io::Error::new(ErrorKind::InvalidInput, "accept_budget is 0"));
        }
        let id = u16::try_from(self.listeners.len()).map_err(|_| ErrorKind::OutOfMemory)?;
        let spare = Some(self.sys.spare()?);
        let (source, address) = self.sys.listen(at, &options, Source::Listener(id).token())?;
        self.listeners.push(Listener {
            source: Some(source),
            first: Box::new(first),
            options,
            spare,
            connections: 0,
            pending: false,
            hold: Hold::No,
            retry_armed: false,
        });
        Ok((ListenerId(id), address))
    }

    /// Leaves connections waiting in the kernel until [`resume`](Reactor::resume).
    pub fn pause(&mut self, listener: ListenerId) {
        self.listeners[usize::from(listener.0)].hold = Hold::Paused;
    }

    /// Accepts again.
    pub fn resume(&mut self, listener: ListenerId) {
        let listener = &mut self.listeners[usize::from(listener.0)];
        if listener.hold == Hold::Paused {
            listener.hold = Hold::No;
        }
    }

    /// Accepts on each listener where somebody waits, within its budget.
    pub(crate) fn accept_waiting(&mut self) {
        for at in 0..self.listeners.len() {
            if self.listeners[at].is_eager() {
                self.accept_some(at, self.listeners[at].options.accept_budget);
            }
        }
    }

    /// A connection has ended: who waited for its place or its descriptor may go on.
    pub(crate) fn wake_listeners(&mut self) {
        for listener in &mut self.listeners {
            if matches!(listener.hold, Hold::Room | Hold::Descriptors) {
                listener.hold = Hold::No;
            }
        }
    }

    pub(crate) fn retry_listener(&mut self, at: u16) {
        let listener = &mut self.listeners[usize::from(at)];
        listener.retry_armed = false;
        if listener.hold == Hold::Descriptors {
            listener.hold = Hold::No;
        }
    }

    /// Takes in whoever waits already.
    pub(crate) fn accept_last(&mut self) {
        for at in 0..self.listeners.len() {
            self.listeners[at].pending = true;
            self.accept_some(at, self.listeners[at].options.backlog as usize);
        }
    }

    /// Closes all listeners.
    pub(crate) fn close_listeners(&mut self) {
        for listener in &mut self.listeners {
            (listener.pending, listener.spare) = (false, None);
            if let Some(source) = listener.source.take() {
                self.sys.unlisten(source);
            }
        }
    }

    #[inline(never)]
    fn accept_some(&mut self, at: usize, budget: usize) {
        for _ in 0..budget {
            if !self.listeners[at].is_eager() || matches!(self.accept_one(at), After::Stop) {
                return;
            }
        }
    }

    fn accept_one(&mut self, at: usize) -> After {
        let listener = &mut self.listeners[at];
        let full = listener.connections >= listener.options.connections_max
            || self.counters.open >= self.connections_max as u64;
        if full {
            self.counters.connections_exhausted += 1;
            listener.hold = Hold::Room;
            return After::Stop;
        }
        let handshaking = self.counters.handshaking >= self.config.handshakes_max as u64;
        if listener.options.tls.is_some() && handshaking {
            self.counters.handshakes_exhausted += 1;
            listener.hold = Hold::Room;
            return After::Stop;
        }
        let Some(source) = &mut listener.source else { return After::Stop };
        match self.sys.accept(source) {
            Ok((stream, from)) => {
                self.admit(at, stream, &from);
                After::Next
            }
            Err(error) => self.accept_failed(at, AcceptFailure::of(&error)),
        }
    }

    fn accept_failed(&mut self, at: usize, failure: AcceptFailure) -> After {
        let listener = &mut self.listeners[at];
        match failure {
            AcceptFailure::Nobody => {
                listener.pending = false;
                if listener.spare.is_none() {
                    // It was given up in need, and could not be had again then.
                    listener.spare = self.sys.spare().ok();
                }
                return After::Stop;
            }
            AcceptFailure::Again => return After::Next,
            AcceptFailure::Aborted => {
                self.counters.accept_aborted += 1;
                return After::Next;
            }
            AcceptFailure::Exhausted => {
                self.counters.descriptors_exhausted += 1;
                crate::trace::exhausted(at);
                self.refuse_with_spare(at);
            }
            AcceptFailure::Other => self.counters.accept_failed += 1,
        }
        // An edge was used up without draining the queue, and no other will come for those who wait
        // in it: so the listener stays pending, and tries again when a descriptor is freed or after
        // a while.
        self.listeners[at].hold = Hold::Descriptors;
        if !std::mem::replace(&mut self.listeners[at].retry_armed, true) {
            let retry = self.clock.after(self.config.accept_retry);
            self.timers.arm(retry, Alarm::Listener(at as u16));
        }
        After::Stop
    }

    /// Gives the spare descriptor up for a moment, to tell some of those who wait that they wait in
    /// vain.
    fn refuse_with_spare(&mut self, at: usize) {
        let listener = &mut self.listeners[at];
        if let (Some(source), Some(spare)) = (&mut listener.source, listener.spare.take()) {
            drop(spare);
            for _ in 0..listener.options.accept_budget {
                let Ok((stream, _)) = self.sys.accept(source) else { break };
                self.sys.close(stream, Close::Reset);
                self.counters.refused_descriptors += 1;
            }
        }
        listener.spare = self.sys.spare().ok();
    }

    /// Takes a connection in: it gets its machine now, or after the handshake of TLS.
    fn admit(&mut self, at: usize, stream: S::Stream, from: &Address) {
        if self.refuses_for_memory() {
            self.counters.refused_budget += 1;
            return self.sys.close(stream, Close::Reset);
        }
        let Some(tls) = &self.listeners[at].options.tls else {
            let Some(machine) = self.first_of(at, from, None) else {
                return self.sys.close(stream, Close::Reset);
            };
            let Some(id) = self.place(at, stream, from) else { return };
            let slot = &mut self.slots[id.index as usize];
            slot.machine = Some(machine);
            slot.phase = Phase::Open;
            return self.open(id);
        };
        let session = catch_unwind(AssertUnwindSafe(|| tls.0.accept()));
        let Ok(Ok(session)) = session else {
            self.counters.handshakes_failed += 1;
            self.counters.panics += u64::from(session.is_err());
            return self.sys.close(stream, Close::Reset);
        };
        let Some(id) = self.place(at, stream, from) else { return };
        let index = id.index as usize;
        let tls = Layer::Tls(Box::new(Tls::new(session)));
        self.layers.put(index, tls, &mut self.slots[index].flags);
        self.begin_handshake(index);
    }

    /// Asks a listener's closure for the first state of a connection; counts its refusal.
    pub(crate) fn first_of(
        &mut self,
        at: usize,
        from: &Address,
        secured: Option<&Secured>,
    ) -> Option<A::Conn> {
        let through = Through::Listener(ListenerId(at as u16));
        let accepted = Accepted { from, through, secured };
        let (app, first) = (&mut self.app, &mut self.listeners[at].first);
        match catch_unwind(AssertUnwindSafe(|| first(app, &accepted))) {
            Ok(Some(machine)) => return Some(machine),
            Ok(None) => self.counters.refused_by_closure += 1,
            Err(_) => self.counters.panics += 1,
        }
        None
    }

    /// Gives an accepted stream a slot, and registers it.
    fn place(&mut self, at: usize, mut stream: S::Stream, from: &Address) -> Option<Id> {
        let id = self.insert_slot();
        if let Err(error) = self.sys.register(&mut stream, Source::Conn(id).token()) {
            self.slots.remove(id.index as usize);
            self.counters.accept_failed += 1;
            self.tracing.refused(from, &error);
            self.sys.close(stream, Close::Reset);
            return None;
        }
        self.counters.accepted += 1;
        self.counters.open += 1;
        self.listeners[at].connections += 1;
        let slot = &mut self.slots[id.index as usize];
        slot.stream = Some(stream);
        slot.remote = Remote::from(from.clone());
        slot.listener = at as u16;
        slot.flags.set(Flags::WRITABLE);
        if self.fx.draining() {
            // What it has sent already is answered before it is told of the drain.
            slot.flags.set(Flags::READABLE);
        }
        self.tracing.accepted(id, from);
        Some(id)
    }
}
