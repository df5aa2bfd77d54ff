//! The service: which route answers, and what one connection is doing.

use std::rc::Rc;

use readily::http1::access::Record;
use readily::http1::coding::Codings;
use readily::http1::router::{BadRoute, Handler, Router};
use readily::http1::{Answer, Flow, Incoming, Intake, Outgoing, Reply, Request, Service, Status};
use readily::{App, Desk, Machine};

use super::events::Listening;
use super::problem::{missed, refuse};
use super::upload::Upload;
use super::work::{Download, Work};
use super::{Letter, Letters, NOTE_MAX, Serves, routes};

/// Answers requests, one connection each. Between two of them it holds nothing.
pub struct Site<M: Machine> {
    pub(super) table: Rc<Table<M>>,
    pub(super) doing: Doing,
}

/// What is the same for all connections of a loop.
pub struct Table<M: Machine> {
    router: Router<Route<M>>,
    pub(super) codings: Codings,
    pub(super) upload_max: u64,
}

/// What answers the requests of one route, and what becomes of their bodies.
pub(super) struct Route<M: Machine> {
    pub(super) takes: Takes,
    pub(super) answer: Handler<Site<M>, M>,
}

/// The body that a route takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Takes {
    /// None.
    Nothing,
    /// One that describes a note.
    Note,
    /// Any, as it comes.
    Upload,
}

/// What is under way on a connection.
#[derive(Debug, Default)]
pub(super) enum Doing {
    /// Nothing that takes more than one call.
    #[default]
    Nothing,
    /// A body comes.
    Upload(Box<Upload>),
    /// A body goes.
    Download(Box<Download>),
    /// The answer waits for a timer or a thread.
    Work(Box<Work>),
    /// Events go out as they happen.
    Listen(Box<Listening>),
}

impl<M: Machine<App: Serves>> Table<M> {
    /// Uploads may have that many bytes.
    ///
    /// # Errors
    /// Never, unless a route of the program is none.
    pub fn new(upload_max: u64) -> Result<Rc<Self>, BadRoute> {
        let (router, codings) = (routes::all().build()?, Codings::default());
        Ok(Rc::new(Table { router, codings, upload_max }))
    }

    /// The service of one connection.
    pub fn site(self: &Rc<Self>) -> Site<M> {
        Site { table: self.clone(), doing: Doing::Nothing }
    }
}

impl<M: Machine<App: Serves>> Service<M> for Site<M> {
    const LOGGED: bool = true;

    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        self.doing = Doing::Nothing;
        let table = self.table.clone();
        match table.router.find(request) {
            Ok(found) => (found.route.answer)(self, request, &found.params, reply, desk),
            Err(miss) => missed(reply, miss),
        }
    }

    /// A body that is too long, or that nobody takes, is not waited for: the answer says so at
    /// once, and ends the connection.
    fn intake(&mut self, request: &Request<'_>) -> Intake {
        let takes = self.table.router.find(request).map(|found| found.route.takes);
        let is_within = |most| request.length().is_none_or(|length| length <= most);
        match takes {
            Ok(Takes::Note) if is_within(NOTE_MAX) => Intake::WholeUpTo(NOTE_MAX),
            Ok(Takes::Upload) if is_within(self.table.upload_max) => {
                Intake::StreamUpTo(self.table.upload_max)
            }
            _ => Intake::Stream,
        }
    }

    fn resume(
        &mut self,
        body: &mut Incoming<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        match std::mem::take(&mut self.doing) {
            Doing::Upload(upload) => upload.resume(self, body, reply, desk),
            Doing::Work(work) => work.resume(self, reply),
            Doing::Nothing | Doing::Download(_) | Doing::Listen(_) => {
                refuse(reply, Status::INTERNAL_SERVER_ERROR, "nothing was put off")
            }
        }
    }

    fn send(
        &mut self,
        _: &mut Incoming<'_>,
        out: &mut Outgoing<'_>,
        desk: &mut Desk<'_, M::App>,
    ) -> Flow {
        match &mut self.doing {
            Doing::Download(download) => download.send(out),
            Doing::Listen(listening) => listening.send(out, desk),
            Doing::Nothing | Doing::Upload(_) | Doing::Work(_) => Flow::Abort,
        }
    }

    fn mail(
        &mut self,
        mail: <M::App as App>::Mail,
        _: &mut Desk<'_, M::App>,
    ) -> Result<(), <M::App as App>::Mail> {
        match (&mut self.doing, mail.letter()?) {
            (Doing::Work(work), letter) => work.take(letter).map_err(Into::into),
            (Doing::Listen(listening), Letter::Event(event)) => {
                listening.hear(event);
                Ok(())
            }
            (_, letter) => Err(letter.into()),
        }
    }

    fn finished(&mut self, record: &Record<'_>, desk: &mut Desk<'_, M::App>) {
        desk.app.as_mut().reports.add(record, desk.fx);
    }
}

impl<M: Machine> std::fmt::Debug for Site<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Site").field(&self.doing).finish()
    }
}

impl<M: Machine> std::fmt::Debug for Table<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("upload_max", &self.upload_max).finish_non_exhaustive()
    }
}
