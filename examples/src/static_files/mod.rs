//! A folder over HTTP, with a line in the log for each request and the counts of all loops.

mod asked;

use readily::files::{Files, Transfer};
use readily::http1::access::Record;
use readily::http1::{Answer, Flow, Incoming, Outgoing, Reply, Request, Service};
use readily::{App, Desk, Machine, metrics};

use crate::reports::Reports;

pub use asked::{Asked, CHOICES};

/// Answers each request by the file that its path names.
#[derive(Debug)]
pub struct Folder {
    files: Files,
    transfer: Transfer,
}

/// What all connections of a loop share.
#[derive(Debug, Default)]
pub struct Shared {
    /// The log and the counts.
    pub reports: Reports,
    /// The path under which the counts are shown; none for nowhere.
    pub metrics_at: Option<String>,
}

/// An application that has it.
pub trait Serves: App + AsMut<Shared> {}

impl<A: App + AsMut<Shared>> Serves for A {}

impl Folder {
    /// The service of one connection.
    pub fn new(files: Files) -> Self {
        Folder { files, transfer: Transfer::new() }
    }
}

impl<M: Machine<App: Serves>> Service<M> for Folder {
    const LOGGED: bool = true;

    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        let Shared { reports, metrics_at } = desk.app.as_mut();
        let reads = matches!(request.method(), "GET" | "HEAD");
        if reads && metrics_at.as_deref() == Some(request.path()) {
            return reply.ok(metrics::CONTENT_TYPE, reports.page().as_bytes());
        }
        self.transfer.begin(&self.files, request, reply, desk)
    }

    fn resume(
        &mut self,
        _: &mut Incoming<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        self.transfer.resume(reply, desk)
    }

    fn send(
        &mut self,
        _: &mut Incoming<'_>,
        out: &mut Outgoing<'_>,
        desk: &mut Desk<'_, M::App>,
    ) -> Flow {
        self.transfer.send(out, desk)
    }

    fn finished(&mut self, record: &Record<'_>, desk: &mut Desk<'_, M::App>) {
        desk.app.as_mut().reports.add(record, desk.fx);
    }
}
