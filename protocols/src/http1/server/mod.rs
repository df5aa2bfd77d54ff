//! The server's side of one connection, as a state.

mod exchange;
mod incoming;
mod interop;
mod log;
mod open;
mod outgoing;
mod reply;
mod request;
mod service;

use std::cell::Cell;
use std::fmt;
use std::time::Instant;

use crate::contract::{App, Desk, Fault, Io, Machine, Reason, State, Step};

use self::exchange::Broken;
pub use self::incoming::Incoming;
pub use self::interop::Unsupported;
use self::open::{Open, Stage};
pub use self::outgoing::Outgoing;
use self::reply::Kind;
pub use self::reply::{Answer, Draft, Reply};
pub use self::request::Request;
pub use self::service::{Flow, Intake, Service};
use super::access::Record;
use super::syntax::framing::{Body, Keep};
use super::syntax::head::Starts;
use super::syntax::refusal::{Refusal, reason};
use super::wire::{CONTINUE, Receiving, Sending, ServerSide, write_refusal};

/// The server's side of one HTTP/1.1 connection: a state of the user's machine.
///
/// It answers requests one after the other, in their order, as long as the peer takes the answers.
/// It takes 72 bytes besides its service, and holds memory only for an exchange that is not over
/// at once. What it refuses it answers with a status and the end of the connection.
///
/// Mail goes to the service: [`Service::mail`].
pub struct Server<S> {
    service: S,
    wire: ServerSide,
    deadline: Option<Instant>,
    open: Option<Box<Open>>,
    /// How many requests were answered.
    served: u32,
    /// What the deadline is for.
    clock: Clock,
}

/// What a deadline is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Clock {
    /// There is none: more is left for the next call, or the peer takes no answers, for which the
    /// carrier has a deadline.
    Off,
    /// The first byte of the next head.
    Idle,
    /// The last byte of a head; on a new connection the first as well.
    Head,
    /// The rest of a body.
    Body,
    /// The answer of the service.
    Answer,
}

/// What one look at the connection came to.
enum Turn<S, M> {
    /// The service has answered, at least in part.
    Answered(Answer<S, M>),
    /// An exchange is over, or has moved on.
    Moved,
    /// Others should have their turn first.
    Yielding,
    /// Nothing can be done now.
    Wanting,
}

impl<S> Server<S> {
    /// A connection that was just accepted.
    pub const fn new(service: S) -> Self {
        let (wire, clock) = (ServerSide::new(), Clock::Off);
        Server { service, wire, deadline: None, open: None, served: 0, clock }
    }

    /// What answers its requests.
    pub fn service(&self) -> &S {
        &self.service
    }
}

impl<M: Machine, S: Service<M>> State<M> for Server<S> {
    #[inline]
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        for _ in 0..self.service.limits().pipelined.max(1) {
            let turn = match &self.open {
                None if !io.tx.is_low() => {
                    self.set_clock(Clock::Off, None);
                    return Ok(Step::Wait);
                }
                None => self.serve(io),
                Some(_) => self.go_on(io)?,
            };
            match turn {
                Ok(Turn::Answered(answer)) => {
                    if let Some(step) = self.settle(answer, io)? {
                        return Ok(step);
                    }
                }
                Ok(Turn::Moved) => {}
                Ok(Turn::Yielding) => break,
                Ok(Turn::Wanting) => return self.wait(io),
                Err(refusal) => return Err(self.refuse::<M>(refusal, io)),
            }
            if self.wire.receiving == Receiving::Over {
                return Ok(Step::Finish);
            }
        }
        // A window goes on, or many small pieces would never have to be fast.
        if self.clock != Clock::Body {
            self.set_clock(Clock::Off, None);
        }
        Ok(Step::Yield)
    }

    #[inline]
    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    #[inline]
    fn held(&self) -> usize {
        let open = self.open.as_ref().map_or(0, |open| size_of::<Open>() + open.bytes.capacity());
        open + self.service.held()
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        if why != Reason::Own {
            return Err(Fault::TimedOut(why));
        }
        // What has arrived by now counts: it is looked at before anybody is blamed.
        let due = (self.clock, self.deadline);
        let step = self.advance(io)?;
        let may_wait = matches!(step, Step::Wait | Step::Yield);
        if !may_wait || (self.clock, self.deadline) != due {
            return Ok(step);
        }
        let (now, limits) = (io.now(), *self.service.limits());
        match self.clock {
            Clock::Body => match self.next_window(io) {
                Ok(()) => Ok(step),
                Err(Broken::Refused(refusal)) => Err(self.refuse::<M>(refusal, io)),
                Err(Broken::Fault(fault)) => {
                    self.log_given_up(io);
                    Err(fault)
                }
            },
            Clock::Answer => Err(self.refuse::<M>(Refusal::AnswerTimedOut, io)),
            _ if !io.rx.is_empty() => Err(self.refuse::<M>(Refusal::HeadTimedOut, io)),
            // The client is still busy with an answer.
            _ if !io.tx.is_empty() => {
                self.set_clock(Clock::Idle, now.checked_add(limits.idle_time));
                Ok(Step::Wait)
            }
            _ => {
                io.count(if self.served == 0 { reason::SILENT } else { reason::IDLE });
                Ok(Step::Finish)
            }
        }
    }

    fn receive(
        &mut self,
        mail: <M::App as App>::Mail,
        io: &mut Io<'_, M::App>,
    ) -> Result<Step<Self, M>, Fault> {
        match self.service.mail(mail, &mut Desk { app: io.app, fx: io.fx }) {
            Ok(()) => self.advance(io),
            Err(_) => Ok(Step::Ignore),
        }
    }
}

impl<S> Server<S> {
    /// Answers the next request, if its head is whole.
    #[inline]
    fn serve<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Turn<S, M>, Refusal>
    where
        S: Service<M>,
    {
        if io.rx.is_empty() {
            return Ok(Turn::Wanting);
        }
        let skip = self.wire.skip_line(io.rx.bytes());
        if skip > 0 {
            io.rx.consume(skip);
        }
        let mut starts = Starts::new();
        let bytes = io.rx.bytes();
        let limits = self.service.limits();
        let Some((head, body)) = self.wire.head(bytes, limits, &mut starts)? else {
            // No more of it can come.
            let is_full = io.rx.is_full();
            return if is_full { Err(Refusal::HeadTooLarge) } else { Ok(Turn::Wanting) };
        };
        let is_last = self.served + 1 >= limits.requests;
        let size = head.size();
        let (id, from, number) = (io.id(), io.remote(), self.served + 1);
        let mut request =
            Request { head, body: &[], trailers: &[], length: Some(0), number, id, from };
        if let Some(secured) = from.secured() {
            exchange::check_name(&request, secured)?;
        }
        let mut used = size;
        if body != Body::Length(0) {
            request.length = if let Body::Length(length) = body { Some(length) } else { None };
            match self.plan::<M>(&request, &bytes[size..])? {
                Plan::InPlace(length) => {
                    request.body = &bytes[size..size + length];
                    used += length;
                }
                Plan::Collect(most) => {
                    self.collect(size, most, io);
                    return Ok(Turn::Moved);
                }
                Plan::Stream(most) => {
                    // What is there already can be passed over if nobody wants it.
                    let there = (bytes.len() - size) as u64;
                    self.wire.terms.early = request.length.is_none_or(|length| length > there);
                    self.open = Some(Open::new(Stage::Unanswered, most));
                }
            }
        }
        if self.open.is_none() {
            self.wire.receiving = Receiving::Done;
            self.wire.terms.early = false;
        }
        if is_last || (io.fx.draining() && io.rx.len() == used) {
            self.wire.terms.keep = Keep::Close;
        }
        let early = Cell::new(self.wire.terms.early);
        let reply = Reply::new(io.tx, *io.fx.date(), self.wire.terms, &early);
        let mut desk = Desk { app: io.app, fx: io.fx };
        let answer = self.service.call(&request, reply, &mut desk);
        if S::LOGGED {
            self.log(&request, &answer, &mut desk);
        }
        io.rx.consume(used);
        Ok(Turn::Answered(answer))
    }

    /// Carries out what the service returned; says how the connection goes on, if not with more of
    /// the same.
    #[inline]
    fn settle<M: Machine>(
        &mut self,
        answer: Answer<S, M>,
        io: &mut Io<'_, M::App>,
    ) -> Result<Option<Step<Self, M>>, Fault>
    where
        S: Service<M>,
    {
        if let Some(name) = answer.counts {
            io.count(name);
        }
        match answer.kind {
            Kind::Whole(keep) => {
                self.wire.terms.keep = keep;
                if S::LOGGED {
                    self.log_open::<M>((answer.status, answer.sent), io);
                }
                self.complete(io);
                if keep != Keep::Close && answer.next.is_none() {
                    return Ok(None);
                }
                self.leave(answer.next, io).map(Some)
            }
            Kind::Stream(..) | Kind::Later => self.keep_open(&answer, io),
        }
    }

    /// An answer is all written.
    #[inline]
    fn complete<A: App>(&mut self, io: &mut Io<'_, A>) {
        match self.wire.receiving {
            Receiving::Ended(trailers) => io.rx.consume(usize::from(trailers)),
            Receiving::Body(decoder) if self.wire.terms.keep != Keep::Close => {
                let left = decoder.left().and_then(|left| usize::try_from(left).ok());
                io.rx.consume(left.unwrap_or(0).min(io.rx.len()));
            }
            _ => {}
        }
        if self.open.is_some() {
            self.open = None;
        }
        self.set_clock(Clock::Off, None);
        self.served += 1;
        self.wire.restart();
    }

    /// Nothing can be done now: sets the deadline for what is waited for, unless it is over.
    #[inline]
    fn wait<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault>
    where
        S: Service<M>,
    {
        if self.open.is_some() {
            return self.wait_open(io);
        }
        let is_between = io.rx.is_empty();
        if is_between && (io.draining() || io.rx.has_ended()) {
            return Ok(Step::Finish);
        }
        if io.rx.has_ended() {
            return Err(Fault::Peer(reason::HEAD_CUT));
        }
        let clock = if is_between && self.served > 0 { Clock::Idle } else { Clock::Head };
        if clock != self.clock {
            let limits = self.service.limits();
            let time = if clock == Clock::Idle { limits.idle_time } else { limits.head_time };
            self.set_clock(clock, io.now().checked_add(time));
        }
        Ok(Step::Wait)
    }

    /// An answer was the last one here.
    fn leave<M: Machine>(
        &mut self,
        next: Option<Step<Self, M>>,
        io: &mut Io<'_, M::App>,
    ) -> Result<Step<Self, M>, Fault>
    where
        S: Service<M>,
    {
        match next {
            Some(next @ Step::Become(_)) => Ok(next),
            Some(_) => Err(Fault::Local(reason::NO_SUCCESSOR)),
            None => {
                if self.served >= self.service.limits().requests {
                    io.count(reason::REQUESTS);
                }
                Ok(Step::Finish)
            }
        }
    }

    /// Answers a refusal, unless an answer is under way; the fault then ends the connection.
    #[cold]
    fn refuse<M: Machine>(&mut self, refusal: Refusal, io: &mut Io<'_, M::App>) -> Fault
    where
        S: Service<M>,
    {
        // What could not be parsed may be a HEAD all the same.
        let is_head = match &self.open {
            Some(_) => self.wire.terms.method == super::wire::Method::Head,
            None => io.rx.bytes().starts_with(b"HEAD "),
        };
        if let Sending::Body(_) = self.wire.sending {
            // The peer must not take the half for all of it. The loop counts a reset alone.
            io.tx.abort();
            io.count(refusal.reason());
        } else {
            write_refusal(refusal, io.fx.date(), is_head, io.tx);
        }
        if S::LOGGED {
            self.log_refusal::<M>(refusal, is_head, io);
        }
        Fault::Peer(refusal.reason())
    }

    #[inline]
    fn set_clock(&mut self, clock: Clock, deadline: Option<Instant>) {
        (self.clock, self.deadline) = (clock, deadline);
    }
}

/// Where a body goes.
enum Plan {
    /// It lies behind its head, that long.
    InPlace(usize),
    /// It is put together, up to that many bytes.
    Collect(u64),
    /// It is streamed, up to that many bytes.
    Stream(u64),
}

impl<S: fmt::Debug> fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("service", &self.service)
            .field("wire", &self.wire)
            .field("served", &self.served)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_costs_little() {
        assert!(size_of::<Server<()>>() <= 72, "{}", size_of::<Server<()>>());
    }
}
