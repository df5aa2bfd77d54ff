//! HTTP/1.1 (RFC 9112): a strict server and a client, each as one state of a machine.
//!
//! [`Server`] is the state, [`Service`] what you write: a request comes in, whole or as a stream,
//! and one answer goes out, straight into the send buffer. Nothing is allocated for a request that
//! arrives at once.
//!
//! ```
//! use readily_protocols::contract::{Desk, Machine};
//! use readily_protocols::http1::{Answer, Name, Reply, Request, Service, Status, Value};
//!
//! struct Site;
//!
//! impl<M: Machine> Service<M> for Site {
//!     fn call(
//!         &mut self,
//!         request: &Request<'_>,
//!         reply: Reply<'_, Self, M>,
//!         _: &mut Desk<'_, M::App>,
//!     ) -> Answer<Self, M> {
//!         const HOME: Value<'_> = Value::from_static("/");
//!         match (request.method(), request.path()) {
//!             ("GET" | "HEAD", "/") => reply.ok("text/html", b"<h1>Welcome</h1>"),
//!             (_, "/") => reply.method_not_allowed(Value::from_static("GET, HEAD")),
//!             ("GET", "/old") => reply.status(Status::FOUND).header(Name::LOCATION, HOME).empty(),
//!             _ => reply.not_found(),
//!         }
//!     }
//! }
//! ```
//!
//! The machine that it is part of, with what it may become after an upgrade:
//!
//! ```text
//! #[derive(Machine)]
//! enum Conn {
//!     #[becomes(Socket)]
//!     Http(http1::Server<Site>),
//!     Socket(WebSocket<Chat>),
//! }
//!
//! reactor.listen(&at, |_, _| Some(Conn::Http(http1::Server::new(Site))))
//! ```
//!
//! # What is guaranteed
//!
//! - What may be read in two ways is refused, since a proxy in front may have read it in the other:
//!   a line that ends with LF alone, a length that is not digits alone or comes twice, a length and
//!   a transfer coding, a host that is missing, doubled, or not the target's. Each refusal is one
//!   row of a table: status, words, and a counter of its own in [`reason`].
//! - A head that comes in pieces is looked through once as it comes, and read once it is whole.
//! - All that a client may ask for is bounded: see [`Limits`]. The deadlines are the server's own;
//!   the machine needs no `#[deadline(..)]` for it.
//! - A name or a value of an answer cannot hold what ends its line.
//! - An upgrade hands over every byte behind its request, after the 101, and is only given to a
//!   client that asked for it.
//!
//! - A body is streamed in either direction in constant memory, and half of one is never taken for
//!   all: see [`Service`], [`Incoming`] and [`Outgoing`].
//!
//! # What is there
//!
//! | | |
//! | --- | --- |
//! | [`Server`], [`Service`] | a server |
//! | [`client`] | a client |
//! | `router` | which part of a program answers |
//! | [`files`] | what is answered about a file: ranges, conditions, types |
//! | [`coding`] | compression |
//! | [`sse`] | server-sent events |
//! | [`access`] | the line of a log for each exchange |
//! | [`wire`] | one connection without a loop |

pub mod access;
pub mod client;
pub mod coding;
pub mod files;
mod limits;
#[cfg(feature = "router")]
pub mod router;
mod server;
pub mod sse;
mod syntax;
pub mod wire;

pub use client::{Caller, Client, ClientLimits};
pub use limits::{Allowed, HEAD_MOST, HEADERS_MOST, Limits, TRAILERS_MOST};
pub use server::{
    Answer, Draft, Flow, Incoming, Intake, Outgoing, Reply, Request, Server, Service, Unsupported,
};
pub use syntax::asking::{BadRequest, Field, RequestLine};
pub use syntax::field::{BadValue, Name, Value};
pub use syntax::flaw::Flaw;
pub use syntax::head::{Head, Starts};
pub use syntax::headers::Headers;
pub use syntax::refusal::{Refusal, reason};
pub use syntax::response::ResponseHead;
pub use syntax::status::Status;
pub use syntax::version::Version;
pub use wire::Length;
