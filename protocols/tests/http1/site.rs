//! A site to talk to: it does what the path of a request says.

use readily_protocols::contract::{Desk, Step};
use readily_protocols::echo::Echo;
use readily_protocols::http1::{
    Answer, Flow, Incoming, Intake, Length, Limits, Name, Outgoing, Reply, Request, Service,
    Status, Value,
};

use crate::support::{Conn, World};

/// The site, with the limits of a test.
pub(crate) struct Site {
    limits: Limits,
    act: Act,
    /// What was received of a body that is streamed.
    body: Vec<u8>,
    /// What came by mail and was not looked at.
    mail: Vec<u32>,
    /// How much of an answer is left to write.
    left: u64,
}

/// What goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Nothing,
    /// Takes all of a body, then answers with it.
    Take,
    /// Answers once that many bytes of it were taken.
    Some(u64),
    /// Answers with the number that comes by mail, and takes nothing of the body.
    Later,
    /// Sends back what arrives.
    Both,
    /// Sends as much as is left.
    Fill,
    /// The same, then gives up.
    Abort,
    /// The same, a byte at a time, with others in between.
    Yield,
    /// Sends what comes by mail; 0 is the end.
    Hold,
}

pub(crate) static LARGE: [u8; 300_000] = [b'x'; 300_000];

impl Site {
    pub(crate) const fn new(limits: Limits) -> Self {
        Site { limits, act: Act::Nothing, body: Vec::new(), mail: Vec::new(), left: 0 }
    }

    /// Begins an answer of that many bytes, of which it will write `left`.
    fn fill(
        &mut self,
        act: Act,
        length: Length,
        left: u64,
        reply: Reply<'_, Self, Conn>,
    ) -> Answer<Self, Conn> {
        (self.act, self.left) = (act, left);
        reply.status(Status::OK).stream(length)
    }

    fn put_off(&mut self, act: Act, reply: Reply<'_, Self, Conn>) -> Answer<Self, Conn> {
        (self.act, self.body) = (act, Vec::new());
        reply.later()
    }
}

impl Service<Conn> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        desk: &mut Desk<'_, World>,
    ) -> Answer<Self, Conn> {
        desk.app.seen.push(describe(request));
        desk.app.bodies.push(request.body().to_vec());
        if request.method() == "CONNECT" {
            return reply.tunnel(&[], Step::becomes(Echo));
        }
        let (verb, number) = verb(request.path());
        let status = u16::try_from(number).ok().and_then(Status::new);
        let status = status.unwrap_or(Status::BAD_REQUEST);
        match verb {
            "/" => reply.ok("text/plain", b"hello"),
            "/echo" | "/whole-up-to" => reply.ok("application/octet-stream", request.body()),
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
            "/tunnel" => reply.tunnel(&[], Step::becomes(Echo)),
            "/status" => reply.status(status).content_type("text/plain").body(b"hello"),
            "/plain" => reply.plain(status),
            "/counted" => reply.bad_request().counted("site: bad"),
            "/ignore" => reply.ok("text/plain", b"hello"),
            "/take" | "/take-up-to" => self.put_off(Act::Take, reply),
            "/some" => self.put_off(Act::Some(number), reply),
            "/later" => self.put_off(Act::Later, reply),
            "/both" => self.fill(Act::Both, Length::Unknown, 0, reply),
            "/known" => self.fill(Act::Fill, Length::Known(number), number, reply),
            "/unknown" => self.fill(Act::Fill, Length::Unknown, number, reply),
            "/short" => self.fill(Act::Fill, Length::Known(number + 1), number, reply),
            "/long" => self.fill(Act::Fill, Length::Known(number - 1), number, reply),
            "/abort" => self.fill(Act::Abort, Length::Unknown, number, reply),
            "/yield" => self.fill(Act::Yield, Length::Unknown, number, reply),
            "/hold" => self.fill(Act::Hold, Length::Unknown, 0, reply),
            "/streamed" => {
                let act = Act::Fill;
                (self.act, self.left) = (act, 5);
                reply.status(status).stream(Length::Known(5))
            }
            _ => reply.not_found(),
        }
    }

    fn intake(&mut self, request: &Request<'_>) -> Intake {
        match verb(request.path()) {
            ("/take" | "/both" | "/ignore" | "/some" | "/later" | "/hold", _) => Intake::Stream,
            ("/take-up-to", most) => Intake::StreamUpTo(most),
            ("/whole-up-to", most) => Intake::WholeUpTo(most),
            _ => Intake::Whole,
        }
    }

    fn resume(
        &mut self,
        body: &mut Incoming<'_>,
        reply: Reply<'_, Self, Conn>,
        desk: &mut Desk<'_, World>,
    ) -> Answer<Self, Conn> {
        const KIND: &str = "application/octet-stream";
        match self.act {
            Act::Take => {
                while !body.bytes().is_empty() {
                    let n = body.bytes().len();
                    self.body.extend_from_slice(body.bytes());
                    body.consume(n);
                }
                if !body.is_ended() {
                    return reply.later();
                }
                for (name, value) in body.trailers() {
                    desk.app.seen.push(format!("trailer {name}: {}", value.escape_ascii()));
                }
                desk.app.bodies.push(self.body.clone());
                reply.ok(KIND, &self.body)
            }
            Act::Some(most) => {
                let wanted = most - body.received();
                let n = body.bytes().len().min(wanted as usize);
                body.consume(n);
                if body.received() < most && !body.is_ended() {
                    return reply.later();
                }
                reply.ok(KIND, body.received().to_string().as_bytes())
            }
            _ => match self.mail.pop() {
                Some(number) => reply.ok(KIND, number.to_string().as_bytes()),
                None => reply.later(),
            },
        }
    }

    fn send(
        &mut self,
        body: &mut Incoming<'_>,
        out: &mut Outgoing<'_>,
        _: &mut Desk<'_, World>,
    ) -> Flow {
        match self.act {
            Act::Both => send_back(body, out),
            Act::Hold => {
                for number in self.mail.drain(..) {
                    match number {
                        0 => return Flow::Done,
                        _ => out.write(format!("{number};").as_bytes()),
                    }
                }
                Flow::Wait
            }
            Act::Yield if self.left > 0 => {
                out.write(b"y");
                self.left -= 1;
                Flow::Yield
            }
            _ => {
                let n = self.left.min(LARGE.len() as u64).min(out.room() as u64);
                out.write(&LARGE[..n as usize]);
                self.left -= n;
                match self.left {
                    0 if self.act == Act::Abort => Flow::Abort,
                    0 => Flow::Done,
                    _ => Flow::Wait,
                }
            }
        }
    }

    fn mail(&mut self, mail: u32, _: &mut Desk<'_, World>) -> Result<(), u32> {
        match self.act {
            Act::Later | Act::Hold => {
                self.mail.push(mail);
                Ok(())
            }
            _ => Err(mail),
        }
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }
}

fn send_back(body: &mut Incoming<'_>, out: &mut Outgoing<'_>) -> Flow {
    const SUM: Name = Name::new("x-sum");
    loop {
        let n = body.bytes().len().min(out.room());
        if n == 0 {
            break;
        }
        out.write(&body.bytes()[..n]);
        body.consume(n);
    }
    if !body.is_ended() {
        return Flow::Wait;
    }
    let sum = body.trailers().find(|(name, _)| name.eq_ignore_ascii_case("x-sum"));
    if let Some(value) = sum.and_then(|(_, value)| Value::new(value).ok()) {
        out.trailers(&[(SUM, value)]);
    }
    Flow::Done
}

/// The path `/verb/number` in its parts.
fn verb(path: &str) -> (&str, u64) {
    let last = path.rfind('/').filter(|at| *at > 0);
    let parts = last.map(|at| (&path[..at], path[at + 1..].parse()));
    match parts {
        Some((verb, Ok(number))) => (verb, number),
        _ => (path, 0),
    }
}

/// A request in one line.
fn describe(request: &Request<'_>) -> String {
    let mut line = format!("{} {} {}", request.method(), request.target(), request.version());
    for (name, value) in request.headers() {
        line += &format!(" | {name}: {}", value.escape_ascii());
    }
    for (name, value) in request.trailers() {
        line += &format!(" + {name}: {}", value.escape_ascii());
    }
    line
}
