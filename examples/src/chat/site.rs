//! The page, and the way into the room.

use readily::http1::{Answer, Name, Reply, Request, Service, Status, Value};
use readily::{Desk, websocket};

use super::{Conn, Room, Talker};
use crate::HTML;

/// The page is one document, put together when this is compiled: nothing is fetched from elsewhere.
const PAGE: &str = concat!(
    include_str!("page/head.html"),
    "<style>\n",
    include_str!("page/style.css"),
    "</style>\n",
    include_str!("page/body.html"),
    "<script>\n",
    include_str!("page/chat.js"),
    "</script>\n",
);

/// What a browser lets the page do: its own style and script, and its own server. Whatever people
/// say, nothing else runs.
const POLICY: (Name, Value<'_>) = (
    Name::new("content-security-policy"),
    Value::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
         connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
);

/// Answers by path. It holds nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Site;

impl Service<Conn> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, Room>,
    ) -> Answer<Self, Conn> {
        match (request.path(), request.method()) {
            ("/", "GET" | "HEAD") => {
                let page = reply.status(Status::OK).header(POLICY.0, POLICY.1);
                let page = page.header(Name::CACHE_CONTROL, Value::from_static("no-cache"));
                page.content_type(HTML).body_static(PAGE.as_bytes())
            }
            ("/", _) => reply.method_not_allowed(Value::from_static("GET, HEAD")),
            ("/chat", _) => websocket::upgrade(request, reply, Talker::default()),
            _ => reply.not_found(),
        }
    }
}
