//! A client of HTTP/1.1, as one state of a machine: what a proxy, a health check or a load
//! generator is made of.
//!
//! [`Client`] is the state, [`Caller`] what you write: [`next`](Caller::next) makes a request, and
//! its response comes back to the same value.
//!
//! ```
//! use readily_protocols::contract::{Desk, Machine};
//! use readily_protocols::http1::RequestLine;
//! use readily_protocols::http1::client::{Asked, Begin, Caller, Failure, Response};
//!
//! /// Asks once whether a server is well.
//! #[derive(Default)]
//! struct Probe {
//!     asked: bool,
//!     is_well: bool,
//! }
//!
//! impl<M: Machine> Caller<M> for Probe {
//!     fn next(&mut self, begin: Begin<'_>, _: &mut Desk<'_, M::App>) -> Asked {
//!         match RequestLine::get("/health", "backend") {
//!             Ok(line) if !self.asked => {
//!                 self.asked = true;
//!                 begin.request(line).close().empty()
//!             }
//!             _ => begin.finish(),
//!         }
//!     }
//!
//!     fn response(&mut self, response: &Response<'_>, _: &mut Desk<'_, M::App>) {
//!         self.is_well = response.status() == 200;
//!     }
//!
//!     fn failed(&mut self, _: Failure, _: &mut Desk<'_, M::App>) {
//!         self.is_well = false;
//!     }
//! }
//! ```
//!
//! The machine that it is part of connects by `fx.connect(Connect::to(at),
//! Conn::Out(Client::new(Probe::default())))`.
//!
//! # What is guaranteed
//!
//! - A response ends where RFC 9112, section 6.3, says, and what may be read in two ways is
//!   refused.
//!   A body that was cut is never taken for whole.
//! - The connection is used again only if both messages are complete to the byte, nothing lies
//!   behind them, and neither side wants to close. A byte that comes between two responses ends it:
//!   it is never read as the next response. Requests are not pipelined.
//! - What could end a line of a request cannot be built: [`RequestLine`](super::RequestLine),
//!   [`Field`](super::Field).
//! - All that a server may send is bounded: see [`ClientLimits`]. The deadlines are the client's
//!   own.
//!
//! # What is not there
//!
//! - TLS: an outgoing connection has none yet.
//! - A socket that fails while it is written to ends without [`Caller::failed`]: the loop tells
//!   [`App::gone`] alone. Whoever has to know the fate of every request keeps it in the
//!   application, by the id of its connection, until it is answered.

mod begin;
mod body;
mod caller;
mod exchange;
mod failure;
mod limits;

use std::fmt;
use std::time::Instant;

use crate::contract::{App, Desk, Fault, Half, Io, Machine, Reason, State, Step};

use self::begin::Kind;
pub use self::begin::{Asked, Begin, Draft};
pub use self::body::ResponseBody;
pub use self::caller::{Caller, Response, Wanted};
use self::exchange::Exchange;
pub use self::failure::{Failure, FailureCause, Phase, Progress, Retry};
pub use self::limits::ClientLimits;
use super::syntax::flaw::Flaw;
pub use super::syntax::flaw::reason;
use super::wire::{ClientSide, Hearing, Saying};

/// The client's side of one HTTP/1.1 connection: a state of the user's machine.
///
/// It makes one request after the other, each after the response to the last. It holds memory only
/// for a response that is put together and has not come at once.
///
/// Mail goes to the caller: [`Caller::mail`]. A wake asks it for the [`next`](Caller::next)
/// request.
pub struct Client<C> {
    caller: C,
    wire: ClientSide,
    deadline: Option<Instant>,
    /// What the deadline is for.
    clock: Clock,
    /// How many requests were made.
    asked: u32,
    exchange: Exchange,
}

/// What a deadline is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Clock {
    /// There is none: more is left for the next call, or it is the caller that is waited for.
    Off,
    /// The next request.
    Idle,
    /// The word of the server that it wants the body.
    Continue,
    /// The first byte of a response.
    Answer,
    /// The last byte of a head.
    Head,
    /// The rest of a body.
    Body,
}

/// What one look at the connection came to.
enum Turn<C, M> {
    /// It has moved on.
    Moved,
    /// Others should have their turn first.
    Yielding,
    /// Nothing can be done now.
    Waiting,
    /// The state is over.
    Over(Step<Client<C>, M>),
}

/// How often it moves on before others have their turn.
const MOVES_MAX: u32 = 32;

impl<C> Client<C> {
    /// A connection that was just made, or will be.
    pub const fn new(caller: C) -> Self {
        let (wire, clock) = (ClientSide::new(), Clock::Off);
        Client { caller, wire, deadline: None, clock, asked: 0, exchange: Exchange::NONE }
    }

    /// Who makes its requests.
    pub fn caller(&self) -> &C {
        &self.caller
    }
}

impl<M: Machine, C: Caller<M>> State<M> for Client<C> {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        let step = self.run::<M>(io);
        self.tell(step, io)
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn held(&self) -> usize {
        self.exchange.bytes.capacity() + self.caller.held()
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        let step = self.out_of_time::<M>(why, io);
        self.tell(step, io)
    }

    fn receive(
        &mut self,
        mail: <M::App as App>::Mail,
        io: &mut Io<'_, M::App>,
    ) -> Result<Step<Self, M>, Fault> {
        match self.caller.mail(mail, &mut Desk { app: io.app, fx: io.fx }) {
            Ok(()) => self.advance(io),
            Err(_) => Ok(Step::Ignore),
        }
    }
}

impl<C> Client<C> {
    fn run<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault>
    where
        C: Caller<M>,
    {
        for _ in 0..MOVES_MAX {
            let turn = match self.wire.receiving {
                Hearing::Nothing => self.begin::<M>(io)?,
                _ => self.go_on::<M>(io)?,
            };
            match turn {
                Turn::Moved => {}
                Turn::Yielding => break,
                Turn::Waiting => return self.wait::<M>(io),
                Turn::Over(step) => return Ok(step),
            }
        }
        // A window goes on, or many small pieces would never have to be fast.
        if self.clock != Clock::Body {
            self.set_clock(Clock::Off, None);
        }
        Ok(Step::Yield)
    }

    /// Asks the caller for the next request, if the connection can take one.
    fn begin<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Turn<C, M>, Fault>
    where
        C: Caller<M>,
    {
        if !io.rx.is_empty() {
            return Err(Fault::Peer(Flaw::Unasked.reason()));
        }
        if io.rx.has_ended() || !self.wire.is_free() {
            return Ok(Turn::Over(Step::Finish));
        }
        if self.asked >= self.caller.limits().requests {
            io.count(reason::REQUESTS);
            return Ok(Turn::Over(Step::Finish));
        }
        let before = io.tx.len();
        let begin = Begin { id: io.id(), tx: io.tx, wire: &mut self.wire };
        let Asked(kind) = self.caller.next(begin, &mut Desk { app: io.app, fx: io.fx });
        match kind {
            Kind::Idle if io.draining() => Ok(Turn::Over(Step::Finish)),
            Kind::Idle => Ok(Turn::Waiting),
            Kind::Finish => Ok(Turn::Over(Step::Finish)),
            Kind::Begun { idempotent } => {
                self.asked += 1;
                let until = io.now().checked_add(self.caller.limits().total_time);
                let queued = io.tx.len() - before;
                self.exchange = Exchange::begun(until, queued, idempotent);
                self.set_clock(Clock::Off, None);
                Ok(Turn::Moved)
            }
        }
    }

    /// Nothing can be done now: sets the deadline for what is waited for, unless it is over.
    fn wait<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault>
    where
        C: Caller<M>,
    {
        if io.rx.half() == Half::Aborted {
            // It is the last call.
            return match self.wire.receiving {
                Hearing::Nothing => Ok(Step::Finish),
                _ => Err(self.fail::<M>(FailureCause::Reset, io)),
            };
        }
        let is_silent = io.rx.is_empty();
        let clock = match (self.wire.receiving, self.wire.sending) {
            (Hearing::Nothing, _) => Clock::Idle,
            (Hearing::Head(_), Saying::Held(_)) if is_silent => Clock::Continue,
            (Hearing::Head(_), Saying::Body(_)) if is_silent => Clock::Off,
            (Hearing::Head(_), _) if is_silent => Clock::Answer,
            (Hearing::Head(_), _) => Clock::Head,
            (Hearing::Body(_), _) if self.exchange.owed => Clock::Body,
            _ => Clock::Off,
        };
        if clock != self.clock {
            self.exchange.mark = self.exchange.received;
            let limits = self.caller.limits();
            let time = match clock {
                Clock::Off => None,
                Clock::Idle => Some(limits.idle_time),
                Clock::Continue => Some(limits.continue_time),
                Clock::Answer => Some(limits.answer_time),
                Clock::Head => Some(limits.head_time),
                Clock::Body => Some(limits.body_window),
            };
            self.set_clock(clock, time.and_then(|time| io.now().checked_add(time)));
        }
        Ok(Step::Wait)
    }

    fn out_of_time<M: Machine>(
        &mut self,
        why: Reason,
        io: &mut Io<'_, M::App>,
    ) -> Result<Step<Self, M>, Fault>
    where
        C: Caller<M>,
    {
        if self.wire.receiving == Hearing::Nothing {
            io.count(reason::IDLE);
            return Ok(Step::Finish);
        }
        let now = io.now();
        let is_late = self.exchange.until.is_some_and(|until| now >= until);
        let phase = match self.clock {
            _ if why != Reason::Own => Phase::Sending,
            _ if is_late => Phase::Total,
            Clock::Continue => {
                self.wire.proceed();
                return self.run::<M>(io);
            }
            Clock::Body if self.exchange.next_window(self.caller.limits()) => {
                let next = now.checked_add(self.caller.limits().body_window);
                self.set_clock(Clock::Body, next);
                return Ok(Step::Wait);
            }
            // The server still takes the request, for which the loop has a deadline.
            Clock::Answer if !io.tx.is_empty() => {
                let next = now.checked_add(self.caller.limits().answer_time);
                self.set_clock(Clock::Answer, next);
                return Ok(Step::Wait);
            }
            Clock::Answer => Phase::Answer,
            Clock::Head => Phase::Head,
            Clock::Body => Phase::Body,
            Clock::Off | Clock::Idle => return self.run::<M>(io),
        };
        Err(self.fail::<M>(FailureCause::TimedOut(phase), io))
    }

    /// The request that is open has no whole response.
    #[cold]
    fn fail<M: Machine>(&mut self, cause: FailureCause, io: &mut Io<'_, M::App>) -> Fault
    where
        C: Caller<M>,
    {
        let Exchange { queued, answered, idempotent, .. } = self.exchange;
        let progress = match answered {
            true => Progress::Partly,
            false if io.tx.len() >= queued => Progress::NotSent,
            false => Progress::Unanswered,
        };
        let failure = Failure { cause, progress, idempotent };
        self.caller.failed(failure, &mut Desk { app: io.app, fx: io.fx });
        self.exchange = Exchange::NONE;
        failure.fault()
    }

    /// Tells the caller when the connection takes no more.
    fn tell<M: Machine>(
        &mut self,
        step: Result<Step<Self, M>, Fault>,
        io: &mut Io<'_, M::App>,
    ) -> Result<Step<Self, M>, Fault>
    where
        C: Caller<M>,
    {
        if matches!(step, Ok(Step::Finish) | Err(_)) {
            self.caller.closed(&mut Desk { app: io.app, fx: io.fx });
        }
        step
    }

    fn set_clock(&mut self, clock: Clock, deadline: Option<Instant>) {
        self.clock = clock;
        self.deadline = deadline.into_iter().chain(self.exchange.until).min();
    }
}

impl<C: fmt::Debug> fmt::Debug for Client<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("caller", &self.caller)
            .field("wire", &self.wire)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_costs_little() {
        assert!(size_of::<Client<()>>() <= 232, "{}", size_of::<Client<()>>());
    }
}
