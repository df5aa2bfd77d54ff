//! The request that becomes a WebSocket (RFC 6455, section 4.2).

use tungstenite::handshake::derive_accept_key;

use crate::contract::{Edge, Machine, Step};
use crate::http1::{Answer, Headers, Name, Reply, Request, Server, Status, Value, Version};

use super::codec::Codec;
use super::deflate;
use super::limits::{Limits, reason};
use super::session::Session;
use super::{Deflate, Handler, WebSocket};

pub(super) const EXTENSIONS: Name = Name::new("sec-websocket-extensions");
pub(super) const PROTOCOL: Name = Name::new("sec-websocket-protocol");
const ACCEPT: Name = Name::new("sec-websocket-accept");
const VERSION: Name = Name::new("sec-websocket-version");
const WEBSOCKET: Value<'static> = Value::from_static("websocket");

/// Answers a request for a WebSocket: 101, and the connection becomes one of `handler`; or 400,
/// 403, 405 or 426 if the request is none. What the client sent behind its request are frames.
///
/// Compression is agreed to as [`Limits::deflate`] says, and the first of
/// [`Handler::protocols`] that the client offers; with none of them the WebSocket is made without.
/// A refusal is counted by its [`reason`](Rejection::reason). Whoever wants to know the client
/// first looks at the request and answers otherwise, such as 401, before this.
pub fn upgrade<S, M, H>(request: &Request<'_>, reply: Reply<'_, S, M>, handler: H) -> Answer<S, M>
where
    M: Machine + Edge<Server<S>, WebSocket<H>>,
    H: Handler<M::App>,
{
    match Handshake::check(request, handler.limits()) {
        Ok(handshake) => handshake.choose(request, handler.protocols()).upgrade(reply, handler),
        Err(rejection) => rejection.answer(reply),
    }
}

/// A request for a WebSocket that was checked: for those who answer refusals themselves, put the
/// answer off, or become a state other than [`WebSocket`].
#[derive(Debug)]
pub struct Handshake {
    /// What proves that the key was read.
    accept: String,
    protocol: Option<&'static str>,
    deflate: Option<(Codec, String)>,
}

/// Why a request is no handshake; its [`reason`](Rejection::reason) is for a counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rejection {
    /// It is not a GET: 405.
    Method,
    /// It has a body: 400.
    Body,
    /// It does not ask for a WebSocket: 426.
    NotAsked,
    /// It asks for a version other than 13: 426 with the one that is spoken.
    Version,
    /// It is HTTP/1.0, whose connections cannot be upgraded: 400.
    Old,
    /// Its key is missing, twice there, or not of 16 bytes: 400.
    Key,
    /// It comes from a page of another origin: 403.
    Origin,
    /// Its extensions are not of the grammar, where one is to be agreed: 400.
    Extensions,
}

impl Handshake {
    /// Checks a request, but for what [`http1`](crate::http1) has checked: there is one `Host`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(request: &Request<'_>, limits: &Limits) -> Result<Self, Rejection> {
        if request.method() != "GET" {
            return Err(Rejection::Method);
        }
        if !request.has_token("upgrade", "websocket") || !request.has_token("connection", "upgrade")
        {
            return Err(Rejection::NotAsked);
        }
        if request.version() != Version::Http11 {
            return Err(Rejection::Old);
        }
        if !request.body().is_empty() {
            return Err(Rejection::Body);
        }
        if only(request, "sec-websocket-version") != Some(Ok(b"13")) {
            return Err(Rejection::Version);
        }
        let key = match only(request, "sec-websocket-key") {
            Some(Ok(key)) if is_key(key) => key,
            _ => return Err(Rejection::Key),
        };
        let host = request.header("host").unwrap_or_default();
        match only(request, "origin") {
            None => {}
            Some(Ok(origin)) if limits.origins.admit(origin, host, &request.from()) => {}
            Some(_) => return Err(Rejection::Origin),
        }
        let deflate = agree(request, limits)?;
        Ok(Handshake { accept: derive_accept_key(key), protocol: None, deflate })
    }

    /// The subprotocols that the client offers, in its order.
    pub fn offered<'a>(request: &Request<'a>) -> impl Iterator<Item = &'a str> {
        let fields = request.headers();
        let fields = fields.filter(|(name, _)| name.eq_ignore_ascii_case(PROTOCOL.as_str()));
        let items = fields.flat_map(|(_, value)| value.split(|byte| *byte == b','));
        items.filter_map(|item| std::str::from_utf8(item.trim_ascii()).ok())
    }

    /// Takes the first of `ours` that the client offers, as a subprotocol.
    #[must_use]
    pub fn choose(self, request: &Request<'_>, ours: &[&'static str]) -> Self {
        let is_offered =
            |one: &&&'static str| Self::offered(request).any(|offered| offered == **one);
        Handshake { protocol: ours.iter().find(is_offered).copied(), ..self }
    }

    /// Answers 101; the connection goes on as a WebSocket of `handler`.
    pub fn upgrade<S, M, H>(self, reply: Reply<'_, S, M>, mut handler: H) -> Answer<S, M>
    where
        M: Machine + Edge<Server<S>, WebSocket<H>>,
        H: Handler<M::App>,
    {
        handler.agreed(self.protocol);
        let (session, extension) = match self.deflate {
            Some((codec, text)) => (Session::new().with_codec(codec), Some(text)),
            None => (Session::new(), None),
        };
        let next = WebSocket::with(session, handler);
        answer(&self.accept, self.protocol, extension.as_deref(), reply, next)
    }

    /// Answers 101; the connection goes on as `next`, and nothing is compressed.
    pub fn accept<S, M, T>(self, reply: Reply<'_, S, M>, next: T) -> Answer<S, M>
    where
        M: Edge<Server<S>, T>,
    {
        answer(&self.accept, self.protocol, None, reply, next)
    }
}

/// The answer to a handshake, and the state behind it.
fn answer<S, M, T>(
    accept: &str,
    protocol: Option<&str>,
    extension: Option<&str>,
    reply: Reply<'_, S, M>,
    next: T,
) -> Answer<S, M>
where
    M: Edge<Server<S>, T>,
{
    // It is Base64, so it is a value.
    let Ok(accept) = Value::new(accept.as_bytes()) else { return reply.bad_request() };
    let (mut headers, mut count) = ([(ACCEPT, accept); 3], 1);
    for (name, text) in [(PROTOCOL, protocol), (EXTENSIONS, extension)] {
        // A subprotocol that is no value is not named.
        if let Some(Ok(value)) = text.map(|text| Value::new(text.as_bytes())) {
            headers[count] = (name, value);
            count += 1;
        }
    }
    reply.switch(WEBSOCKET, &headers[..count], Step::becomes(next))
}

/// What is agreed of the client's extensions.
fn agree(request: &Request<'_>, limits: &Limits) -> Result<Option<(Codec, String)>, Rejection> {
    let Deflate::On(terms) = limits.deflate else { return Ok(None) };
    let terms = terms.sane();
    let fields = request.headers();
    let offers = fields.filter(|(name, _)| name.eq_ignore_ascii_case(EXTENSIONS.as_str()));
    let agreed = deflate::answer(offers.map(|(_, value)| value), &terms);
    let agreed = agreed.map_err(|_| Rejection::Extensions)?;
    Ok(agreed.map(|(agreed, text)| (Codec::new(agreed, terms), text)))
}

impl Rejection {
    /// Answers the request, and counts the [`reason`](Rejection::reason).
    pub fn answer<S, M>(self, reply: Reply<'_, S, M>) -> Answer<S, M> {
        let answer = match self {
            Rejection::Method => reply.method_not_allowed(Value::from_static("GET")),
            Rejection::Body | Rejection::Old | Rejection::Key | Rejection::Extensions => {
                reply.bad_request()
            }
            Rejection::Origin => reply.plain(Status::FORBIDDEN),
            Rejection::NotAsked | Rejection::Version => reply
                .status(Status::UPGRADE_REQUIRED)
                .offer(WEBSOCKET)
                .header(VERSION, Value::from_static("13"))
                .empty(),
        };
        answer.counted(self.reason())
    }

    /// What it is counted as.
    pub fn reason(self) -> &'static str {
        match self {
            Rejection::Method => reason::HANDSHAKE_METHOD,
            Rejection::Body => reason::HANDSHAKE_BODY,
            Rejection::NotAsked => reason::HANDSHAKE_NOT_ASKED,
            Rejection::Version => reason::HANDSHAKE_VERSION,
            Rejection::Old => reason::HANDSHAKE_OLD,
            Rejection::Key => reason::HANDSHAKE_KEY,
            Rejection::Origin => reason::HANDSHAKE_ORIGIN,
            Rejection::Extensions => reason::HANDSHAKE_EXTENSIONS,
        }
    }
}

/// There was more than one field where there may be one.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Several;

/// The value of a field that may be there once; none if it is not there.
pub(super) fn only<'a>(headers: &Headers<'a>, name: &str) -> Option<Result<&'a [u8], Several>> {
    let mut all = headers.values(name);
    let value = all.next()?;
    Some(if all.next().is_some() { Err(Several) } else { Ok(value) })
}

/// Whether it is 16 bytes in Base64 (RFC 4648, section 4): 22 digits, and what fills the last four.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key[..22].iter().all(is_digit) && key.ends_with(b"==")
}
