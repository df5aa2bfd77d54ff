//! Errors as JSON.

use readily::http1::router::{BadParam, Miss};
use readily::http1::{Answer, Name, Reply, Status};
use serde_json::json;

/// The content type of all answers but the page.
pub(super) const JSON: &str = "application/json";

/// Answers with that status and why, in words.
pub(super) fn refuse<S, M>(reply: Reply<'_, S, M>, status: Status, why: &str) -> Answer<S, M> {
    reply.status(status).content_type(JSON).body(error(why).as_bytes())
}

/// Answers that something could not be done now, and that it may be tried again.
pub(super) fn busy<S, M>(reply: Reply<'_, S, M>, why: &str) -> Answer<S, M> {
    let draft = reply.status(Status::SERVICE_UNAVAILABLE).content_type(JSON);
    draft.number(Name::RETRY_AFTER, 1).body(error(why).as_bytes()).counted(super::BUSY)
}

/// Answers that there is no such route.
pub(super) fn missed<S, M>(reply: Reply<'_, S, M>, miss: Miss<'_>) -> Answer<S, M> {
    match miss {
        Miss::NotFound => refuse(reply, Status::NOT_FOUND, "there is nothing here"),
        Miss::NotAllowed { allow } => {
            let draft = reply.status(Status::METHOD_NOT_ALLOWED).content_type(JSON);
            draft.header(Name::ALLOW, allow).body(error("not by this method").as_bytes())
        }
        miss @ Miss::Options { .. } => miss.answer(reply),
    }
}

/// Answers that a parameter of the path is not what it should be.
pub(super) fn bad<S, M>(reply: Reply<'_, S, M>, param: BadParam<'_>) -> Answer<S, M> {
    refuse(reply, Status::BAD_REQUEST, &param.to_string())
}

fn error(why: &str) -> String {
    json!({ "error": why }).to_string()
}
