//! The machine that the caller is part of, and what it writes down.

use std::collections::VecDeque;
use std::time::Instant;

use readily_protocols::contract::{
    App, Desk, Diagram, Edge, Fault, Io, Machine, Next, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::echo::Echo;
use readily_protocols::http1::client::{
    Asked, Begin, Caller, Client, ClientLimits, Failure, Response, ResponseBody, Retry, Wanted,
};
use readily_protocols::http1::wire::{Length, Trailers};
use readily_protocols::http1::{Field, Flow, Outgoing, RequestLine, ResponseHead, Value};
use readily_protocols::testing::Script;

/// What the caller has seen: one line for each call.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) seen: Vec<String>,
    /// How many more bytes of a streamed body the caller takes; none holds the server back.
    pub(crate) takes: usize,
}

impl App for World {
    type Mail = Ask;
    type Conn = Conn;
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    /// That method, without a body.
    Plain(&'static str),
    /// A POST of that body.
    Post(&'static str),
    /// A POST whose pieces are sent as there is room; it is told in advance or not, and waits for
    /// the word of the server or not.
    Stream(Length, &'static [&'static str]),
    Expect(&'static [&'static str]),
    /// It offers to echo.
    Upgrade,
    /// The last one.
    Last,
    Leave,
}

/// A caller that asks what it was given, one after the other.
pub(crate) struct Tester {
    asks: VecDeque<Ask>,
    pieces: VecDeque<&'static str>,
    wanted: Wanted,
    limits: Box<ClientLimits>,
}

impl Tester {
    fn write(&mut self, begin: Begin<'_>, ask: Ask) -> Asked {
        const ACCEPT: Field<'_> = Field::from_static("accept", "*/*");
        let line = |method| RequestLine::new(method, "/", "a").expect("a sound line");
        let proxied = || RequestLine::new("CONNECT", "a:1", "a:1").expect("a sound line");
        match ask {
            Ask::Plain("CONNECT") => begin.request(proxied()).empty(),
            Ask::Plain(method) => begin.request(line(method)).header(ACCEPT).empty(),
            Ask::Post(body) => begin.request(line("POST")).body(body.as_bytes()),
            Ask::Stream(length, pieces) => {
                self.pieces = pieces.iter().copied().collect();
                begin.request(line("POST")).stream(length)
            }
            Ask::Expect(pieces) => {
                self.pieces = pieces.iter().copied().collect();
                begin.request(line("POST")).stream_after_continue(Length::Unknown)
            }
            Ask::Upgrade => begin.request(line("GET")).upgrade(Value::from_static("echo")),
            Ask::Last => begin.request(line("GET")).close().empty(),
            Ask::Leave => begin.finish(),
        }
    }
}

impl Caller<Conn> for Tester {
    fn next(&mut self, begin: Begin<'_>, _: &mut Desk<'_, World>) -> Asked {
        match self.asks.pop_front() {
            Some(ask) => self.write(begin, ask),
            None => begin.idle(),
        }
    }

    fn send(&mut self, out: &mut Outgoing<'_>, _: &mut Desk<'_, World>) -> Flow {
        match self.pieces.pop_front() {
            Some("wait") => Flow::Wait,
            Some("abort") => Flow::Abort,
            Some(piece) => {
                out.write(piece.as_bytes());
                Flow::Yield
            }
            None => Flow::Done,
        }
    }

    fn interim(&mut self, head: &ResponseHead<'_>, desk: &mut Desk<'_, World>) {
        desk.app.seen.push(format!("interim {}", head.status()));
    }

    fn head(&mut self, head: &ResponseHead<'_>, desk: &mut Desk<'_, World>) -> Wanted {
        if self.wanted != Wanted::Whole {
            desk.app.seen.push(format!("head {}", head.status()));
        }
        self.wanted
    }

    fn response(&mut self, response: &Response<'_>, desk: &mut Desk<'_, World>) {
        let mut line = format!("{} {}", response.status(), response.body().escape_ascii());
        for (name, value) in response.trailers() {
            line += &format!(" | {name}: {}", value.escape_ascii());
        }
        desk.app.seen.push(line);
    }

    fn data(&mut self, body: &mut ResponseBody<'_>, desk: &mut Desk<'_, World>) -> Flow {
        let taken = body.bytes().len().min(desk.app.takes);
        if taken > 0 {
            desk.app.seen.push(format!("data {}", body.bytes()[..taken].escape_ascii()));
        }
        body.consume(taken);
        desk.app.takes -= taken;
        Flow::Wait
    }

    fn ended(&mut self, trailers: &Trailers<'_>, desk: &mut Desk<'_, World>) {
        desk.app.seen.push(format!("ended, {} trailers", trailers.fields().count()));
    }

    fn switched(
        &mut self,
        head: &ResponseHead<'_>,
        desk: &mut Desk<'_, World>,
    ) -> Step<Client<Self>, Conn> {
        desk.app.seen.push(format!("switched {}", head.status()));
        Step::becomes(Echo)
    }

    fn failed(&mut self, failure: Failure, desk: &mut Desk<'_, World>) {
        let retry = match failure.retry() {
            Retry::Safe => "again",
            Retry::Unsafe => "never again",
        };
        desk.app.seen.push(format!("failed: {failure}; {:?}, {retry}", failure.progress));
    }

    fn closed(&mut self, desk: &mut Desk<'_, World>) {
        desk.app.seen.push(format!("closed, {} left", self.asks.len()));
    }

    fn mail(&mut self, ask: Ask, _: &mut Desk<'_, World>) -> Result<(), Ask> {
        self.asks.push_back(ask);
        Ok(())
    }

    fn limits(&self) -> &ClientLimits {
        &self.limits
    }
}

/// A connection: HTTP, and after an upgrade an echo.
#[expect(clippy::large_enum_variant, reason = "a connection is mostly the first of the two")]
pub(crate) enum Conn {
    Http(Client<Tester>),
    Echo(Echo),
}

impl Edge<Client<Tester>, Echo> for Conn {
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

    fn receive(&mut self, mail: Ask, io: &mut Io<'_, World>) -> Result<Next, Fault> {
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

/// A connection that asks these, and wants that of their responses.
pub(crate) fn limited(asks: &[Ask], wanted: Wanted, limits: ClientLimits) -> Script<Conn> {
    let (asks, pieces) = (asks.iter().copied().collect(), VecDeque::new());
    let caller = Tester { asks, pieces, wanted, limits: Box::new(limits) };
    let world = World { takes: usize::MAX, ..World::default() };
    Script::with_app(Conn::Http(Client::new(caller)), world)
}

/// A connection that asks these.
pub(crate) fn client(asks: &[Ask]) -> Script<Conn> {
    limited(asks, Wanted::Whole, ClientLimits::DEFAULT)
}

/// A connection that asks these, and streams or drops their bodies.
pub(crate) fn wants(wanted: Wanted, asks: &[Ask]) -> Script<Conn> {
    limited(asks, wanted, ClientLimits::DEFAULT)
}

pub(crate) const GET: Ask = Ask::Plain("GET");

/// What it saw.
pub(crate) fn seen(script: &mut Script<Conn>) -> Vec<String> {
    script.app().seen.clone()
}

/// What it saw of one response to that, which the end of the stream follows, and how it ended.
pub(crate) fn hears(ask: Ask, bytes: &[u8]) -> (Vec<String>, Option<Result<(), Fault>>) {
    let mut script = client(&[ask]);
    script.feed(bytes).end();
    (seen(&mut script), script.over())
}
