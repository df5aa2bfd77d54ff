//! The exchange that is open: a request that is sent, and the response to it.

use std::time::Instant;

use super::{
    Caller, Client, ClientLimits, Clock, FailureCause, Hearing, Response, ResponseBody, Saying,
    Turn, Wanted,
};
use crate::contract::{Desk, Fault, Half, Io, Machine, Step};
use crate::http1::syntax::flaw::{Flaw, reason};
use crate::http1::syntax::head::Starts;
use crate::http1::syntax::response::ResponseHead;
use crate::http1::wire::{ClientEvent, Found, Trailers};
use crate::http1::{Flow, Outgoing};

/// What is known of the exchange that is open.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    /// When all of it must be over.
    pub(super) until: Option<Instant>,
    /// How many bytes of the request were queued, head and frame included.
    pub(super) queued: usize,
    /// How many bytes of its body were written.
    sent: u64,
    pub(super) idempotent: bool,
    /// Whether any byte of a response came.
    pub(super) answered: bool,
    /// What becomes of the body, how much of it was received, and how much may be.
    way: Way,
    pub(super) received: u64,
    most: u64,
    /// How much was received when the window began.
    pub(super) mark: u64,
    /// Whether it is the server that is waited for.
    pub(super) owed: bool,
    /// The head of a response that is put together, so long; behind it the body and its trailers.
    pub(super) bytes: Vec<u8>,
    head: usize,
}

/// What becomes of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Collect,
    Stream,
    Drop,
}

impl Exchange {
    pub(super) const NONE: Exchange = Exchange {
        until: None,
        queued: 0,
        sent: 0,
        idempotent: false,
        answered: false,
        way: Way::Collect,
        received: 0,
        most: 0,
        mark: 0,
        owed: false,
        bytes: Vec::new(),
        head: 0,
    };

    /// A request of so many bytes was queued.
    pub(super) fn begun(until: Option<Instant>, queued: usize, idempotent: bool) -> Self {
        Exchange { until, queued, idempotent, ..Exchange::NONE }
    }

    /// A window has ended: the next one begins, unless too little came in it.
    pub(super) fn next_window(&mut self, limits: &ClientLimits) -> bool {
        let came = self.received - self.mark;
        self.mark = self.received;
        came >= u64::from(limits.body_window_bytes)
    }
}

impl<C> Client<C> {
    /// Receives and sends what can be now: a response may say that the rest of its request is not
    /// wanted.
    pub(super) fn go_on<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Turn<C, M>, Fault>
    where
        C: Caller<M>,
    {
        let turn = match (self.wire.receiving, self.exchange.way) {
            (Hearing::Head(_), _) => self.hear_head::<M>(io)?,
            (_, Way::Collect) => self.collect::<M>(io)?,
            (_, Way::Stream | Way::Drop) => self.stream::<M>(io)?,
        };
        if matches!(turn, Turn::Over(_)) {
            return Ok(turn);
        }
        let yields = self.send_on::<M>(io)? == Flow::Yield;
        Ok(if yields && matches!(turn, Turn::Waiting) { Turn::Yielding } else { turn })
    }

    /// Goes on with the body of the request.
    fn send_on<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Flow, Fault>
    where
        C: Caller<M>,
    {
        let Saying::Body(mut encoder) = self.wire.sending else { return Ok(Flow::Wait) };
        let before = io.tx.len();
        let mut out = Outgoing {
            tx: io.tx,
            encoder: &mut encoder,
            sent: &mut self.exchange.sent,
            ended: false,
            wrong: false,
        };
        let flow = self.caller.send(&mut out, &mut Desk { app: io.app, fx: io.fx });
        if flow == Flow::Done && !out.ended {
            out.trailers(&[]);
        }
        let is_wrong = out.wrong || (out.ended && flow != Flow::Done);
        self.exchange.queued += io.tx.len() - before;
        self.wire.sending = match flow {
            Flow::Done => Saying::Done,
            _ => Saying::Body(encoder),
        };
        if is_wrong {
            return Err(self.fail::<M>(FailureCause::WrongLength, io));
        }
        match flow {
            Flow::Abort => Err(self.fail::<M>(FailureCause::GivenUp, io)),
            flow => Ok(flow),
        }
    }

    fn hear_head<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Turn<C, M>, Fault>
    where
        C: Caller<M>,
    {
        let bytes = io.rx.bytes();
        if bytes.is_empty() {
            return self.want::<M>(io);
        }
        // What comes before any byte of the request has left does not answer it.
        if !self.exchange.answered && io.tx.len() >= self.exchange.queued {
            return Err(self.fail::<M>(FailureCause::Refused(Flaw::Unasked), io));
        }
        self.exchange.answered = true;
        let (mut starts, limits) = (Starts::new(), self.caller.limits().sizes);
        let received = match self.wire.receive(bytes, &limits, &mut starts) {
            Ok(received) => received,
            Err(flaw) => return Err(self.fail::<M>(FailureCause::Refused(flaw), io)),
        };
        let mut desk = Desk { app: io.app, fx: io.fx };
        match received.event {
            ClientEvent::Interim(head) => {
                self.caller.interim(&head, &mut desk);
                io.rx.consume(received.used);
                self.set_clock(Clock::Off, None);
                Ok(Turn::Moved)
            }
            ClientEvent::Response(head) => {
                let wanted = self.caller.head(&head, &mut desk);
                let rest = &bytes[received.used..];
                match self.plan::<M>(wanted, &head, rest.len()) {
                    Ok(Plan::InPlace(length)) => {
                        let body = &rest[..length];
                        self.caller.response(&Response { head, body, trailers: &[] }, &mut desk);
                        io.rx.consume(received.used + length);
                        Ok(self.complete())
                    }
                    Ok(Plan::Open) => {
                        io.rx.consume(received.used);
                        Ok(Turn::Moved)
                    }
                    Ok(Plan::Leave) => Ok(Turn::Over(Step::Finish)),
                    Err(flaw) => Err(self.fail::<M>(FailureCause::Refused(flaw), io)),
                }
            }
            ClientEvent::Switched(head) => {
                let step = self.caller.switched(&head, &mut desk);
                io.rx.consume(received.used);
                Ok(Turn::Over(step))
            }
            _ if io.rx.is_full() => {
                Err(self.fail::<M>(FailureCause::Refused(Flaw::HeadTooLarge), io))
            }
            _ => self.want::<M>(io),
        }
    }

    /// Decides where the body goes of which `there` bytes have arrived.
    fn plan<M: Machine>(
        &mut self,
        wanted: Wanted,
        head: &ResponseHead<'_>,
        there: usize,
    ) -> Result<Plan, Flaw>
    where
        C: Caller<M>,
    {
        let all = self.caller.limits().sizes.body;
        let (way, most) = match wanted {
            Wanted::Whole => (Way::Collect, all),
            Wanted::WholeUpTo(most) => (Way::Collect, most),
            Wanted::Stream => (Way::Stream, u64::MAX),
            Wanted::StreamUpTo(most) => (Way::Stream, most),
            Wanted::Discard => (Way::Drop, all),
            Wanted::Close => return Ok(Plan::Leave),
        };
        let length = match self.wire.receiving {
            Hearing::Body(decoder) => decoder.left(),
            _ => None,
        };
        if length.is_some_and(|length| length > most) {
            return Err(Flaw::BodyTooLarge);
        }
        (self.exchange.way, self.exchange.most) = (way, most);
        if way == Way::Collect {
            let length = length.and_then(|length| usize::try_from(length).ok());
            if let Some(length) = length.filter(|length| *length <= there) {
                return Ok(Plan::InPlace(length));
            }
            self.exchange.bytes.extend_from_slice(head.bytes());
            self.exchange.head = head.bytes().len();
        }
        Ok(Plan::Open)
    }

    /// Puts together what has arrived of a body.
    fn collect<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Turn<C, M>, Fault>
    where
        C: Caller<M>,
    {
        let limits = self.caller.limits().sizes;
        loop {
            let Hearing::Body(decoder) = &mut self.wire.receiving else {
                return Ok(Turn::Over(Step::Finish));
            };
            let (open, bytes) = (&mut self.exchange, io.rx.bytes());
            let flaw = match decoder.decode(bytes, &limits) {
                Ok(Found::Data { skip, length }) => {
                    open.received += length as u64;
                    if open.received <= open.most {
                        open.bytes.extend_from_slice(&bytes[skip..skip + length]);
                        decoder.took(length);
                        io.rx.consume(skip + length);
                        continue;
                    }
                    Flaw::BodyTooLarge
                }
                Ok(Found::Wanting { skip }) => {
                    io.rx.consume(skip);
                    if !io.rx.is_full() {
                        return self.want::<M>(io);
                    }
                    Flaw::TrailersTooLarge
                }
                Ok(Found::End { skip, trailers }) => {
                    let end = open.bytes.len();
                    open.bytes.extend_from_slice(&bytes[skip..skip + trailers]);
                    io.rx.consume(skip + trailers);
                    return self.respond::<M>(end, io);
                }
                Err(refusal) => refusal.into(),
            };
            return Err(self.fail::<M>(FailureCause::Refused(flaw), io));
        }
    }

    /// Hands over a response that was put together; its body ends there, before its trailers.
    fn respond<M: Machine>(
        &mut self,
        end: usize,
        io: &mut Io<'_, M::App>,
    ) -> Result<Turn<C, M>, Fault>
    where
        C: Caller<M>,
    {
        let bytes = std::mem::take(&mut self.exchange.bytes);
        let (size, limits) = (self.exchange.head, self.caller.limits().sizes);
        let mut starts = Starts::new();
        // It was read before its body was waited for.
        let read = ResponseHead::read(&bytes[..size], &limits, &mut starts).ok().flatten();
        let Some((head, _)) = read else {
            return Err(self.fail::<M>(FailureCause::Refused(Flaw::Malformed), io));
        };
        let response = Response { head, body: &bytes[size..end], trailers: &bytes[end..] };
        self.caller.response(&response, &mut Desk { app: io.app, fx: io.fx });
        Ok(self.complete())
    }

    /// Shows the caller what has arrived of a body, or drops it.
    fn stream<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Turn<C, M>, Fault>
    where
        C: Caller<M>,
    {
        let (limits, way, before) =
            (self.caller.limits().sizes, self.exchange.way, self.exchange.received);
        let mut body = ResponseBody {
            rx: io.rx,
            hearing: &mut self.wire.receiving,
            limits: &limits,
            received: &mut self.exchange.received,
            most: self.exchange.most,
            flaw: None,
        };
        let there = body.look();
        let mut desk = Desk { app: io.app, fx: io.fx };
        let flow = match (way, there) {
            (_, 0) => Flow::Wait,
            (Way::Stream, _) => self.caller.data(&mut body, &mut desk),
            _ => {
                body.consume(there);
                Flow::Wait
            }
        };
        let is_ended = body.is_ended();
        if let Some(flaw) = body.flaw {
            return Err(self.fail::<M>(FailureCause::Refused(flaw), io));
        }
        self.exchange.owed = false;
        match flow {
            Flow::Abort => {
                io.tx.abort();
                Err(Fault::Local(reason::GIVEN_UP))
            }
            _ if is_ended => Ok(self.hear_end::<M>(io)),
            Flow::Done => Ok(Turn::Over(Step::Finish)),
            Flow::Yield => Ok(Turn::Yielding),
            Flow::Wait if self.exchange.received > before => Ok(Turn::Moved),
            Flow::Wait if there == 0 => self.want::<M>(io),
            Flow::Wait => Ok(Turn::Waiting),
        }
    }

    /// A body that was streamed or dropped is complete.
    fn hear_end<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Turn<C, M>
    where
        C: Caller<M>,
    {
        if let Hearing::Ended(length) = self.wire.receiving {
            let length = usize::from(length);
            let trailers = Trailers(&io.rx.bytes()[..length]);
            self.caller.ended(&trailers, &mut Desk { app: io.app, fx: io.fx });
            io.rx.consume(length);
        }
        self.complete()
    }

    /// A response is complete, and was handed over.
    fn complete<M: Machine>(&mut self) -> Turn<C, M> {
        (self.exchange, self.clock, self.deadline) = (Exchange::NONE, Clock::Off, None);
        if self.wire.complete() { Turn::Moved } else { Turn::Over(Step::Finish) }
    }

    /// More of the response has to come, if it can.
    fn want<M: Machine>(&mut self, io: &mut Io<'_, M::App>) -> Result<Turn<C, M>, Fault>
    where
        C: Caller<M>,
    {
        self.exchange.owed = true;
        match io.rx.half() {
            Half::Open => Ok(Turn::Waiting),
            Half::Aborted => Err(self.fail::<M>(FailureCause::Reset, io)),
            Half::Ended => match self.wire.end(io.rx.len()) {
                Ok(()) => Ok(Turn::Moved),
                Err(cut) => Err(self.fail::<M>(FailureCause::Ended(cut), io)),
            },
        }
    }
}

/// Where a body goes.
enum Plan {
    /// It lies behind its head, that long.
    InPlace(usize),
    /// It is taken as it comes.
    Open,
    /// It is not wanted.
    Leave,
}
