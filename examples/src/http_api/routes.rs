//! The routes, and those answers that are complete at once.

use readily::http1::router::{Params, Routes};
use readily::http1::{Answer, Name, Reply, Request, Status, Value};
use readily::{Desk, Machine, metrics};
use serde_json::json;

use super::problem::{JSON, bad, refuse};
use super::site::{Route, Site, Takes};
use super::{NOTE_MAX, NOTES_MAX, Serves, notes, page};

/// All routes.
pub(super) fn all<M: Machine<App: Serves>>() -> Routes<Route<M>> {
    use Takes::{Note, Nothing, Upload};
    Routes::new()
        .get("/", Route { takes: Nothing, answer: |_, _, _, reply, _| page::show(reply) })
        .get("/notes", Route { takes: Nothing, answer: list })
        .post("/notes", Route { takes: Note, answer: add })
        .get("/notes/{id}", Route { takes: Nothing, answer: show })
        .put("/notes/{id}", Route { takes: Note, answer: change })
        .delete("/notes/{id}", Route { takes: Nothing, answer: remove })
        .put("/upload/{name}", Route { takes: Upload, answer: Site::upload })
        .get("/download/{bytes}", Route { takes: Nothing, answer: Site::download })
        .get("/slow", Route { takes: Nothing, answer: Site::sleep })
        .get("/primes/{n}", Route { takes: Nothing, answer: Site::work })
        .get("/events", Route { takes: Nothing, answer: Site::listen })
        .get("/metrics", Route { takes: Nothing, answer: counts })
}

fn list<M: Machine<App: Serves>>(
    site: &mut Site<M>,
    request: &Request<'_>,
    _: &Params<'_>,
    reply: Reply<'_, Site<M>, M>,
    desk: &mut Desk<'_, M::App>,
) -> Answer<Site<M>, M> {
    let list = json!({ "notes": desk.app.as_mut().notes.all() }).to_string();
    let wanted = site.table.codings.wanted(request);
    reply.coded(&wanted, Status::OK, JSON).header(NO_STORE.0, NO_STORE.1).body(list.as_bytes())
}

fn show<M: Machine<App: Serves>>(
    _: &mut Site<M>,
    _: &Request<'_>,
    params: &Params<'_>,
    reply: Reply<'_, Site<M>, M>,
    desk: &mut Desk<'_, M::App>,
) -> Answer<Site<M>, M> {
    let id = match params.parse("id") {
        Ok(id) => id,
        Err(param) => return bad(reply, param),
    };
    match desk.app.as_mut().notes.note(id) {
        Some(note) => reply.ok(JSON, json!(note).to_string().as_bytes()),
        None => no_note(reply),
    }
}

fn add<M: Machine<App: Serves>>(
    _: &mut Site<M>,
    request: &Request<'_>,
    _: &Params<'_>,
    reply: Reply<'_, Site<M>, M>,
    desk: &mut Desk<'_, M::App>,
) -> Answer<Site<M>, M> {
    let text = match text_of(request) {
        Ok(text) => text,
        Err((status, why)) => return refuse(reply, status, &why),
    };
    let (api, now) = (desk.app.as_mut(), desk.fx.wall());
    let Some(note) = api.notes.add(text, now) else {
        let why = format!("there are {NOTES_MAX} notes already");
        return refuse(reply, Status::CONFLICT, &why);
    };
    let (at, note) = (format!("/notes/{}", note.id), json!(note).to_string());
    api.listeners.tell("added", &note, desk.fx);
    let draft = reply.status(Status::CREATED).content_type(JSON);
    // A path of our own is a value.
    let at = Value::new(at.as_bytes()).unwrap_or(Value::from_static("/notes"));
    draft.header(Name::LOCATION, at).body(note.as_bytes())
}

fn change<M: Machine<App: Serves>>(
    _: &mut Site<M>,
    request: &Request<'_>,
    params: &Params<'_>,
    reply: Reply<'_, Site<M>, M>,
    desk: &mut Desk<'_, M::App>,
) -> Answer<Site<M>, M> {
    let id = match params.parse("id") {
        Ok(id) => id,
        Err(param) => return bad(reply, param),
    };
    let text = match text_of(request) {
        Ok(text) => text,
        Err((status, why)) => return refuse(reply, status, &why),
    };
    let (api, now) = (desk.app.as_mut(), desk.fx.wall());
    let Some(note) = api.notes.change(id, text, now) else { return no_note(reply) };
    let note = json!(note).to_string();
    api.listeners.tell("changed", &note, desk.fx);
    reply.ok(JSON, note.as_bytes())
}

fn remove<M: Machine<App: Serves>>(
    _: &mut Site<M>,
    _: &Request<'_>,
    params: &Params<'_>,
    reply: Reply<'_, Site<M>, M>,
    desk: &mut Desk<'_, M::App>,
) -> Answer<Site<M>, M> {
    let id = match params.parse("id") {
        Ok(id) => id,
        Err(param) => return bad(reply, param),
    };
    let api = desk.app.as_mut();
    let Some(note) = api.notes.remove(id) else { return no_note(reply) };
    api.listeners.tell("removed", &json!({ "id": note.id }).to_string(), desk.fx);
    reply.status(Status::NO_CONTENT).empty()
}

fn counts<M: Machine<App: Serves>>(
    _: &mut Site<M>,
    _: &Request<'_>,
    _: &Params<'_>,
    reply: Reply<'_, Site<M>, M>,
    desk: &mut Desk<'_, M::App>,
) -> Answer<Site<M>, M> {
    reply.ok(metrics::CONTENT_TYPE, desk.app.as_mut().reports.page().as_bytes())
}

/// The notebook changes: nobody keeps it.
const NO_STORE: (Name, Value<'_>) = (Name::CACHE_CONTROL, Value::from_static("no-store"));

fn no_note<M: Machine>(reply: Reply<'_, Site<M>, M>) -> Answer<Site<M>, M> {
    refuse(reply, Status::NOT_FOUND, "there is no such note")
}

/// The text in the body of a request. That its type must be said keeps pages of others out: a
/// browser asks before it sends one across.
fn text_of(request: &Request<'_>) -> Result<String, (Status, String)> {
    if request.length().is_none_or(|length| length > NOTE_MAX) {
        let why = format!("a note has at most {NOTE_MAX} bytes");
        return Err((Status::CONTENT_TOO_LARGE, why));
    }
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if !kind.eq_ignore_ascii_case(JSON.as_bytes()) {
        return Err((Status::UNSUPPORTED_MEDIA_TYPE, format!("the body must be {JSON}")));
    }
    notes::read(request.body()).map_err(|why| (Status::BAD_REQUEST, why))
}
