//! The server's side of one connection.

use std::fmt;
use std::time::Instant;

mod body;
mod reply;
mod request;

use crate::contract::{App, Desk, Effects, Fault, Io, Machine, Reason, State, Step, Tx};

use self::body::Pending;
pub use self::reply::{Answer, Draft, Reply};
use self::reply::{TEXT, Terms};
pub use self::request::Request;
use crate::http1::syntax::framing::{Framing, Keep};
use crate::http1::syntax::head::{Head, Starts};
use crate::http1::syntax::refusal::{Refusal, reason};
use crate::http1::syntax::scan::Scan;
use crate::http1::syntax::status::Content;
use crate::http1::wire::pen::{END_MAX, Pen, START_MAX};
use crate::http1::{Limits, Name, Value};

/// What answers requests: implemented on the user's type, one value for each connection.
pub trait Service<M: Machine>: Sized {
    /// Answers one request, whose body has arrived whole.
    ///
    /// An answer may be as long as what the connection may hold unsent
    /// ([`Tx::left`](crate::contract::Tx::left)); a longer one ends the connection.
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M>;

    /// What a connection may ask for: the same for its whole life.
    fn limits(&self) -> &Limits {
        &Limits::DEFAULT
    }
}

/// The server's side of one HTTP/1.1 connection: a state of the user's machine.
///
/// It answers requests one after the other, in their order, as long as the peer takes the answers.
/// It takes 64 bytes besides its service, and holds memory only for a body that is too large to
/// wait where it arrived. What it refuses it answers with a status and the end of the connection.
///
/// Mail that comes to it is left to others ([`Step::Ignore`]).
pub struct Server<S> {
    service: S,
    phase: Phase,
    deadline: Option<Instant>,
    /// What the deadline is for.
    clock: Clock,
    /// How many requests were answered.
    served: u32,
    /// Whether an empty line was skipped before the head.
    skipped: bool,
}

/// What is waited for.
#[derive(Debug)]
enum Phase {
    /// A head.
    Head(Scan),
    /// The rest of a body.
    Body(Pending),
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
}

/// What one look at the unread bytes came to.
enum Turn<S, M> {
    /// A request was answered.
    Answered(Answer<S, M>),
    /// There is no whole one.
    Wanting,
}

impl<S> Server<S> {
    /// A connection that was just accepted.
    pub const fn new(service: S) -> Self {
        let phase = Phase::Head(Scan::new());
        Server { service, phase, deadline: None, clock: Clock::Off, served: 0, skipped: false }
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
            if io.tx.room() == 0 {
                self.set_clock(Clock::Off, None);
                return Ok(Step::Wait);
            }
            match self.turn(io) {
                Ok(Turn::Answered(Answer { closes: false, next: None, .. })) => {}
                Ok(Turn::Answered(answer)) => return self.leave(answer, io),
                Ok(Turn::Wanting) => return self.wait(io),
                Err(refusal) => return Err(self.refuse(refusal, io)),
            }
        }
        self.set_clock(Clock::Off, None);
        Ok(Step::Yield)
    }

    #[inline]
    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    #[inline]
    fn held(&self) -> usize {
        match &self.phase {
            Phase::Head(_) => 0,
            Phase::Body(pending) => pending.held(),
        }
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        if why != Reason::Own {
            return Err(Fault::TimedOut(why));
        }
        let limits = *self.service.limits();
        match &mut self.phase {
            Phase::Head(_) if !io.rx.is_empty() => Err(self.refuse(Refusal::HeadTimedOut, io)),
            // The client is still busy with an answer.
            Phase::Head(_) if !io.tx.is_empty() => {
                self.set_clock(Clock::Idle, io.now().checked_add(limits.idle_time));
                Ok(Step::Wait)
            }
            Phase::Head(_) => {
                io.count(if self.served == 0 { reason::SILENT } else { reason::IDLE });
                Ok(Step::Finish)
            }
            Phase::Body(pending) => match pending.expire(io.rx, io.now(), &limits) {
                Ok(()) => {
                    let deadline = pending.deadline(io.now(), limits.body_window);
                    self.set_clock(Clock::Body, deadline);
                    Ok(Step::Wait)
                }
                Err(refusal) => Err(self.refuse(refusal, io)),
            },
        }
    }
}

impl<S> Server<S> {
    /// Answers the next request, if it is whole.
    #[inline]
    fn turn<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Turn<S, M>, Refusal>
    where
        S: Service<M>,
    {
        let (bytes, scan, is_moved) = match &mut self.phase {
            Phase::Head(_) if io.rx.is_empty() => return Ok(Turn::Wanting),
            Phase::Head(scan) => {
                if !self.skipped && io.rx.bytes().starts_with(b"\r\n") {
                    // Old clients send one behind a body (RFC 9112, section 2.2).
                    io.rx.consume(2);
                    (*scan, self.skipped) = (Scan::new(), true);
                }
                (io.rx.bytes(), Some(scan), false)
            }
            Phase::Body(pending) => {
                if !pending.receive(io.rx) {
                    return Ok(Turn::Wanting);
                }
                (pending.bytes(io.rx), None, pending.is_moved())
            }
        };
        let (limits, mut starts) = (self.service.limits(), Starts::new());
        let is_in_pieces = scan.as_ref().is_some_and(|scan| !scan.is_new());
        let read = match is_in_pieces {
            false => Head::read(bytes, limits, &mut starts).ok().flatten(),
            true => None,
        };
        let (head, framing) = match (read, scan) {
            (Some(read), _) => read,
            (None, Some(scan)) => match read_in_pieces(scan, bytes, limits, &mut starts)? {
                Some(read) => read,
                // No more of it can come.
                None if io.rx.is_full() => return Err(Refusal::HeadTooLarge),
                None => return Ok(Turn::Wanting),
            },
            // It was read before its body was waited for.
            (None, None) => return Err(Refusal::Malformed),
        };
        if framing.length > u64::from(limits.body) {
            return Err(Refusal::BodyTooLarge);
        }
        let (end, length) = (head.len(), framing.length as usize);
        let Some(body) = bytes[end..].get(..length) else {
            self.expect_body(end, framing, io);
            return Ok(Turn::Wanting);
        };
        let is_last = self.served + 1 >= limits.requests;
        let used = if is_moved { 0 } else { end + length };
        let is_last = is_last || (io.fx.draining() && io.rx.len() == used);
        let terms = Terms {
            keep: if is_last { Keep::Close } else { framing.keep },
            head_only: head.method == b"HEAD",
            upgrade: framing.upgrade,
        };
        let request = Request { head, body, id: io.id(), from: io.remote() };
        let reply = Reply::new(io.tx, *io.fx.date(), terms);
        let answer = self.service.call(&request, reply, &mut Desk { app: io.app, fx: io.fx });
        io.rx.consume(used);
        self.phase = Phase::Head(Scan::new());
        (self.clock, self.skipped) = (Clock::Off, false);
        self.served += 1;
        if let Some(name) = answer.counts {
            io.count(name);
        }
        Ok(Turn::Answered(answer))
    }

    /// The head is whole and the body is not.
    #[cold]
    fn expect_body<M: Machine>(&mut self, end: usize, framing: Framing, io: &mut Io<'_, M::App>)
    where
        S: Service<M>,
    {
        let limits = self.service.limits();
        let began = match self.clock {
            Clock::Head => self.deadline.and_then(|at| at.checked_sub(limits.head_time)),
            _ => None,
        };
        let until = began.unwrap_or(io.now()).checked_add(limits.request_time);
        if framing.waits && io.rx.len() == end {
            io.tx.write(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        // It is within its limit.
        let mut pending = Pending::new(end, framing.length as u32, until);
        pending.receive(io.rx);
        self.phase = Phase::Body(pending);
    }

    /// There is no whole request: sets the deadline for what is waited for, unless it is over.
    #[inline]
    fn wait<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault>
    where
        S: Service<M>,
    {
        let is_between = matches!(self.phase, Phase::Head(_)) && io.rx.is_empty();
        if is_between && (io.draining() || io.rx.has_ended()) {
            return Ok(Step::Finish);
        }
        if io.rx.has_ended() {
            return Err(Fault::Peer(match self.phase {
                Phase::Head(_) => reason::HEAD_CUT,
                Phase::Body(_) => reason::BODY_CUT,
            }));
        }
        let clock = match self.phase {
            Phase::Head(_) if is_between && self.served > 0 => Clock::Idle,
            Phase::Head(_) => Clock::Head,
            Phase::Body(_) => Clock::Body,
        };
        if clock != self.clock {
            let (now, limits) = (io.now(), self.service.limits());
            let deadline = match &self.phase {
                Phase::Body(pending) => pending.deadline(now, limits.body_window),
                Phase::Head(_) if clock == Clock::Idle => now.checked_add(limits.idle_time),
                Phase::Head(_) => now.checked_add(limits.head_time),
            };
            self.set_clock(clock, deadline);
        }
        Ok(Step::Wait)
    }

    /// An answer was the last one here.
    fn leave<M: Machine>(
        &mut self,
        answer: Answer<S, M>,
        io: &mut Io<'_, M::App>,
    ) -> Result<Step<Self, M>, Fault>
    where
        S: Service<M>,
    {
        match answer.next {
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

    /// Answers a refusal; the fault then ends the connection.
    #[cold]
    fn refuse<A: App>(&mut self, refusal: Refusal, io: &mut Io<'_, A>) -> Fault {
        let request = match &self.phase {
            Phase::Head(_) => io.rx.bytes(),
            Phase::Body(pending) => pending.bytes(io.rx),
        };
        // What could not be parsed may be a HEAD all the same.
        let head_only = request.starts_with(b"HEAD ");
        write_refusal(refusal, head_only, io.tx, io.fx);
        Fault::Peer(refusal.row().1)
    }

    #[inline]
    fn set_clock(&mut self, clock: Clock, deadline: Option<Instant>) {
        (self.clock, self.deadline) = (clock, deadline);
    }
}

/// Reads a head that did not come at once, or is refused: for the second the way is longer, so that
/// what is refused does not depend on how it came.
#[cold]
#[inline(never)]
fn read_in_pieces<'a>(
    scan: &mut Scan,
    bytes: &'a [u8],
    limits: &Limits,
    starts: &'a mut Starts,
) -> Result<Option<(Head<'a>, Framing)>, Refusal> {
    match scan.find(bytes, limits)? {
        Some(end) => Head::read(&bytes[..end], limits, starts),
        None => Ok(None),
    }
}

fn write_refusal<A: App>(refusal: Refusal, head_only: bool, tx: &mut Tx, fx: &mut Effects<A>) {
    let (status, _) = refusal.row();
    let text = refusal.text().as_bytes();
    let (name, kind) = (Name::CONTENT_TYPE, Value::from_static(TEXT));
    let most = START_MAX + name.as_str().len() + 4 + TEXT.len() + END_MAX + text.len();
    Pen::lend(tx, most, |pen| {
        pen.start(status, fx.date());
        pen.field(name, kind);
        pen.end(Content::Any, text.len(), Keep::Close, false);
        if !head_only {
            pen.put(text);
        }
    });
}

impl<S: fmt::Debug> fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("service", &self.service)
            .field("phase", &self.phase)
            .field("served", &self.served)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_costs_little() {
        assert!(size_of::<Server<()>>() <= 64, "{}", size_of::<Server<()>>());
    }
}
