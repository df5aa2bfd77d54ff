//! One exchange about a file, from its request to the last byte of its answer.

use std::ops::Range;
use std::sync::Arc;

use readily_protocols::contract::{App, Desk, File, Id, Machine};
use readily_protocols::http1::files::{Asked, Boundary, Method, Parts, Plan, Relative};
use readily_protocols::http1::{
    Answer, Draft, Flow, Length, Name, Outgoing, Reply, Request, Service, Status, Value,
};

use super::body::{Body, Pieces};
use super::errand::Opening;
use super::lookup::{Content, Found, Refusal};
use super::options::{Disk, Files};
use super::pages::{AHEAD, first_window, resident};
use super::reason;
use super::root::Patience;

/// What is under way on one connection: a part of the value that answers its requests.
///
/// It holds no more than a pointer, and nothing while no answer takes more than one call.
#[derive(Debug, Default)]
pub struct Transfer(State);

#[derive(Debug, Default)]
enum State {
    /// Nothing is under way.
    #[default]
    Idle,
    /// A thread of the pool looks for the file.
    Opening(Box<Elsewhere>),
    /// The body goes out as the peer takes it.
    Sending(Box<Body>),
}

/// A file that is looked for elsewhere.
#[derive(Debug)]
struct Elsewhere {
    files: Files,
    opening: Arc<Opening>,
    id: Id,
    path: Box<str>,
    query: Option<Box<str>>,
}

/// What an answer needs of the request.
struct Ask<'a> {
    asked: Asked<'a>,
    id: Id,
    /// Path and query of the target.
    path: &'a str,
    query: Option<&'a str>,
    /// Whether a thread has opened the file, and read the first window of what is sent.
    is_read: bool,
}

impl Transfer {
    /// Nothing is under way.
    pub const fn new() -> Transfer {
        Transfer(State::Idle)
    }

    /// Answers a request for the file that its path names: for [`Service::call`].
    pub fn begin<S: Service<M>, M: Machine>(
        &mut self,
        files: &Files,
        request: &Request<'_>,
        reply: Reply<'_, S, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<S, M> {
        self.begin_at(files, request.path(), request, reply, desk)
    }

    /// The same for another path: what is left of the request's where the folder is only a part of
    /// a site. It is not decoded yet, and starts with `/`; an empty one is the folder without its
    /// slash.
    pub fn begin_at<S: Service<M>, M: Machine>(
        &mut self,
        files: &Files,
        path: &str,
        request: &Request<'_>,
        reply: Reply<'_, S, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<S, M> {
        self.0 = State::Idle;
        let Some(method) = Method::named(request.method()) else {
            return reply.method_not_allowed(Value::from_static("GET, HEAD"));
        };
        let (site, id, query) = (files.site(), request.id(), request.query());
        let asked = Asked::new(method, request.headers());
        let ask = Ask { asked, id, path: request.path(), query, is_read: false };
        if path.is_empty() {
            return to_folder(&ask, reply);
        }
        let path = match Relative::parse(path, site.rules.dots) {
            Ok(path) => path,
            Err(bad) => {
                return refuse(Refusal { status: bad.status(), counts: reason::of(bad) }, reply);
            }
        };
        let found = match files.disk() {
            Disk::Inline => site.find(&path, &ask.asked.accepted(), Patience::Wait).ok(),
            Disk::Probe => site.find(&path, &ask.asked.accepted(), Patience::None).ok(),
            Disk::Offload => None,
        };
        match found {
            Some(found) => self.answer(files, &found, &ask, reply, desk),
            None => self.look_elsewhere(files, path, &ask, reply, desk),
        }
    }

    /// Goes on with an answer that was put off: for [`Service::resume`].
    pub fn resume<S: Service<M>, M: Machine>(
        &mut self,
        reply: Reply<'_, S, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<S, M> {
        let State::Opening(elsewhere) = std::mem::take(&mut self.0) else {
            return refuse(Refusal::BROKEN, reply);
        };
        let opening = elsewhere.opening.clone();
        let Some(found) = opening.found() else {
            self.0 = State::Opening(elsewhere);
            return reply.later();
        };
        let Elsewhere { files, id, path, query, .. } = *elsewhere;
        let (asked, query) = (opening.asked(), query.as_deref());
        let ask = Ask { asked, id, path: &path, query, is_read: true };
        self.answer(&files, found, &ask, reply, desk)
    }

    /// Goes on with a body: for [`Service::send`].
    pub fn send<A: App>(&mut self, out: &mut Outgoing<'_>, desk: &mut Desk<'_, A>) -> Flow {
        let State::Sending(body) = &mut self.0 else { return Flow::Abort };
        let flow = body.send(out, desk);
        if !matches!(flow, Flow::Wait) {
            self.0 = State::Idle;
        }
        flow
    }

    /// Has a thread of the pool look for the file.
    fn look_elsewhere<S: Service<M>, M: Machine>(
        &mut self,
        files: &Files,
        path: Relative<'_>,
        ask: &Ask<'_>,
        reply: Reply<'_, S, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<S, M> {
        let opening = Opening::new(path, &ask.asked);
        let (job, site, now) = (opening.clone(), files.site().clone(), desk.fx.wall());
        match desk.fx.offload_then_wake(ask.id, move || job.run(&site, now)) {
            Ok(()) => {
                let (path, query) = (ask.path.into(), ask.query.map(Box::from));
                let elsewhere =
                    Elsewhere { files: files.clone(), opening, id: ask.id, path, query };
                self.0 = State::Opening(Box::new(elsewhere));
                reply.later()
            }
            Err(_) => {
                let text = Status::SERVICE_UNAVAILABLE.text().as_bytes();
                let draft = reply.status(Status::SERVICE_UNAVAILABLE).number(Name::RETRY_AFTER, 1);
                draft.content_type(TEXT).body(text).counted(reason::BUSY)
            }
        }
    }

    /// The answer, now that it is known what there is.
    fn answer<S: Service<M>, M: Machine>(
        &mut self,
        files: &Files,
        found: &Found,
        ask: &Ask<'_>,
        reply: Reply<'_, S, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<S, M> {
        match found {
            Found::Content(content) => self.content(files, content, ask, reply, desk),
            Found::Refused(refusal) => refuse(*refusal, reply),
            Found::Folder => to_folder(ask, reply),
        }
    }

    fn content<S: Service<M>, M: Machine>(
        &mut self,
        files: &Files,
        Content { file, about }: &Content,
        ask: &Ask<'_>,
        reply: Reply<'_, S, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<S, M> {
        let now = desk.fx.wall();
        let plan = Plan::of(&ask.asked, &about.facts, now);
        let boundary = match plan {
            Plan::Parts(_) => Boundary::new([desk.fx.random(), desk.fx.random()]),
            _ => Boundary::new([0, 0]),
        };
        let draft = reply.status(plan.status());
        let draft = about.fields(&plan, now, &boundary, draft, Draft::header);
        let length = about.facts.length;
        let range = match plan {
            Plan::NotModified => return draft.empty(),
            Plan::Failed | Plan::Unsatisfiable => {
                return draft.body(plan.status().text().as_bytes());
            }
            Plan::Whole => 0..length,
            Plan::Part(part) => part,
            Plan::Parts(ranges) => {
                let parts = Parts { ranges, boundary, kind: about.kind, length };
                let pieces = Pieces::Several(parts);
                return self
                    .stream(Body::new(ask.id, files.disk(), file.clone(), pieces, 0), draft);
            }
        };
        // The length alone is said to it.
        if ask.asked.method() == Method::Head {
            return draft.file(file.clone(), range);
        }
        self.part(files, file, range, ask, draft)
    }

    /// The body is one part of the file, or all of it.
    fn part<S: Service<M>, M: Machine>(
        &mut self,
        files: &Files,
        file: &File,
        range: Range<u64>,
        ask: &Ask<'_>,
        draft: Draft<'_, S, M>,
    ) -> Answer<S, M> {
        if let Some(small) = files.small(file, &range, ask.is_read) {
            return draft.body(&small);
        }
        // A thread has read so far.
        let warm = if ask.is_read { first_window(&range).end } else { 0 };
        let length = range.end - range.start;
        let is_ready = match files.disk() {
            Disk::Inline => true,
            _ if range.end <= warm => true,
            Disk::Probe => length <= AHEAD && resident(file.as_ref(), range.clone()) == length,
            Disk::Offload => false,
        };
        if is_ready {
            return draft.file(file.clone(), range);
        }
        let pieces = Pieces::One(range);
        self.stream(Body::new(ask.id, files.disk(), file.clone(), pieces, warm), draft)
    }

    /// The body goes out in more than one call.
    fn stream<S: Service<M>, M: Machine>(
        &mut self,
        body: Body,
        draft: Draft<'_, S, M>,
    ) -> Answer<S, M> {
        let length = Length::Known(body.length());
        self.0 = State::Sending(Box::new(body));
        draft.stream(length)
    }
}

/// What the words of a status are sent as.
const TEXT: &str = "text/plain; charset=utf-8";

fn refuse<S: Service<M>, M: Machine>(refusal: Refusal, reply: Reply<'_, S, M>) -> Answer<S, M> {
    let answer = reply.plain(refusal.status);
    match refusal.counts {
        Some(name) => answer.counted(name),
        None => answer,
    }
}

/// Sends the client to the same path with a slash, so that what a page of the folder links to is
/// found. A path that begins with two slashes would be another host.
fn to_folder<S: Service<M>, M: Machine>(ask: &Ask<'_>, reply: Reply<'_, S, M>) -> Answer<S, M> {
    let query = ask.query.map(|query| format!("?{query}")).unwrap_or_default();
    let folder = format!("{}/{query}", ask.path);
    let folder = match Value::new(folder.as_bytes()) {
        Ok(value) if !folder.starts_with("//") => value,
        _ => return refuse(Refusal::NOT_FOUND, reply),
    };
    let status = Status::MOVED_PERMANENTLY;
    let draft = reply.status(status).header(Name::LOCATION, folder);
    draft.content_type(TEXT).body(status.text().as_bytes())
}
