//! The application and its one connection.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use readily::websocket::{
    CloseCode, Handler, Heard, Limits, Masks, Message, NotSent, Opening, Socket, WebSocket,
};
use readily::{App, Connect, Effects, End, Fault, Id, Machine, To};
use ring::rand::{SecureRandom, SystemRandom};

use super::Arguments;
use crate::say;
use crate::web_socket::Choices;

/// A connection asks to be a WebSocket, and is one.
#[derive(Machine, Debug)]
#[machine(app = Talk)]
pub enum Conn {
    /// The handshake.
    #[becomes(Open)]
    Opening(Opening<Talker>),
    /// The WebSocket.
    Open(WebSocket<Talker>),
}

/// News from the thread that reads standard input.
#[derive(Debug)]
pub enum Mail {
    /// The loop runs: it is time to connect.
    Begin,
    /// A line to send.
    Line(String),
    /// There are no more.
    End,
    /// It may have been quiet for long enough since then.
    Quiet,
}

/// What is asked for, and how it came out.
#[derive(Debug)]
pub struct Talk {
    asked: Arguments,
    /// Addresses of the server that were not tried, the next one last.
    addresses: Vec<SocketAddr>,
    /// Asks for one more line, for that connection.
    permits: Sender<Id>,
    /// What the server closed for, if that was not in order.
    refused: Option<String>,
    outcome: Option<Result<(), String>>,
}

impl App for Talk {
    type Mail = Mail;
    type Conn = Conn;

    fn receive(&mut self, _: Mail, fx: &mut Effects<Self>) {
        self.connect("the name has no address", fx);
    }

    fn gone(&mut self, _: Id, why: End, fx: &mut Effects<Self>) {
        match why {
            End::Finished => {
                let outcome = self.refused.take().map_or(Ok(()), Err);
                self.end(outcome, fx);
            }
            End::Unreachable(kind) => self.connect(&kind.to_string(), fx),
            End::Fault(Fault::Peer(what) | Fault::Local(what)) => self.end(Err(what.into()), fx),
            why => self.end(Err(why.to_string()), fx),
        }
    }
}

impl Talk {
    /// Nothing is connected yet: [`Mail::Begin`] begins.
    pub fn new(asked: Arguments, mut addresses: Vec<SocketAddr>, permits: Sender<Id>) -> Self {
        addresses.reverse();
        Talk { asked, addresses, permits, refused: None, outcome: None }
    }

    /// How it came out.
    ///
    /// # Errors
    /// What went wrong, in one line.
    pub fn report(&self) -> io::Result<()> {
        let outcome = self.outcome.clone().unwrap_or_else(|| Err("interrupted".to_owned()));
        outcome.map_err(|why| io::Error::other(format!("{}: {why}", self.asked.url.host)))
    }

    fn end(&mut self, outcome: Result<(), String>, fx: &mut Effects<Self>) {
        self.outcome = Some(outcome);
        fx.drain();
    }

    fn connect(&mut self, why: &str, fx: &mut Effects<Self>) {
        let Some(address) = self.addresses.pop() else {
            return self.end(Err(format!("cannot connect: {why}")), fx);
        };
        let mut seed = [0; 32];
        if SystemRandom::new().fill(&mut seed).is_err() {
            return self.end(Err("the system has no random bytes".to_owned()), fx);
        }
        let Arguments { url, target, tls, echoes, linger, choices } = &self.asked;
        let (echoes, linger, choices) = (*echoes, *linger, *choices);
        let talker = Talker { echoes, linger, choices, waiting: None, heard: fx.now() };
        let connect = match tls {
            Some(tls) => Connect::to(address).tls(tls, &url.authority().0),
            None => Connect::to(address),
        };
        let opening = Opening::new(target.clone(), Masks::from_seed(seed), talker);
        if fx.connect(connect, Conn::Opening(opening)).is_err() {
            self.end(Err("too many connections at once".to_owned()), fx);
        }
    }
}

/// Sends lines, or what it was sent.
#[derive(Debug)]
pub struct Talker {
    echoes: bool,
    linger: Duration,
    choices: Choices,
    /// When a message came last.
    heard: Instant,
    /// A line for which there was no room: the next one is asked for when it is sent.
    waiting: Option<String>,
}

impl Handler<Talk> for Talker {
    fn open(&mut self, socket: &mut Socket<'_, Talk>) -> Result<(), Fault> {
        self.ask(socket);
        Ok(())
    }

    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, Talk>,
    ) -> Result<(), Fault> {
        self.heard = socket.fx.now();
        if !self.echoes {
            // A message is one line, and nothing that a terminal would obey.
            match message {
                Message::Text(text) => say(text.replace(char::is_control, " ")),
                Message::Binary(bytes) => say(bytes.escape_ascii()),
            }
            return Ok(());
        }
        socket.message(message).map_err(|_: NotSent| Fault::Local("no room for an answer"))
    }

    fn mail(&mut self, mail: Mail, socket: &mut Socket<'_, Talk>) -> Result<Heard, Fault> {
        match mail {
            Mail::Begin => return Ok(Heard::Ignored),
            Mail::Line(line) => {
                self.waiting = Some(line);
                self.room(socket)?;
            }
            Mail::End => self.await_quiet(socket.fx.now() + self.linger, socket),
            Mail::Quiet => match self.heard + self.linger {
                // Answers to the last lines were still coming.
                due if due > socket.fx.now() => self.await_quiet(due, socket),
                _ => socket.close(CloseCode::NORMAL, ""),
            },
        }
        Ok(Heard::Taken)
    }

    fn closed(&mut self, code: Option<CloseCode>, why: &str, socket: &mut Socket<'_, Talk>) {
        let in_order = [None, Some(CloseCode::NORMAL), Some(CloseCode::AWAY)];
        if !self.echoes && !in_order.contains(&code) {
            let code = code.map_or_else(String::new, |code| code.to_string());
            let why = why.replace(char::is_control, " ");
            socket.app.refused = Some(format!("closed with {code} {why}").trim_end().to_owned());
        }
    }

    fn room(&mut self, socket: &mut Socket<'_, Talk>) -> Result<(), Fault> {
        let Some(line) = self.waiting.take() else { return Ok(()) };
        match socket.text(&line) {
            Ok(()) => self.ask(socket),
            Err(NotSent::Full) => self.waiting = Some(line),
            Err(NotSent::TooLarge) => return Err(Fault::Local("a line is too long to be sent")),
            Err(NotSent::Closed | NotSent::Unfinished) => {}
        }
        Ok(())
    }

    fn protocols(&self) -> &[&'static str] {
        self.choices.protocols
    }

    fn limits(&self) -> &Limits {
        self.choices.limits
    }
}

impl Talker {
    fn await_quiet(&self, due: Instant, socket: &mut Socket<'_, Talk>) {
        let after = due.saturating_duration_since(socket.fx.now());
        if socket.fx.after(after, To::Conn(socket.id()), Mail::Quiet).is_err() {
            socket.close(CloseCode::NORMAL, "");
        }
    }

    fn ask(&self, socket: &Socket<'_, Talk>) {
        if !self.echoes {
            // The reader is gone once its input has ended.
            let _ = socket.app.permits.send(socket.id());
        }
    }
}
