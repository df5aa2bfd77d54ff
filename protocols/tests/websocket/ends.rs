//! A client and a server of ours, in memory: both write down what they hear.

use std::time::Instant;

use readily_protocols::contract::{
    App, Desk, Diagram, Edge, Fault, Io, Machine, Next, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::http1::{Answer, Reply, Request, Server, Service};
use readily_protocols::testing::Script;
use readily_protocols::websocket::{
    CloseCode, Deflate, Encoded, Handler, Heard, Intake, Limits, Masks, Message, NotSent, Opening,
    Part, Socket, Target, Terms, WebSocket, upgrade,
};

#[derive(Debug)]
pub(crate) struct World;

/// What an end is told to do; what it could not is written down.
#[derive(Clone, Debug)]
pub(crate) enum Mail {
    Send(Encoded),
    Text(&'static str),
    Part(Part<'static>),
    Take(Intake),
    Close,
}

impl App for World {
    type Mail = Mail;
    type Conn = Conn;
}

#[derive(Debug)]
pub(crate) enum Conn {
    Http(Server<Door>),
    Opening(Opening<End>),
    Open(WebSocket<End>),
}

/// One end, which writes down what it hears.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) heard: Vec<String>,
    pub(crate) answers: bool,
    /// Holds after each message, until there is room for it elsewhere.
    pub(crate) relays: bool,
    pub(crate) intake: Intake,
    /// How often it was asked whether it has something to send: once at the end of each call.
    pub(crate) calls: usize,
    /// The longest message or part so far.
    pub(crate) longest: usize,
    pub(crate) protocols: &'static [&'static str],
    pub(crate) limits: Limits,
}

#[derive(Debug)]
pub(crate) struct Door(End);

impl End {
    pub(crate) fn new(deflate: Deflate) -> Self {
        let limits = Limits { deflate, frame_max: 1 << 20, ..Limits::DEFAULT };
        let (heard, intake) = (Vec::new(), Intake::Whole);
        let protocols = &[];
        End {
            heard,
            answers: false,
            relays: false,
            intake,
            calls: 0,
            longest: 0,
            protocols,
            limits,
        }
    }

    pub(crate) fn answering(self) -> Self {
        End { answers: true, ..self }
    }
}

pub(crate) fn told(message: Message<'_>) -> String {
    match message {
        Message::Text(text) => format!("text {text}"),
        Message::Binary(bytes) => format!("binary {bytes:02x?}"),
    }
}

const FULL: Fault = Fault::Local("no room for an answer");

impl Handler<World> for End {
    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, World>,
    ) -> Result<(), Fault> {
        self.heard.push(told(message));
        self.longest = self.longest.max(message.len());
        if self.relays {
            self.intake = Intake::Hold;
        }
        if self.answers {
            socket.message(message).map_err(|_: NotSent| FULL)?;
        }
        Ok(())
    }

    fn part(&mut self, part: Part<'_>, socket: &mut Socket<'_, World>) -> Result<(), Fault> {
        self.heard.push(format!("{:?} {}", part.place, told(part.message)));
        self.longest = self.longest.max(part.message.len());
        if self.answers {
            socket.fragment(part).map_err(|_| FULL)?;
        }
        Ok(())
    }

    fn intake(&self) -> Intake {
        self.intake
    }

    fn room(&mut self, _: &mut Socket<'_, World>) -> Result<(), Fault> {
        self.calls += 1;
        if self.relays {
            self.intake = Intake::Whole;
        }
        Ok(())
    }

    fn protocols(&self) -> &[&'static str] {
        self.protocols
    }

    fn agreed(&mut self, protocol: Option<&'static str>) {
        self.heard.push(format!("agreed {protocol:?}"));
    }

    fn mail(&mut self, mail: Mail, socket: &mut Socket<'_, World>) -> Result<Heard, Fault> {
        let sent = match mail {
            Mail::Send(message) => socket.send(&message),
            Mail::Text(text) => socket.text(text),
            Mail::Part(part) => socket.fragment(part),
            Mail::Take(intake) => {
                self.intake = intake;
                Ok(())
            }
            Mail::Close => {
                socket.close(CloseCode::NORMAL, "");
                Ok(())
            }
        };
        if let Err(error) = sent {
            self.heard.push(format!("not sent: {error:?}"));
        }
        Ok(Heard::Taken)
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }
}

impl Service<Conn> for Door {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, World>,
    ) -> Answer<Self, Conn> {
        upgrade(request, reply, self.0.clone())
    }
}

impl Edge<Server<Door>, WebSocket<End>> for Conn {
    fn enter(to: WebSocket<End>) -> Self {
        Conn::Open(to)
    }
}

impl Edge<Opening<End>, WebSocket<End>> for Conn {
    fn enter(to: WebSocket<End>) -> Self {
        Conn::Open(to)
    }
}

const fn state(name: &'static str, becomes: &'static [usize]) -> StateInfo {
    StateInfo { name, becomes, timeouts: Timeouts::NONE }
}

/// Calls the same of whichever state it is.
macro_rules! each {
    ($self:ident, $call:ident ( $($argument:expr),* )) => {
        match $self {
            Conn::Http(it) => Step::settle(State::<Conn>::$call(it, $($argument),*), $self),
            Conn::Opening(it) => Step::settle(State::<Conn>::$call(it, $($argument),*), $self),
            Conn::Open(it) => Step::settle(State::<Conn>::$call(it, $($argument),*), $self),
        }
    };
}

impl Machine for Conn {
    type App = World;
    const STATES: &'static [StateInfo] =
        &[state("Http", &[2]), state("Opening", &[2]), state("Open", &[])];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        each!(self, advance(io))
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        each!(self, expire(why, io))
    }

    fn receive(&mut self, mail: Mail, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        each!(self, receive(mail, io))
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Conn::Http(state) => State::<Conn>::deadline(state),
            Conn::Opening(state) => State::<Conn>::deadline(state),
            Conn::Open(state) => State::<Conn>::deadline(state),
        }
    }

    fn state(&self) -> usize {
        match self {
            Conn::Http(_) => 0,
            Conn::Opening(_) => 1,
            Conn::Open(_) => 2,
        }
    }
}

pub(crate) fn server(end: End) -> Script<Conn> {
    Script::with_app(Conn::Http(Server::new(Door(end))), World)
}

pub(crate) fn client(end: End) -> Script<Conn> {
    begin(Masks::from_seed([7; 32]), end)
}

/// A client that agrees to nothing, with these masks.
pub(crate) fn client_of(masks: Masks) -> Script<Conn> {
    begin(masks, End::new(Deflate::Off))
}

fn begin(masks: Masks, end: End) -> Script<Conn> {
    let target = Target::new("example.org", "/talk").expect("a target");
    let mut client = Script::with_app(Conn::Opening(Opening::new(target, masks, end)), World);
    client.wake();
    client
}

/// What an end heard after the handshake.
pub(crate) fn heard(script: &Script<Conn>) -> Vec<String> {
    end_of(script).map_or_else(|| vec!["not open".to_owned()], |end| end.heard.clone())
}

/// The end of a WebSocket that is open.
pub(crate) fn end_of(script: &Script<Conn>) -> Option<&End> {
    match script.machine() {
        Conn::Open(socket) => Some(socket.handler()),
        _ => None,
    }
}

/// When an end is to be called for something that has not come.
pub(crate) fn deadline(script: &Script<Conn>) -> Option<Instant> {
    script.machine().deadline()
}

/// Bytes that an end holds beside its state.
pub(crate) fn holds(script: &Script<Conn>) -> usize {
    match script.machine() {
        Conn::Open(socket) => socket.held(),
        _ => 0,
    }
}

/// Passes on what both have sent, in pieces of that many bytes, until neither has more.
pub(crate) fn converse(client: &mut Script<Conn>, server: &mut Script<Conn>, piece: usize) {
    loop {
        let (up, down) = (client.take_sent(), server.take_sent());
        if up.is_empty() && down.is_empty() {
            return;
        }
        for bytes in up.chunks(piece) {
            server.feed(bytes);
        }
        for bytes in down.chunks(piece) {
            client.feed(bytes);
        }
    }
}

/// What there may be to agree on.
pub(crate) const TERMS: [Deflate; 3] =
    [Deflate::Off, Deflate::On(Terms::SHARED), Deflate::On(Terms::KEPT)];
