//! A site to talk to, the machine it is part of, and how what it said is read.

use readily_protocols::contract::{
    App, Desk, Diagram, Edge, Fault, Io, Machine, Never, Next, Reason, State, StateInfo, Step,
    Timeouts,
};
use readily_protocols::echo::Echo;
use readily_protocols::http1::{
    Answer, Limits, Name, Reply, Request, Server, Service, Status, Value,
};
use readily_protocols::testing::Script;
use std::time::Instant;

/// What the site has seen: one line for each request.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) seen: Vec<String>,
    pub(crate) bodies: Vec<Vec<u8>>,
}

impl App for World {
    type Mail = Never;
    type Conn = Conn;
}

/// A connection: HTTP, and after an upgrade an echo.
pub(crate) enum Conn {
    Http(Server<Site>),
    Echo(Echo),
}

impl Edge<Server<Site>, Echo> for Conn {
    fn enter(to: Echo) -> Self {
        Conn::Echo(to)
    }
}

/// What the derive writes for it.
impl Machine for Conn {
    type App = World;
    const STATES: &'static [StateInfo] = &[
        StateInfo { name: "Http", becomes: &[1], timeouts: Timeouts::NONE },
        StateInfo { name: "Echo", becomes: &[], timeouts: Timeouts::NONE },
    ];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        match self {
            Conn::Http(state) => Ok(State::<Conn>::advance(state, io)?.settle(self)),
            Conn::Echo(state) => Ok(State::<Conn>::advance(state, io)?.settle(self)),
        }
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        match self {
            Conn::Http(state) => Ok(State::<Conn>::expire(state, why, io)?.settle(self)),
            Conn::Echo(state) => Ok(State::<Conn>::expire(state, why, io)?.settle(self)),
        }
    }

    fn receive(&mut self, mail: Never, _: &mut Io<'_, World>) -> Result<Next, Fault> {
        match mail {}
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Conn::Http(state) => State::<Conn>::deadline(state),
            Conn::Echo(state) => State::<Conn>::deadline(state),
        }
    }

    fn state(&self) -> usize {
        match self {
            Conn::Http(_) => 0,
            Conn::Echo(_) => 1,
        }
    }
}

/// The site, with the limits of a test.
pub(crate) struct Site(pub(crate) Limits);

pub(crate) static LARGE: [u8; 300_000] = [b'x'; 300_000];

impl Service<Conn> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        desk: &mut Desk<'_, World>,
    ) -> Answer<Self, Conn> {
        desk.app.seen.push(describe(request));
        desk.app.bodies.push(request.body().to_vec());
        let number = |path: &str| path.rsplit('/').next().and_then(|number| number.parse().ok());
        match request.path() {
            "/" => reply.ok("text/plain", b"hello"),
            "/echo" => reply.ok("application/octet-stream", request.body()),
            "/large" => reply.status(Status::OK).body_static(&LARGE),
            "/close" => reply.close().ok("text/plain", b"bye"),
            "/shared" => reply.status(Status::OK).body_shared(LARGE[..1000].to_vec().into()),
            "/value" => {
                let value = Value::new(request.header("x-value").unwrap_or_default());
                let value = value.unwrap_or(Value::from_static("refused"));
                reply
                    .status(Status::OK)
                    .header(Name::new("x-value"), value)
                    .number(Name::ETAG, 7)
                    .empty()
            }
            "/upgrade" => {
                let field = (Name::new("x-field"), Value::from_static("yes"));
                reply.switch(Value::from_static("echo"), &[field], Step::becomes(Echo))
            }
            "/stay" => reply.switch(Value::from_static("echo"), &[], Step::Wait),
            path if path.starts_with("/status/") => {
                let status = number(path).and_then(Status::new).unwrap_or(Status::BAD_REQUEST);
                reply.status(status).content_type("text/plain").body(b"hello")
            }
            path if path.starts_with("/plain/") => {
                let status = number(path).and_then(Status::new).unwrap_or(Status::BAD_REQUEST);
                reply.plain(status)
            }
            "/counted" => reply.bad_request().counted("site: bad"),
            _ => reply.not_found(),
        }
    }

    fn limits(&self) -> &Limits {
        &self.0
    }
}

/// A request in one line.
fn describe(request: &Request<'_>) -> String {
    let mut line = format!("{} {} {}", request.method(), request.target(), request.version());
    for (name, value) in request.headers() {
        line += &format!(" | {name}: {}", value.escape_ascii());
    }
    line
}

/// A connection to the site with these limits.
pub(crate) fn limited(limits: Limits) -> Script<Conn> {
    Script::new(Conn::Http(Server::new(Site(limits))))
}

/// A connection to the site.
pub(crate) fn site() -> Script<Conn> {
    limited(Limits::DEFAULT)
}

/// What is sent, with the time left out, so that it can be compared.
pub(crate) fn said(script: &Script<Conn>) -> String {
    let all = String::from_utf8_lossy(script.sent()).into_owned();
    let lines = all.split_inclusive("\r\n").filter(|line| !line.starts_with("date: "));
    lines.collect()
}

/// The status codes of all answers, in order: the bodies here hold no line that looks like one.
pub(crate) fn codes(script: &Script<Conn>) -> Vec<u16> {
    let all = String::from_utf8_lossy(script.sent()).into_owned();
    let lines = all.match_indices("HTTP/1.1 ").filter_map(|(at, start)| {
        all[at + start.len()..].get(..3).and_then(|code| code.parse().ok())
    });
    lines.collect()
}

/// A request, fed whole to a new connection: the status codes, and how it ended.
pub(crate) fn ask(bytes: &[u8]) -> (Vec<u16>, Option<Result<(), Fault>>) {
    let mut script = site();
    script.feed(bytes);
    (codes(&script), script.over())
}

/// A GET of that target with these further lines, each with its end.
pub(crate) fn get(target: &str, lines: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n").into_bytes()
}

/// A POST of that body to the echo.
pub(crate) fn post(body: &[u8]) -> Vec<u8> {
    let head = format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
