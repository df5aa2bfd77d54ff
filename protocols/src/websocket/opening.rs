//! The client's side of the handshake (RFC 6455, section 4.1).

use std::fmt;
use std::time::Instant;

use data_encoding::BASE64;
use tungstenite::handshake::derive_accept_key;

use crate::contract::{App, Edge, Fault, Io, Machine, Reason, State, Step};
use crate::http1::wire::{ClientEvent, ClientSide, Connection, Expect, How, Length};
use crate::http1::{BadRequest, Field, Headers, Limits as HttpLimits, RequestLine, Starts, Value};

use super::codec::Codec;
use super::deflate;
use super::handshake::{EXTENSIONS, PROTOCOL, Several, only};
use super::limits::reason;
use super::session::Session;
use super::{Deflate, Handler, Masks, WebSocket};

/// What a client asks for: a host, a path, and fields of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    host: Box<str>,
    path: Box<str>,
    fields: Vec<(Box<str>, Box<str>)>,
}

impl Target {
    /// The WebSocket at `path` of `host`, a name or an address with its port where that is not the
    /// usual one.
    ///
    /// # Errors
    /// What of it is not of the grammar.
    pub fn new(host: &str, path: &str) -> Result<Self, BadRequest> {
        RequestLine::get(path, host)?;
        Ok(Target { host: host.into(), path: path.into(), fields: Vec::new() })
    }

    /// The same with another field, such as `authorization` or `origin`.
    ///
    /// # Errors
    /// What is not of the grammar, or is written by the client itself.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, BadRequest> {
        Field::new(name, value.as_bytes())?;
        if name.len() >= OWN.len() && name[..OWN.len()].eq_ignore_ascii_case(OWN) {
            return Err(BadRequest::Reserved);
        }
        self.fields.push((name.into(), value.into()));
        Ok(self)
    }
}

/// What the fields of a handshake begin with.
const OWN: &str = "sec-websocket-";

/// A connection to a server that is asked to become a WebSocket: the first state of a client.
///
/// It offers [`Handler::protocols`], and compression as [`Limits::deflate`](super::Limits::deflate)
/// says. When the server has agreed it becomes a [`WebSocket`] of the handler; what came behind the
/// answer are frames. A server that declines, or whose answer is not right, ends the connection
/// with a [`reason`](super::reason).
pub struct Opening<H> {
    asked: Box<Asked>,
    wire: ClientSide,
    due: Option<Instant>,
    /// Gone when it has become another state.
    handler: Option<H>,
}

struct Asked {
    target: Target,
    masks: Option<Masks>,
    /// What an answer has to prove that it is one.
    accept: String,
}

impl<H> Opening<H> {
    /// A connection that was just made, or will be.
    pub fn new(target: Target, masks: Masks, handler: H) -> Self {
        let asked = Asked { target, masks: Some(masks), accept: String::new() };
        Opening {
            asked: Box::new(asked),
            wire: ClientSide::new(),
            due: None,
            handler: Some(handler),
        }
    }
}

impl<H> fmt::Debug for Opening<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("target", &self.asked.target).finish_non_exhaustive()
    }
}

impl<M, H> State<M> for Opening<H>
where
    M: Machine + Edge<Opening<H>, WebSocket<H>>,
    H: Handler<M::App>,
{
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        let Some(mut handler) = self.handler.take() else { return Ok(Step::Finish) };
        if self.asked.accept.is_empty() {
            self.due = io.now().checked_add(handler.limits().open_within);
            self.ask(&handler, io)?;
        }
        match self.answered(&mut handler, io)? {
            Some(session) => Ok(Step::becomes(WebSocket::with(session, handler))),
            None => {
                self.handler = Some(handler);
                Ok(Step::Wait)
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.due
    }

    fn expire(&mut self, why: Reason, _: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        Err(if why == Reason::Own {
            Fault::Peer(reason::OPEN_TIMED_OUT)
        } else {
            Fault::TimedOut(why)
        })
    }
}

impl<H> Opening<H> {
    /// Sends the request.
    fn ask<A: App>(&mut self, handler: &H, io: &mut Io<'_, A>) -> Result<(), Fault>
    where
        H: Handler<A>,
    {
        let Asked { target, masks, accept } = &mut *self.asked;
        let nonce = masks.as_mut().map(Masks::nonce).unwrap_or_default();
        let key = BASE64.encode(&nonce);
        *accept = derive_accept_key(key.as_bytes());
        let protocols = handler.protocols().join(", ");
        let offer = match &handler.limits().deflate {
            Deflate::On(terms) => Some(deflate::offer(&terms.sane())),
            Deflate::Off => None,
        };
        let own = [
            ("sec-websocket-version", Some("13")),
            ("sec-websocket-key", Some(key.as_str())),
            (PROTOCOL.as_str(), Some(protocols.as_str()).filter(|text| !text.is_empty())),
            (EXTENSIONS.as_str(), offer.as_deref()),
        ];
        let own = own.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let all = own.chain(target.fields.iter().map(|(name, value)| (&**name, &**value)));
        let fields: Result<Vec<_>, _> =
            all.map(|(name, value)| Field::new(name, value.as_bytes())).collect();
        let line = RequestLine::get(&target.path, &target.host);
        let (Ok(line), Ok(fields)) = (line, fields) else { return Err(ASKED) };
        let connection = Connection::Upgrade(Value::from_static("websocket"));
        let how = How { connection, expect: Expect::Nothing };
        let begun = self.wire.request(&line, &fields, Length::Known(0), how, io.tx);
        begun.and_then(|()| self.wire.finish(&[], io.tx)).map_err(|_| ASKED)
    }

    /// The WebSocket, if the server has agreed to it.
    fn answered<A: App>(
        &mut self,
        handler: &mut H,
        io: &mut Io<'_, A>,
    ) -> Result<Option<Session>, Fault>
    where
        H: Handler<A>,
    {
        let (mut starts, limits) = (Starts::new(), HttpLimits::DEFAULT);
        loop {
            let received = self.wire.receive(io.rx.bytes(), &limits, &mut starts);
            let received = received.map_err(|flaw| Fault::Peer(flaw.reason()))?;
            let session = match received.event {
                ClientEvent::Interim(_) => None,
                ClientEvent::Switched(head) => {
                    let agreed = self.agree(handler, &head);
                    Some(agreed.map_err(Fault::Peer)?)
                }
                ClientEvent::Wanting if io.rx.has_ended() => {
                    return Err(Fault::Peer(reason::NO_ANSWER));
                }
                ClientEvent::Wanting => return Ok(None),
                _ => return Err(Fault::Peer(reason::DECLINED)),
            };
            let used = received.used;
            io.rx.consume(used);
            if session.is_some() {
                return Ok(session);
            }
        }
    }

    /// What a 101 of these fields has agreed to (RFC 6455, section 4.1, steps 2 to 6).
    fn agree<A: App>(
        &mut self,
        handler: &mut H,
        headers: &Headers<'_>,
    ) -> Result<Session, &'static str>
    where
        H: Handler<A>,
    {
        let is_ours = headers.has_token("upgrade", "websocket")
            && headers.has_token("connection", "upgrade")
            && only(headers, "sec-websocket-accept") == Some(Ok(self.asked.accept.as_bytes()));
        let masks = self.asked.masks.take().filter(|_| is_ours).ok_or(reason::ANSWER)?;
        let protocol = match only(headers, PROTOCOL.as_str()) {
            None => None,
            Some(said) => {
                let said = said.map_err(|Several| reason::ANSWER)?;
                let ours = handler.protocols().iter().find(|ours| ours.as_bytes() == said);
                Some(*ours.ok_or(reason::NOT_OFFERED)?)
            }
        };
        let mut session = Session::client(masks);
        match (only(headers, EXTENSIONS.as_str()), handler.limits().deflate) {
            (None, _) => {}
            (Some(Ok(answer)), Deflate::On(terms)) => {
                let terms = terms.sane();
                let agreed = deflate::accept(answer, &terms);
                let agreed = agreed.map_err(|_| reason::NOT_OFFERED)?;
                session = session.with_codec(Codec::new(agreed, terms));
            }
            (Some(_), _) => return Err(reason::NOT_OFFERED),
        }
        handler.agreed(protocol);
        Ok(session)
    }
}

/// What was checked when the target was made.
const ASKED: Fault = Fault::Local("websocket: a handshake that cannot be written");
