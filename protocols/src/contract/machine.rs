//! What a connection is: states that a user wrote, joined into one machine by the derive.

use std::fmt;
use std::marker::PhantomData;
use std::time::Instant;

use super::{Diagram, Effects, End, Fault, Id, Io, Reason, StateInfo};

/// What one loop serves: implemented on the user's application state.
///
/// Handlers hold it by `&mut`: the loop is one thread, so nothing needs a lock or `Send`. A handler
/// that panics may leave it half changed; the loop ends that connection and goes on.
pub trait App: Sized + 'static {
    /// Typed messages, from connections, other threads, timers, signals and offloaded work.
    type Mail: 'static;
    /// The user's enum: what a connection of this loop can be.
    type Conn: Machine<App = Self>;

    /// Mail that is addressed to the application itself.
    fn receive(&mut self, mail: Self::Mail, fx: &mut Effects<Self>) {
        let _ = (mail, fx);
    }

    /// Called once for each connection whose machine ended, however it ended: a panic and an abort
    /// included, so that tables and gauges cannot leak. Others can be told of it here.
    fn gone(&mut self, id: Id, why: End, fx: &mut Effects<Self>) {
        let _ = (id, why, fx);
    }
}

/// One state, written by hand. `M` is the whole connection it is part of, so that a state of a
/// library fits any user's enum.
pub trait State<M: Machine>: Sized {
    /// Does all that can be done with what is there, and says what comes next.
    ///
    /// Called on entry, when bytes arrived, when `tx` has room again, when the peer ended its half,
    /// when the link changed, when the loop starts to drain, and after a wake. A call may find
    /// nothing new.
    ///
    /// # Errors
    /// A [`Fault`] ends the connection.
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault>;

    /// When to call [`expire`](State::expire); asked again after every call. The attributes
    /// `within` and `idle` of the derive cover most needs.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// How many bytes of memory it holds besides its own size, such as a body that is put together;
    /// asked again after every call. They count as buffers of its connection do.
    fn held(&self) -> usize {
        0
    }

    /// Called when a deadline has passed. After it the deadline must have moved, the state changed,
    /// or the connection ended.
    ///
    /// # Errors
    /// By default [`Fault::TimedOut`]: what was written is sent, then the connection ends.
    fn expire(&mut self, why: Reason, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        let _ = io;
        Err(Fault::TimedOut(why))
    }

    /// Called for each piece of mail. By default it is dropped and the loop counts it.
    ///
    /// # Errors
    /// A [`Fault`] ends the connection.
    fn receive(
        &mut self,
        mail: <M::App as App>::Mail,
        io: &mut Io<'_, M::App>,
    ) -> Result<Step<Self, M>, Fault> {
        let _ = (mail, io);
        Ok(Step::Ignore)
    }
}

/// What a state of type `F` in the machine `M` does next.
#[derive(Debug)]
pub enum Step<F, M> {
    /// Nothing until something new happens.
    Wait,
    /// More could be done at once: call again, after others had their turn.
    Yield,
    /// The state is over; the next one is advanced at once, with what is unread still there.
    /// Made by [`Step::becomes`].
    Become(Entered<F, M>),
    /// The conversation is over: send what is queued, end our half, read until the peer ends its
    /// own.
    Finish,
    /// This mail was not for this state. Elsewhere the same as [`Step::Wait`].
    Ignore,
}

/// The next state, which only a declared successor can be made into.
pub struct Entered<F, M>(M, PhantomData<F>);

impl<F, M> fmt::Debug for Entered<F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entered")
    }
}

/// `To` is declared in `#[becomes(..)]` on the variant of this enum that holds `From`.
#[diagnostic::on_unimplemented(
    message = "`{From}` may not become `{To}` in `{Self}`",
    label = "not a declared successor",
    note = "name the variant that holds `{To}` in `#[becomes(..)]` on the variant of `{Self}` that \
            holds `{From}`"
)]
pub trait Edge<From, To> {
    /// The machine in its next state.
    fn enter(to: To) -> Self;
}

impl<F, M> Step<F, M> {
    /// The state is over and `to` comes next: compiles only for a declared successor.
    #[inline]
    pub fn becomes<T>(to: T) -> Self
    where
        M: Edge<F, T>,
    {
        Step::Become(Entered(M::enter(to), PhantomData))
    }

    /// Carries out on the machine what its state came to: what the derive's code calls.
    ///
    /// # Errors
    /// The state's.
    #[inline(always)]
    pub fn settle(stepped: Result<Self, Fault>, machine: &mut M) -> Result<Next, Fault> {
        // Most wait. What does not may hold a whole machine, which is not moved to find that out.
        if let Ok(Step::Wait) = &stepped {
            // Holds nothing: to find out again, for its drop, costs as much as the rest.
            std::mem::forget(stepped);
            return Ok(Next::Wait);
        }
        Self::settle_other(stepped, machine)
    }

    #[inline(never)]
    fn settle_other(stepped: Result<Self, Fault>, machine: &mut M) -> Result<Next, Fault> {
        Ok(match stepped? {
            Step::Wait => Next::Wait,
            Step::Yield => Next::Yield,
            Step::Finish => Next::Finish,
            Step::Ignore => Next::Ignore,
            Step::Become(Entered(next, _)) => {
                *machine = next;
                Next::Advance
            }
        })
    }
}

/// What a driver does next with a machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Advance it again at once: its state is new.
    Advance,
    /// Wait for something to happen.
    Wait,
    /// Call again after others.
    Yield,
    /// Flush and end.
    Finish,
    /// Count one piece of mail that nobody wanted; then wait.
    Ignore,
}

/// A whole connection: derived on the user's enum, or written by hand.
pub trait Machine: Sized {
    /// What it is part of.
    type App: App;
    /// Its states, in the order of [`state`](Machine::state).
    const STATES: &'static [StateInfo];
    /// Its states and transitions as a picture.
    const DIAGRAM: Diagram;

    /// Calls [`State::advance`] of the state it is in.
    ///
    /// # Errors
    /// As the state's.
    fn advance(&mut self, io: &mut Io<'_, Self::App>) -> Result<Next, Fault>;

    /// Calls [`State::expire`] of the state it is in.
    ///
    /// # Errors
    /// As the state's.
    fn expire(&mut self, why: Reason, io: &mut Io<'_, Self::App>) -> Result<Next, Fault>;

    /// Calls [`State::receive`] of the state it is in.
    ///
    /// # Errors
    /// As the state's.
    fn receive(
        &mut self,
        mail: <Self::App as App>::Mail,
        io: &mut Io<'_, Self::App>,
    ) -> Result<Next, Fault>;

    /// The deadline of the state it is in.
    fn deadline(&self) -> Option<Instant>;

    /// How much the state it is in holds.
    fn held(&self) -> usize {
        0
    }

    /// Which of [`STATES`](Machine::STATES) it is in.
    fn state(&self) -> usize;
}

/// An application that is nothing but its connections.
pub struct Alone<M>(PhantomData<M>);

impl<M> Alone<M> {
    /// The only value.
    pub const fn new() -> Self {
        Alone(PhantomData)
    }
}

impl<M> Default for Alone<M> {
    fn default() -> Self {
        Alone::new()
    }
}

impl<M> fmt::Debug for Alone<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alone")
    }
}

impl<M: Machine<App = Self> + 'static> App for Alone<M> {
    type Mail = Never;
    type Conn = M;
}

/// Nothing: mail that cannot be sent, and a connection that cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Never {}

/// A connection that cannot be: for a loop with nothing but endpoints.
impl Machine for Never {
    type App = Alone<Never>;
    const STATES: &'static [StateInfo] = &[];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, _: &mut Io<'_, Self::App>) -> Result<Next, Fault> {
        match *self {}
    }

    fn expire(&mut self, _: Reason, _: &mut Io<'_, Self::App>) -> Result<Next, Fault> {
        match *self {}
    }

    fn receive(&mut self, mail: Never, _: &mut Io<'_, Self::App>) -> Result<Next, Fault> {
        match mail {}
    }

    fn deadline(&self) -> Option<Instant> {
        match *self {}
    }

    fn state(&self) -> usize {
        match *self {}
    }
}
