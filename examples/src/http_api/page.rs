//! The page: it shows the notebook, and each change as it happens.

use readily::Machine;
use readily::http1::{Answer, Name, Reply, Status, Value};

use super::site::Site;
use crate::HTML;

/// The page is one document, put together when this is compiled: nothing is fetched from elsewhere.
const PAGE: &str = concat!(
    include_str!("page/head.html"),
    "<style>\n",
    include_str!("page/style.css"),
    "</style>\n",
    include_str!("page/body.html"),
    "<script>\n",
    include_str!("page/notes.js"),
    "</script>\n",
);

/// What a browser lets the page do: its own style and script, and its own server. Whatever is in
/// the notebook, nothing else runs.
const POLICY: (Name, Value<'_>) = (
    Name::new("content-security-policy"),
    Value::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
         connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
);

pub(super) fn show<M: Machine>(reply: Reply<'_, Site<M>, M>) -> Answer<Site<M>, M> {
    let page = reply.status(Status::OK).header(POLICY.0, POLICY.1);
    let page = page.header(Name::CACHE_CONTROL, Value::from_static("no-cache"));
    page.content_type(HTML).body_static(PAGE.as_bytes())
}
