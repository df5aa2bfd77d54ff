//! Server-sent events: each change is written once, and shared by all who listen.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use readily::http1::router::Params;
use readily::http1::sse::{self, Event};
use readily::http1::{Answer, Flow, Length, Name, Outgoing, Reply, Request, Status};
use readily::{Desk, Effects, Id, Machine, To};

use super::problem::busy;
use super::site::{Doing, Site};
use super::{HISTORY, LISTENERS_MAX, Letter, MISSED, Serves, TOO_SLOW, WAITING_MAX};

/// How often something is said, whatever happens.
const BEAT: Duration = Duration::from_secs(15);
/// When a browser that was cut off comes back.
const RETRY: Duration = Duration::from_secs(1);

/// Who listens, and what was said.
#[derive(Debug, Default)]
pub struct Listeners {
    ids: BTreeSet<Id>,
    /// The last events, the oldest first; the number of the newest is `last`.
    history: VecDeque<Bytes>,
    last: u64,
    /// Whether a timer is set for the next beat.
    beats: bool,
}

/// One who listens, and what it has not been sent.
#[derive(Debug)]
pub(super) struct Listening {
    id: Id,
    waiting: VecDeque<Bytes>,
}

impl Listeners {
    /// Tells all of a change: `data` is JSON.
    pub(super) fn tell<A: Serves>(&mut self, name: &str, data: &str, fx: &mut Effects<A>) {
        self.last += 1;
        let (id, mut event) = (self.last.to_string(), Vec::new());
        Event { name: Some(name), id: Some(&id), data }.write(&mut event);
        let event = Bytes::from(event);
        self.history.push_back(event.clone());
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        self.send(event, fx);
    }

    /// Says that the server is there, and does so again as long as somebody listens.
    pub fn beat<A: Serves>(&mut self, fx: &mut Effects<A>) {
        self.beats = false;
        if self.ids.is_empty() {
            return;
        }
        let mut beat = Vec::new();
        sse::comment("still here", &mut beat);
        self.send(beat.into(), fx);
        self.next_beat(fx);
    }

    /// Somebody has left.
    pub fn forget(&mut self, id: Id) {
        self.ids.remove(&id);
    }

    fn add<A: Serves>(&mut self, id: Id, fx: &mut Effects<A>) {
        self.ids.insert(id);
        if !self.beats {
            self.next_beat(fx);
        }
    }

    fn next_beat<A: Serves>(&mut self, fx: &mut Effects<A>) {
        // Without a timer there is no beat, and the next who comes tries again.
        self.beats = fx.after(BEAT, To::App, Letter::Beat.into()).is_ok();
    }

    fn send<A: Serves>(&self, event: Bytes, fx: &mut Effects<A>) {
        let reached = fx.publish(self.ids.iter().copied(), &Letter::Event(event).into());
        if reached < self.ids.len() {
            fx.count(MISSED);
        }
    }

    /// What has happened since the event of that number, as far as it is known.
    fn since(&self, seen: u64) -> impl Iterator<Item = Bytes> {
        let missed = usize::try_from(self.last.saturating_sub(seen)).unwrap_or(usize::MAX);
        self.history.iter().skip(self.history.len().saturating_sub(missed)).cloned()
    }
}

impl<M: Machine<App: Serves>> Site<M> {
    pub(super) fn listen(
        &mut self,
        request: &Request<'_>,
        _: &Params<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        let listeners = &mut desk.app.as_mut().listeners;
        if listeners.ids.len() >= LISTENERS_MAX {
            return busy(reply, "too many listen already");
        }
        if request.method() == "GET" {
            let id = request.id();
            let mut waiting = Vec::new();
            sse::retry(RETRY, &mut waiting);
            let mut waiting = VecDeque::from([Bytes::from(waiting)]);
            let seen = sse::last_seen(request).and_then(|seen| seen.parse().ok());
            waiting.extend(seen.into_iter().flat_map(|seen| listeners.since(seen)));
            listeners.add(id, desk.fx);
            self.doing = Doing::Listen(Box::new(Listening { id, waiting }));
        }
        let draft = reply.status(Status::OK).content_type(sse::CONTENT_TYPE);
        draft.header(Name::CACHE_CONTROL, sse::NO_STORE).stream(Length::Unknown)
    }
}

impl Listening {
    pub(super) fn hear(&mut self, event: Bytes) {
        self.waiting.push_back(event);
    }

    pub(super) fn send<A: Serves>(
        &mut self,
        out: &mut Outgoing<'_>,
        desk: &mut Desk<'_, A>,
    ) -> Flow {
        while let Some(event) = self.waiting.front() {
            if out.room() < event.len() {
                break;
            }
            out.share(event.clone());
            self.waiting.pop_front();
        }
        if self.waiting.len() > WAITING_MAX {
            desk.fx.count(TOO_SLOW);
            return Flow::Abort;
        }
        if desk.fx.draining() {
            desk.app.as_mut().listeners.forget(self.id);
            return Flow::Done;
        }
        Flow::Wait
    }
}
