//! What is there over HTTP: the page, what it fetches, and the two upgrades.

use readily::http1::{Answer, Limits, Name, Reply, Request, Service, Status, Value};
use readily::{Desk, Machine, websocket};

use super::{Conn, Feed, Mirror, Showcase};

/// The page is one document, put together when this is compiled: nothing is fetched from elsewhere.
const PAGE: &str = concat!(
    include_str!("page/head.html"),
    "<style>\n",
    include_str!("page/style.css"),
    "</style>\n",
    include_str!("page/body.html"),
    "<script>\n",
    include_str!("page/layout.js"),
    "</script>\n<script>\n",
    include_str!("page/diagram.js"),
    "</script>\n<script>\n",
    include_str!("page/figures.js"),
    "</script>\n<script>\n",
    include_str!("page/feed.js"),
    "</script>\n<script>\n",
    include_str!("page/try.js"),
    "</script>\n",
);

/// What a browser lets the page do: its own style and scripts, and its own server.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
     connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// Answers by path. It holds nothing, so that an idle connection costs nothing for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Site;

/// The largest body that is taken, in bytes: nothing here needs a larger one.
pub(super) const BODY_MAX: u64 = 64 * 1024;

const LIMITS: Limits = Limits { body: BODY_MAX, ..Limits::DEFAULT };

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

impl Service<Conn> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, Showcase>,
    ) -> Answer<Self, Conn> {
        match request.path() {
            "/live" => websocket::upgrade(request, reply, Feed::default()),
            "/echo" => websocket::upgrade(request, reply, Mirror),
            "/" | "/health" | "/diagram" if !matches!(request.method(), "GET" | "HEAD") => {
                reply.method_not_allowed(Value::from_static("GET, HEAD"))
            }
            "/" => page(reply),
            "/health" => reply.ok(TEXT, b"OK"),
            "/diagram" => reply.ok(TEXT, Conn::DIAGRAM.mermaid.as_bytes()),
            _ => reply.not_found(),
        }
    }

    fn limits(&self) -> &Limits {
        &LIMITS
    }
}

fn page(reply: Reply<'_, Site, Conn>) -> Answer<Site, Conn> {
    let policy = Name::new("content-security-policy");
    let draft = reply.status(Status::OK).content_type(HTML);
    let draft = draft.header(policy, Value::from_static(POLICY));
    let draft = draft.header(Name::CACHE_CONTROL, Value::from_static("no-cache"));
    draft.body_static(PAGE.as_bytes())
}
