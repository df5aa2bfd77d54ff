//! An exchange that is not over at once: its body is still coming, or its answer.

use std::cell::Cell;

use crate::contract::{Desk, Fault, Io, Machine, Rx, Secured, Step};

use super::open::{Open, Stage};
use super::reply::Kind;
use super::{
    Answer, CONTINUE, Clock, Flow, Incoming, Intake, Outgoing, Plan, Receiving, Reply, Request,
    Sending, Server, Service, Turn,
};
use crate::http1::Limits;
use crate::http1::syntax::framing::Keep;
use crate::http1::syntax::head::{Head, Starts};
use crate::http1::syntax::refusal::{Refusal, reason};
use crate::http1::wire::Found;

/// The way of a body, and of an answer that takes longer.
impl<S> Server<S> {
    /// Says where the body goes that `rest` begins with.
    #[cold]
    pub(super) fn plan<M: Machine>(
        &mut self,
        request: &Request<'_>,
        rest: &[u8],
    ) -> Result<Plan, Refusal>
    where
        S: Service<M>,
    {
        let (most, streams) = match self.service.intake(request) {
            Intake::Whole => (self.service.limits().body, false),
            Intake::WholeUpTo(most) => (most, false),
            Intake::Stream => (u64::MAX, true),
            Intake::StreamUpTo(most) => (most, true),
        };
        if request.length.is_some_and(|length| length > most) {
            return Err(Refusal::BodyTooLarge);
        }
        let length = request.length.and_then(|length| usize::try_from(length).ok());
        match length.filter(|length| *length <= rest.len()) {
            _ if streams => Ok(Plan::Stream(most)),
            Some(length) => Ok(Plan::InPlace(length)),
            None => Ok(Plan::Collect(most)),
        }
    }

    /// Begins to put a body together, behind its head of that size.
    #[cold]
    pub(super) fn collect<M: Machine>(&mut self, size: usize, most: u64, io: &mut Io<'_, M::App>)
    where
        S: Service<M>,
    {
        let limits = self.service.limits();
        let began = match self.clock {
            Clock::Head => self.deadline.and_then(|at| at.checked_sub(limits.head_time)),
            _ => None,
        };
        let mut open = Open::new(Stage::Collecting, most);
        open.until = began.unwrap_or(io.now()).checked_add(limits.request_time);
        open.collect(&io.rx.bytes()[..size], None);
        open.head = size;
        io.rx.consume(size);
        if self.wire.terms.waits && io.rx.is_empty() {
            io.tx.write(CONTINUE);
        }
        self.open = Some(open);
    }

    /// Goes on with the exchange that is open.
    #[inline(never)]
    pub(super) fn go_on<M: Machine>(
        &mut self,
        io: &mut Io<'_, M::App>,
    ) -> Result<Result<Turn<S, M>, Refusal>, Fault>
    where
        S: Service<M>,
    {
        let Some(mut open) = self.open.take() else { return Ok(Ok(Turn::Moved)) };
        let turn = match open.stage {
            Stage::Collecting => self.go_on_collecting(&mut open, io),
            Stage::Unanswered => self.go_on_unanswered(&mut open, io),
            Stage::Sending => self.go_on_sending(&mut open, io),
        };
        self.open = Some(open);
        match turn {
            Err(Broken::Refused(refusal)) => Ok(Err(refusal)),
            Err(Broken::Fault(fault)) => {
                self.log_given_up(io);
                Err(fault)
            }
            Ok(turn) => Ok(Ok(turn)),
        }
    }

    fn go_on_collecting<M: Machine>(
        &mut self,
        open: &mut Open,
        io: &mut Io<'_, M::App>,
    ) -> Result<Turn<S, M>, Broken>
    where
        S: Service<M>,
    {
        let mut end = open.bytes.len();
        while let Receiving::Body(decoder) = &mut self.wire.receiving {
            match decoder.decode(io.rx.bytes(), self.service.limits())? {
                Found::Data { skip, length } => {
                    open.received += length as u64;
                    if open.received > open.most {
                        return Err(Refusal::BodyTooLarge.into());
                    }
                    let data = &io.rx.bytes()[skip..skip + length];
                    open.collect(data, decoder.left());
                    decoder.took(length);
                    io.rx.consume(skip + length);
                    end = open.bytes.len();
                }
                Found::Wanting { skip } => {
                    io.rx.consume(skip);
                    return if io.rx.has_ended() {
                        Err(Fault::Peer(reason::BODY_CUT).into())
                    } else if io.rx.is_full() {
                        Err(Refusal::TrailersTooLarge.into())
                    } else {
                        Ok(Turn::Wanting)
                    };
                }
                Found::End { skip, trailers } => {
                    open.collect(&io.rx.bytes()[skip..skip + trailers], Some(0));
                    io.rx.consume(skip + trailers);
                    self.wire.receiving = Receiving::Done;
                    self.wire.terms.early = false;
                }
            }
        }
        let bytes = std::mem::take(&mut open.bytes);
        let answer = self.call_collected(&bytes, open.head, end, io)?;
        open.began = Some(io.now());
        if S::LOGGED {
            open.bytes = bytes;
            open.bytes.truncate(open.head);
            open.bytes.shrink_to_fit();
        }
        Ok(Turn::Answered(answer))
    }

    /// Calls the service with a request whose body ends there in `bytes`, before its trailers.
    fn call_collected<M: Machine>(
        &mut self,
        bytes: &[u8],
        size: usize,
        end: usize,
        io: &mut Io<'_, M::App>,
    ) -> Result<Answer<S, M>, Refusal>
    where
        S: Service<M>,
    {
        let mut starts = Starts::new();
        let limits = self.service.limits();
        // It was read before its body was waited for.
        let (head, _) =
            Head::read(&bytes[..size], limits, &mut starts)?.ok_or(Refusal::Malformed)?;
        let number = self.served + 1;
        if number >= limits.requests || (io.fx.draining() && io.rx.is_empty()) {
            self.wire.terms.keep = Keep::Close;
        }
        let request = Request {
            head,
            body: &bytes[size..end],
            trailers: &bytes[end..],
            length: Some((end - size) as u64),
            number,
            id: io.id(),
            from: io.remote(),
        };
        let early = Cell::new(false);
        let reply = Reply::new(io.tx, *io.fx.date(), self.wire.terms, &early);
        Ok(self.service.call(&request, reply, &mut Desk { app: io.app, fx: io.fx }))
    }

    fn go_on_unanswered<M: Machine>(
        &mut self,
        open: &mut Open,
        io: &mut Io<'_, M::App>,
    ) -> Result<Turn<S, M>, Broken>
    where
        S: Service<M>,
    {
        let before = open.received;
        let (limits, early) = (*self.service.limits(), Cell::new(true));
        let mut body = look(&mut self.wire.receiving, open, &limits, &early, io.rx)?;
        let reply = Reply::new(io.tx, *io.fx.date(), self.wire.terms, &early);
        let mut desk = Desk { app: io.app, fx: io.fx };
        let answer = self.service.resume(&mut body, reply, &mut desk);
        let (asked, refusal) = (body.asked, body.refusal);
        open.asked |= asked;
        self.wire.terms.early = early.get();
        if answer.kind != Kind::Later {
            return Ok(Turn::Answered(answer));
        }
        if let Some(refusal) = refusal {
            return Err(refusal.into());
        }
        let waits = &mut self.wire.terms.waits;
        if *waits && asked && early.get() {
            if open.received == 0 && io.rx.is_empty() {
                io.tx.write(CONTINUE);
            }
            *waits = false;
        }
        let may_go_on = open.received > before && early.get() && has_news(io.rx);
        Ok(if may_go_on { Turn::Moved } else { Turn::Wanting })
    }

    fn go_on_sending<M: Machine>(
        &mut self,
        open: &mut Open,
        io: &mut Io<'_, M::App>,
    ) -> Result<Turn<S, M>, Broken>
    where
        S: Service<M>,
    {
        let Sending::Body(mut encoder) = self.wire.sending else {
            return Err(Fault::Local(reason::WRONG_LENGTH).into());
        };
        let before = open.received;
        let (limits, early, mut sent) = (*self.service.limits(), Cell::new(true), open.sent);
        let mut body = look(&mut self.wire.receiving, open, &limits, &early, io.rx)?;
        let mut out = Outgoing {
            tx: io.tx,
            encoder: &mut encoder,
            sent: &mut sent,
            ended: false,
            wrong: false,
        };
        let mut desk = Desk { app: io.app, fx: io.fx };
        let flow = self.service.send(&mut body, &mut out, &mut desk);
        let (asked, refusal) = (body.asked, body.refusal);
        if flow == Flow::Done && !out.ended {
            out.trailers(&[]);
        }
        let (wrong, ended) = (out.wrong, out.ended);
        open.asked |= asked;
        open.sent = sent;
        self.wire.sending = Sending::Body(encoder);
        self.wire.terms.early = early.get();
        if wrong || (ended && flow != Flow::Done) {
            io.tx.abort();
            return Err(Fault::Local(reason::WRONG_LENGTH).into());
        }
        match (flow, refusal) {
            (Flow::Done, _) => Ok(Turn::Answered(Answer::sent(self.wire.terms, open))),
            (Flow::Abort, _) => {
                io.tx.abort();
                Err(Fault::Local(reason::GIVEN_UP).into())
            }
            (_, Some(refusal)) => Err(refusal.into()),
            (Flow::Yield, None) => Ok(Turn::Yielding),
            (Flow::Wait, None) if open.received > before && early.get() && has_news(io.rx) => {
                Ok(Turn::Moved)
            }
            (Flow::Wait, None) => Ok(Turn::Wanting),
        }
    }

    /// An answer is not complete, or not begun.
    #[cold]
    pub(super) fn keep_open<M: Machine>(
        &mut self,
        answer: &Answer<S, M>,
        io: &mut Io<'_, M::App>,
    ) -> Result<Option<Step<Self, M>>, Fault>
    where
        S: Service<M>,
    {
        let now = io.now();
        let open = self.open.get_or_insert_with(|| Open::new(Stage::Unanswered, 0));
        open.began.get_or_insert(now);
        open.until = None;
        match answer.kind {
            Kind::Stream(encoder, keep) => {
                open.stage = Stage::Sending;
                open.status = answer.status;
                self.wire.terms.keep = keep;
                self.wire.sending = Sending::Body(encoder);
                Ok(None)
            }
            _ => {
                open.stage = Stage::Unanswered;
                // Some of its body may be there, or be waited for.
                let streams = matches!(self.wire.receiving, Receiving::Body(_));
                if streams { Ok(None) } else { self.wait_open(io).map(Some) }
            }
        }
    }

    /// Nothing can be done now for the exchange that is open.
    pub(super) fn wait_open<M: Machine>(
        &mut self,
        io: &mut Io<'_, M::App>,
    ) -> Result<Step<Self, M>, Fault>
    where
        S: Service<M>,
    {
        let Some(open) = &mut self.open else { return Ok(Step::Wait) };
        // While it is full, or the peer takes nothing, nothing is read: then it owes nothing.
        let may_come = matches!(self.wire.receiving, Receiving::Body(_)) && !io.rx.is_full();
        let clock = match open.stage {
            Stage::Collecting => Clock::Body,
            _ if may_come && open.asked && io.tx.room() > 0 => Clock::Body,
            Stage::Unanswered => Clock::Answer,
            Stage::Sending => Clock::Off,
        };
        if clock != self.clock {
            let (now, limits) = (io.now(), self.service.limits());
            let deadline = match clock {
                Clock::Body if open.stage == Stage::Collecting => {
                    open.body_deadline(now, limits.body_window)
                }
                Clock::Body => open.first_window(io.rx.len(), now, limits.body_window),
                Clock::Answer => now.checked_add(limits.answer_time),
                _ => None,
            };
            self.set_clock(clock, deadline);
        }
        Ok(Step::Wait)
    }

    /// A window of a body has ended: another begins, unless the client owes what did not come.
    pub(super) fn next_window<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<(), Broken>
    where
        S: Service<M>,
    {
        let (now, limits) = (io.now(), *self.service.limits());
        let Some(open) = &mut self.open else { return Ok(()) };
        let is_all_there = open.stage != Stage::Collecting
            && is_all_there(self.wire.receiving, io.rx.bytes(), &limits);
        if is_all_there {
            // The service is the one that takes its time.
            let deadline = now.checked_add(limits.answer_time);
            self.set_clock(Clock::Answer, deadline);
            return Ok(());
        }
        if io.rx.has_ended() {
            return Err(Fault::Peer(reason::BODY_CUT).into());
        }
        open.next_window(io.rx.len(), now, &limits)?;
        let deadline = open.body_deadline(now, limits.body_window);
        self.set_clock(Clock::Body, deadline);
        Ok(())
    }
}

/// Why an exchange cannot go on.
pub(super) enum Broken {
    Refused(Refusal),
    Fault(Fault),
}

impl From<Refusal> for Broken {
    fn from(refusal: Refusal) -> Self {
        Broken::Refused(refusal)
    }
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Broken::Fault(fault)
    }
}

/// Whether another look may find more than the last.
fn has_news(rx: &Rx) -> bool {
    !rx.is_empty() || rx.has_ended()
}

/// Whether the rest of a body is there, and waits for the service.
fn is_all_there(receiving: Receiving, mut bytes: &[u8], limits: &Limits) -> bool {
    let Receiving::Body(mut decoder) = receiving else { return true };
    loop {
        match decoder.decode(bytes, limits) {
            Ok(Found::Data { skip, length }) => {
                decoder.took(length);
                bytes = &bytes[skip + length..];
            }
            Ok(Found::End { .. }) => return true,
            Ok(Found::Wanting { .. }) | Err(_) => return false,
        }
    }
}

/// What has come of a body that is streamed, before the service is called.
fn look<'a>(
    receiving: &'a mut Receiving,
    open: &'a mut Open,
    limits: &'a Limits,
    early: &'a Cell<bool>,
    rx: &'a mut Rx,
) -> Result<Incoming<'a>, Broken> {
    let has_ended = rx.has_ended();
    let (received, most) = (&mut open.received, open.most);
    let mut body =
        Incoming { rx, receiving, limits, received, most, early, asked: false, refusal: None };
    let there = body.look();
    body.asked = false;
    match body.refusal {
        Some(refusal) => Err(refusal.into()),
        None if has_ended && there == 0 && early.get() => Err(Fault::Peer(reason::BODY_CUT).into()),
        None => Ok(body),
    }
}

/// Refuses a request for another host than the one that the connection was secured for.
#[cold]
pub(super) fn check_name(request: &Request<'_>, secured: &Secured) -> Result<(), Refusal> {
    let Some(name) = &secured.server_name else { return Ok(()) };
    // Only HTTP/1.0 can be without one.
    let Some(host) = request.head.host() else { return Ok(()) };
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    // A name with its root is the same name.
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.eq_ignore_ascii_case(name) { Ok(()) } else { Err(Refusal::Misdirected) }
}
