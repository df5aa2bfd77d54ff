//! The request that becomes a WebSocket (RFC 6455, section 4.2).

use tungstenite::handshake::derive_accept_key;

use crate::contract::{Edge, Machine, Step};
use crate::http1::{Answer, Name, Reply, Request, Server, Status, Value, Version};

use super::limits::{Limits, reason};
use super::{Handler, WebSocket};

const ACCEPT: Name = Name::new("sec-websocket-accept");
const VERSION: Name = Name::new("sec-websocket-version");
const WEBSOCKET: Value<'static> = Value::from_static("websocket");

/// Answers a request for a WebSocket: 101, and the connection becomes one of `handler`; or 400,
/// 403, 405 or 426 if the request is none. What the client sent behind its request are frames.
///
/// A refusal is counted by its [`reason`](Rejection::reason). Extensions and subprotocols that are
/// asked for are not agreed to.
pub fn upgrade<S, M, H>(request: &Request<'_>, reply: Reply<'_, S, M>, handler: H) -> Answer<S, M>
where
    M: Machine + Edge<Server<S>, WebSocket<H>>,
    H: Handler<M::App>,
{
    match Handshake::check(request, handler.limits()) {
        Ok(handshake) => handshake.accept(reply, WebSocket::new(handler)),
        Err(rejection) => rejection.answer(reply),
    }
}

/// A request for a WebSocket that was checked: for those who answer refusals themselves, or become
/// a state other than [`WebSocket`].
#[derive(Debug)]
pub struct Handshake {
    /// What proves that the key was read.
    accept: String,
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
        Ok(Handshake { accept: derive_accept_key(key) })
    }

    /// Answers 101; the connection goes on as `next`.
    pub fn accept<S, M, T>(self, reply: Reply<'_, S, M>, next: T) -> Answer<S, M>
    where
        M: Edge<Server<S>, T>,
    {
        match Value::new(self.accept.as_bytes()) {
            Ok(accept) => reply.switch(WEBSOCKET, &[(ACCEPT, accept)], Step::becomes(next)),
            // It is Base64, so it is a value.
            Err(_) => reply.bad_request(),
        }
    }
}

impl Rejection {
    /// Answers the request, and counts the [`reason`](Rejection::reason).
    pub fn answer<S, M>(self, reply: Reply<'_, S, M>) -> Answer<S, M> {
        let answer = match self {
            Rejection::Method => reply.method_not_allowed(Value::from_static("GET")),
            Rejection::Body | Rejection::Old | Rejection::Key => reply.bad_request(),
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
        }
    }
}

/// There was more than one field where there may be one.
#[derive(PartialEq, Eq, Debug)]
struct Several;

/// The value of a field that may be there once; none if it is not there.
fn only<'a>(request: &Request<'a>, name: &str) -> Option<Result<&'a [u8], Several>> {
    let mut all = request.headers().filter(|(its_name, _)| its_name.eq_ignore_ascii_case(name));
    let (_, value) = all.next()?;
    Some(if all.next().is_some() { Err(Several) } else { Ok(value) })
}

/// Whether it is 16 bytes in Base64 (RFC 4648, section 4): 22 digits, and what fills the last four.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key[..22].iter().all(is_digit) && key.ends_with(b"==")
}
