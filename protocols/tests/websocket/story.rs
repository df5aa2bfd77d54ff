//! A conversation with a WebSocket whose handler writes down what it sees.

use readily_protocols::contract::{App, Fault, Machine};
use readily_protocols::testing::Script;
use readily_protocols::websocket::{
    CloseCode, Encoded, Handler, Heard, Limits, Message, Socket, Solo, WebSocket,
};

use crate::client;

/// What its handler does with mail, besides writing it down.
#[derive(Clone, Debug)]
pub(crate) enum Mail {
    Send(Encoded),
    Close(CloseCode, &'static str),
    Fail(Fault),
    Unknown,
}

#[derive(Debug)]
pub(crate) struct World;

impl App for World {
    type Mail = Mail;
    type Conn = Conn;
}

pub(crate) type Conn = Solo<World, WebSocket<Log>>;

/// What a handler answers to a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answers {
    Nothing,
    Same,
}

/// Writes down what it sees.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) events: Vec<String>,
    answers: Answers,
    limits: Limits,
}

impl Handler<World> for Log {
    fn open(&mut self, _: &mut Socket<'_, World>) -> Result<(), Fault> {
        self.events.push("open".into());
        Ok(())
    }

    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, World>,
    ) -> Result<(), Fault> {
        let sent = match (message, self.answers) {
            (Message::Text("leave"), _) => {
                socket.close(CloseCode::NORMAL, "as you wish");
                Ok(())
            }
            (Message::Text("fail"), _) => return Err(Fault::Peer("the handler did not like it")),
            (Message::Text(text), Answers::Same) => socket.text(text),
            (Message::Binary(bytes), Answers::Same) => socket.binary(bytes),
            _ => Ok(()),
        };
        self.events.push(match message {
            Message::Text(text) => format!("text {}", client::show(text.as_bytes())),
            Message::Binary(bytes) => format!("binary {}", client::show(bytes)),
        });
        sent.map_err(|_| Fault::Local("a message was handed over without room for an answer"))
    }

    fn mail(&mut self, mail: Mail, socket: &mut Socket<'_, World>) -> Result<Heard, Fault> {
        match mail {
            Mail::Send(message) => {
                if let Err(error) = socket.send(&message) {
                    self.events.push(format!("not sent: {error:?}"));
                }
            }
            Mail::Close(code, why) => socket.close(code, why),
            Mail::Fail(fault) => return Err(fault),
            Mail::Unknown => return Ok(Heard::Ignored),
        }
        Ok(Heard::Taken)
    }

    fn closed(&mut self, code: Option<CloseCode>, why: &str, _: &mut Socket<'_, World>) {
        let code = code.map_or("nothing".into(), |code| code.to_string());
        self.events
            .push(format!("closed {code} {}", client::show(why.as_bytes())).trim_end().into());
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// One connection, and how it is told.
pub(crate) struct Story(pub(crate) Script<Conn>);

/// What came of a story: what the handler saw, what was sent, and how it ended.
pub(crate) type Outcome = (Vec<String>, Vec<String>, Option<Result<(), Fault>>);

impl Story {
    pub(crate) fn new() -> Self {
        Story::with(Answers::Nothing, Limits::DEFAULT)
    }

    pub(crate) fn with(answers: Answers, limits: Limits) -> Self {
        let log = Log { events: Vec::new(), answers, limits };
        Story(Script::with_app(Solo::new(WebSocket::new(log)), World))
    }

    pub(crate) fn feed(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.feed(bytes.as_ref());
        self
    }

    /// The state under test.
    pub(crate) fn socket(&self) -> &WebSocket<Log> {
        self.0.machine().inner()
    }

    /// Whether its deadline has passed.
    pub(crate) fn is_due(&mut self) -> bool {
        let now = self.0.effects().now();
        self.0.machine().deadline().is_some_and(|at| at <= now)
    }

    /// What the handler saw after `open`.
    pub(crate) fn events(&self) -> Vec<String> {
        let events = &self.socket().handler().events;
        assert_eq!(events[0], "open");
        events[1..].to_vec()
    }

    /// What was sent, a frame a line.
    pub(crate) fn sent(&self) -> Vec<String> {
        client::read(self.0.sent())
    }

    pub(crate) fn over(&self) -> Option<Result<(), Fault>> {
        self.0.over()
    }

    /// The fault it ended with.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        match self.over() {
            Some(Err(Fault::Peer(why) | Fault::Local(why))) => Some(why),
            _ => None,
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        (self.events(), self.sent(), self.over())
    }
}
