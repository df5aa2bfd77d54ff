//! A site that compresses, the machine it is part of, and how its answers are read.

use std::time::Instant;

use readily_protocols::contract::{
    App, Desk, Diagram, Fault, Io, Machine, Never, Next, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::http1::coding::{Broken, Codings, Negotiated, Squeeze, Wanted};
use readily_protocols::http1::{
    Answer, Flow, Incoming, Length, Name, Outgoing, Reply, Request, Server, Service, Status, Value,
};
use readily_protocols::testing::Script;

use crate::support::{noise, rows};

pub(crate) const JSON: &str = "application/json";

pub(crate) struct World;

impl App for World {
    type Mail = Never;
    type Conn = Conn;
}

pub(crate) struct Conn(pub(crate) Server<Site>);

/// What the derive writes for it.
impl Machine for Conn {
    type App = World;
    const STATES: &'static [StateInfo] =
        &[StateInfo { name: "Http", becomes: &[], timeouts: Timeouts::NONE }];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        Step::settle(State::<Conn>::advance(&mut self.0, io), self)
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        Step::settle(State::<Conn>::expire(&mut self.0, why, io), self)
    }

    fn receive(&mut self, mail: Never, _: &mut Io<'_, World>) -> Result<Next, Fault> {
        match mail {}
    }

    fn deadline(&self) -> Option<Instant> {
        State::<Conn>::deadline(&self.0)
    }

    fn state(&self) -> usize {
        0
    }
}

/// `/kind/size` is a body of that kind and size.
#[derive(Debug)]
pub(crate) struct Site {
    codings: Codings,
    squeeze: Squeeze,
    body: Vec<u8>,
    at: usize,
    /// How much is written before each flush; none for no flush.
    event: Option<usize>,
    /// Whether it is written by lines, none of which is cut.
    is_rows: bool,
    wanted: Option<Wanted>,
}

impl Site {
    pub(crate) fn new(codings: Codings) -> Site {
        let squeeze = Squeeze::default();
        Site {
            codings,
            squeeze,
            body: Vec::new(),
            at: 0,
            event: None,
            is_rows: false,
            wanted: None,
        }
    }

    pub(crate) fn squeeze(&self) -> &Squeeze {
        &self.squeeze
    }

    fn send_rows(&mut self, out: &mut Outgoing<'_>) -> Flow {
        while self.at < self.body.len() {
            let rest = &self.body[self.at..];
            let row = rest.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
            if out.room() < row.len() {
                return Flow::Wait;
            }
            match self.squeeze.write_all(row, out) {
                Ok(()) => self.at += row.len(),
                Err(Broken) => return Flow::Abort,
            }
        }
        self.squeeze.finish(out)
    }

    fn begin(
        &mut self,
        reply: Reply<'_, Self, Conn>,
        wanted: &Wanted,
        length: Length,
    ) -> Answer<Self, Conn> {
        let (answer, squeeze) = reply.coded(wanted, Status::OK, JSON).stream(length);
        (self.squeeze, self.at) = (squeeze, 0);
        answer
    }
}

const CACHE: Name = Name::CACHE_CONTROL;
const ENCODING: Name = Name::new("Content-Encoding");

impl Service<Conn> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, World>,
    ) -> Answer<Self, Conn> {
        let wanted = self.codings.wanted(request);
        let (kind, size) = request.path()[1..].split_once('/').unwrap_or_default();
        let size: usize = size.parse().unwrap_or(0);
        let strong = Value::from_static("\"v1\"");
        let ok = Status::OK;
        self.body = if kind == "noise" { noise(size) } else { rows(size) };
        match kind {
            "json" | "noise" => reply.coded(&wanted, ok, JSON).body(&self.body),
            "shared" => reply.coded(&wanted, ok, JSON).body_shared(self.body.clone().into()),
            "html" => reply.coded(&wanted, ok, "text/html; charset=utf-8").body(&self.body),
            "png" => reply.coded(&wanted, ok, "image/png").body(&self.body),
            "tag" => reply.coded(&wanted, ok, JSON).header(Name::ETAG, strong).body(&self.body),
            "weak" => {
                let weak = Value::from_static("W/\"v1\"");
                reply.coded(&wanted, ok, JSON).header(Name::ETAG, weak).body(&self.body)
            }
            "frozen" => {
                let frozen = Value::from_static("public, no-transform");
                let draft = reply.coded(&wanted, ok, JSON).header(Name::ETAG, strong);
                draft.header(CACHE, frozen).body(&self.body)
            }
            "public" => {
                let public = Value::from_static("public");
                reply.coded(&wanted, ok, JSON).header(CACHE, public).body(&self.body)
            }
            "coded" => {
                let other = Value::from_static("compress");
                reply.coded(&wanted, ok, JSON).header(ENCODING, other).body(&self.body)
            }
            "close" => reply.coded(&wanted, ok, JSON).close().body(&self.body),
            // The size is the status.
            "status" => {
                let status = Status::new(size as u16).unwrap_or(Status::BAD_REQUEST);
                reply.coded(&wanted, status, JSON).body(&rows(5000))
            }
            "stream" => self.begin(reply, &wanted, Length::Unknown),
            "known" => self.begin(reply, &wanted, Length::Known(size as u64)),
            "rows" => {
                self.is_rows = true;
                self.begin(reply, &wanted, Length::Unknown)
            }
            "events" => {
                self.event = Some(100);
                self.begin(reply, &wanted, Length::Unknown)
            }
            "later" => {
                self.wanted = Some(wanted);
                reply.later()
            }
            "strict" if wanted.agreed() == Negotiated::NotAcceptable => {
                reply.plain(Status::NOT_ACCEPTABLE)
            }
            "echo" => {
                let told = request.header("content-encoding").unwrap_or(b"none");
                let body = [told, b": ", request.body()].concat();
                reply.coded(&wanted, ok, "application/octet-stream").body(&body)
            }
            _ => reply.not_found(),
        }
    }

    fn resume(
        &mut self,
        _: &mut Incoming<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, World>,
    ) -> Answer<Self, Conn> {
        match self.wanted.take() {
            Some(wanted) => reply.coded(&wanted, Status::OK, JSON).body(&self.body),
            None => reply.plain(Status::INTERNAL_SERVER_ERROR),
        }
    }

    fn send(
        &mut self,
        _: &mut Incoming<'_>,
        out: &mut Outgoing<'_>,
        _: &mut Desk<'_, World>,
    ) -> Flow {
        if self.is_rows {
            return self.send_rows(out);
        }
        let rest = &self.body[self.at..];
        let part = &rest[..rest.len().min(self.event.unwrap_or(usize::MAX))];
        let taken = match self.squeeze.write(part, out) {
            Ok(taken) => taken,
            Err(Broken) => return Flow::Abort,
        };
        self.at += taken;
        match self.event.map(|_| self.squeeze.flush(out)) {
            // Each event waits for a wake.
            Some(Ok(true)) if self.at < self.body.len() => return Flow::Wait,
            Some(Err(Broken)) => return Flow::Abort,
            _ => {}
        }
        if self.at < self.body.len() {
            return if taken > 0 { Flow::Yield } else { Flow::Wait };
        }
        self.squeeze.finish(out)
    }
}

/// A connection to the site.
pub(crate) fn visit(codings: &Codings) -> Script<Conn> {
    Script::with_app(Conn(Server::new(Site::new(codings.clone()))), World)
}

/// One answer of a site with the default rules.
pub(crate) fn answer(request: &str) -> Reading {
    let mut script = visit(&Codings::default());
    script.feed(request.as_bytes());
    Reading::of(script.sent())
}

/// A request of that method and path, with these lines.
pub(crate) fn request(method: &str, path: &str, lines: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: a\r\n{lines}\r\n")
}

/// One answer, taken apart.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reading {
    pub(crate) fn of(answer: &[u8]) -> Reading {
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(answer[..end].to_vec()).expect("a head of text");
        let mut reading = Reading { head, body: answer[end + 4..].to_vec() };
        if reading.field("transfer-encoding") == Some("chunked") {
            reading.body = unchunked(&reading.body);
        }
        reading
    }

    /// The values of that field, joined.
    pub(crate) fn fields(&self, name: &str) -> String {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect::<Vec<_>>()
            .join(", ")
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// The data of chunks, of which the last may be cut.
pub(crate) fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let Some(end) = bytes.windows(2).position(|bytes| bytes == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a size");
        let Some(chunk) = bytes.get(end + 2..end + 2 + size) else { break };
        data.extend_from_slice(chunk);
        bytes = bytes.get(end + 4 + size..).unwrap_or_default();
    }
    data
}
