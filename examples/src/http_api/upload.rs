//! Bodies that come: as long as they like, in constant memory.

use readily::http1::router::Params;
use readily::http1::{Answer, Incoming, Reply, Request, Status};
use readily::{Desk, Machine};
use ring::digest::{Context, SHA256};
use serde_json::json;

use super::Serves;
use super::problem::{JSON, bad, refuse};
use super::site::{Doing, Site};

/// A body that comes. It is not kept, only its digest.
pub(super) struct Upload {
    name: String,
    digest: Context,
}

impl<M: Machine<App: Serves>> Site<M> {
    pub(super) fn upload(
        &mut self,
        request: &Request<'_>,
        params: &Params<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        let name = match params.text("name") {
            Ok(name) => name.into_owned(),
            Err(param) => return bad(reply, param),
        };
        let most = self.table.upload_max;
        if request.length().is_some_and(|length| length > most) {
            let why = format!("an upload has at most {most} bytes");
            return refuse(reply, Status::CONTENT_TOO_LARGE, &why);
        }
        let upload = Upload { name, digest: Context::new(&SHA256) };
        if request.length() == Some(0) {
            return upload.finish(0, reply, desk);
        }
        self.doing = Doing::Upload(Box::new(upload));
        reply.later()
    }
}

impl Upload {
    /// Takes what has come; answers when that was all.
    pub(super) fn resume<M: Machine<App: Serves>>(
        mut self: Box<Self>,
        site: &mut Site<M>,
        body: &mut Incoming<'_>,
        reply: Reply<'_, Site<M>, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Site<M>, M> {
        loop {
            let bytes = body.bytes();
            let n = bytes.len();
            if n == 0 {
                break;
            }
            self.digest.update(bytes);
            body.consume(n);
        }
        if body.is_ended() {
            return self.finish(body.received(), reply, desk);
        }
        site.doing = Doing::Upload(self);
        reply.later()
    }

    fn finish<M: Machine<App: Serves>>(
        self,
        bytes: u64,
        reply: Reply<'_, Site<M>, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Site<M>, M> {
        let digest = self.digest.finish();
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let told = json!({ "name": self.name, "bytes": bytes, "sha256": digest }).to_string();
        desk.app.as_mut().listeners.tell("uploaded", &told, desk.fx);
        reply.status(Status::CREATED).content_type(JSON).body(told.as_bytes())
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("name", &self.name).finish_non_exhaustive()
    }
}
