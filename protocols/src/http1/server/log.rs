//! What a service is told for its access log.

use std::time::{Duration, SystemTime};

use crate::contract::{Desk, Io, Machine};

use super::open::{Open, Stage};
use super::reply::Kind;
use super::{Answer, Record, Request, Server, Service};
use crate::http1::access;
use crate::http1::syntax::head::{Head, Starts};
use crate::http1::syntax::refusal::Refusal;

impl<S> Server<S> {
    /// Tells the service of an exchange that is over, or keeps its head until it is.
    pub(super) fn log<M: Machine>(
        &mut self,
        request: &Request<'_>,
        answer: &Answer<S, M>,
        desk: &mut Desk<'_, M::App>,
    ) where
        S: Service<M>,
    {
        if matches!(answer.kind, Kind::Whole(_)) && self.open.is_none() {
            let took = Duration::ZERO;
            let record = record(request, (answer.status, answer.sent), desk.fx.wall(), took);
            return self.service.finished(&record, desk);
        }
        let open = self.open.get_or_insert_with(|| Open::new(Stage::Unanswered, 0));
        open.bytes = request.head.headers.bytes.to_vec();
        open.head = open.bytes.len();
    }

    /// The same for an exchange that was open.
    pub(super) fn log_open<M: Machine>(
        &mut self,
        (status, sent): (u16, u64),
        io: &mut Io<'_, M::App>,
    ) where
        S: Service<M>,
    {
        let Some(open) = self.open.take() else { return };
        let (mut starts, limits) = (Starts::new(), self.service.limits());
        let read = Head::read(&open.bytes, limits, &mut starts).ok().flatten();
        let Some((head, _)) = read else { return };
        let (id, from, number) = (io.id(), io.remote(), self.served + 1);
        let length = Some(open.received);
        let request = Request { head, body: &[], trailers: &[], length, number, id, from };
        let took = open.began.map(|began| io.now().saturating_duration_since(began));
        let record = record(&request, (status, sent), io.wall(), took.unwrap_or_default());
        self.service.finished(&record, &mut Desk { app: io.app, fx: io.fx });
    }

    /// The same for one that ended by a fault.
    #[cold]
    pub(super) fn log_given_up<M: Machine>(&mut self, io: &mut Io<'_, M::App>)
    where
        S: Service<M>,
    {
        let answer = self.open.as_ref().map(|open| (open.status, open.sent));
        if S::LOGGED
            && let Some(answer) = answer
        {
            self.log_open::<M>(answer, io);
        }
    }

    /// The same for what was refused.
    #[cold]
    pub(super) fn log_refusal<M: Machine>(
        &mut self,
        refusal: Refusal,
        is_head: bool,
        io: &mut Io<'_, M::App>,
    ) where
        S: Service<M>,
    {
        let sent = if is_head { 0 } else { refusal.text().len() as u64 };
        let answer = (refusal.status().code(), sent);
        if let Some(open) = &self.open {
            let answer = if open.status == 0 { answer } else { (open.status, open.sent) };
            return self.log_open::<M>(answer, io);
        }
        let (id, from, number) = (io.id(), io.remote(), self.served + 1);
        // Some are refused for what a sound head says.
        let mut starts = Starts::new();
        let read = Head::read(io.rx.bytes(), self.service.limits(), &mut starts).ok().flatten();
        let record = match read {
            Some((head, _)) => {
                let (body, trailers) = (&[][..], &[][..]);
                let request = Request { head, body, trailers, length: None, number, id, from };
                record(&request, answer, io.fx.wall(), Duration::ZERO)
            }
            None => Record {
                id,
                number,
                from,
                when: io.fx.wall(),
                took: Duration::ZERO,
                method: &[],
                target: &[],
                version: None,
                status: answer.0,
                sent,
                referer: None,
                user_agent: None,
                request_id: None,
            },
        };
        self.service.finished(&record, &mut Desk { app: io.app, fx: io.fx });
    }
}

fn record<'a>(
    request: &Request<'a>,
    (status, sent): (u16, u64),
    when: SystemTime,
    took: Duration,
) -> Record<'a> {
    Record {
        id: request.id,
        number: request.number,
        from: request.from,
        when,
        took,
        method: request.head.method,
        target: request.head.target,
        version: Some(request.head.version),
        status,
        sent,
        referer: request.header("referer"),
        user_agent: request.header("user-agent"),
        request_id: request.header("x-request-id").and_then(access::request_id),
    }
}
