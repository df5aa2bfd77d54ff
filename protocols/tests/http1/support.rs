//! The machine that the site is part of, and how what it said is read.

use std::time::Instant;

use readily_protocols::contract::{
    App, Diagram, Edge, Fault, Io, Machine, Next, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::echo::Echo;
use readily_protocols::http1::{Limits, Server};
use readily_protocols::testing::Script;

use crate::site::Site;

/// What the site has seen: one line for each request.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) seen: Vec<String>,
    pub(crate) bodies: Vec<Vec<u8>>,
}

impl App for World {
    type Mail = u32;
    type Conn = Conn;
}

/// A connection: HTTP, and after an upgrade an echo.
#[expect(clippy::large_enum_variant, reason = "a test has one of them")]
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
            Conn::Http(state) => Step::settle(State::<Conn>::advance(state, io), self),
            Conn::Echo(state) => Step::settle(State::<Conn>::advance(state, io), self),
        }
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        match self {
            Conn::Http(state) => Step::settle(State::<Conn>::expire(state, why, io), self),
            Conn::Echo(state) => Step::settle(State::<Conn>::expire(state, why, io), self),
        }
    }

    fn receive(&mut self, mail: u32, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        match self {
            Conn::Http(state) => Step::settle(State::<Conn>::receive(state, mail, io), self),
            Conn::Echo(state) => Step::settle(State::<Conn>::receive(state, mail, io), self),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Conn::Http(state) => State::<Conn>::deadline(state),
            Conn::Echo(state) => State::<Conn>::deadline(state),
        }
    }

    fn held(&self) -> usize {
        match self {
            Conn::Http(state) => State::<Conn>::held(state),
            Conn::Echo(_) => 0,
        }
    }

    fn state(&self) -> usize {
        match self {
            Conn::Http(_) => 0,
            Conn::Echo(_) => 1,
        }
    }
}

/// A connection to the site with these limits.
pub(crate) fn limited(limits: Limits) -> Script<Conn> {
    Script::new(Conn::Http(Server::new(Site::new(limits))))
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
    post_to("/echo", body)
}

/// A POST of that body, by its length.
pub(crate) fn post_to(target: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A POST whose body comes in chunks; `frame` is all that is behind its head.
pub(crate) fn chunked(target: &str, frame: &[u8]) -> Vec<u8> {
    let head = format!("POST {target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    [head.as_bytes(), frame].concat()
}
