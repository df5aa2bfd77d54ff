//! QUIC (RFC 9000) on quinn-proto: an endpoint whose streams are connections of the loop.
//!
//! [`Quic`] is an [`Endpoint`](crate::contract::Endpoint): a loop pushes the datagrams of one UDP
//! socket in and pulls those that are to be sent out. Each bidirectional stream is a connection of
//! the loop, through [`Streams`](crate::contract::Streams): any machine runs on it. Quinn-proto is
//! the protocol itself, without a socket, a clock or a runtime; this module drives it.
//!
//! Guarantees: no state is kept for an address that has not been proven while too many handshakes
//! are open; nothing beyond three times what came is sent to such an address; the bytes of a peer
//! wait in windows that are bounded for each stream and each connection; every refusal has a name
//! in [`limits`]. The same secrets, datagrams and times give datagrams of the same sizes at the
//! same times; not the same bytes, since rustls draws the keys of TLS from the system.
//!
//! Not there: unidirectional streams, data before the handshake is over (0-RTT), tokens for a later
//! connection, a preferred address. A peer may move to another address; a stream's origin stays the
//! one that the handshake was made with.
//!
//! ```
//! use std::sync::Arc;
//! use readily_protocols::quic::{EchoDatagrams, Limits, Quic, Secrets};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
//! let key = certified.signing_key.serialize_der().try_into()?;
//! let provider = Arc::new(rustls::crypto::ring::default_provider());
//! let mut tls = rustls::ServerConfig::builder_with_provider(provider)
//!     .with_protocol_versions(&[&rustls::version::TLS13])?
//!     .with_no_client_auth()
//!     .with_single_cert(vec![certified.cert.der().clone()], key)?;
//! tls.alpn_protocols = vec![b"echo".to_vec()];
//! let secrets = Secrets::draw(tls.crypto_provider())?;
//! let quic = Quic::server(tls.into(), secrets, Limits::DEFAULT)?.with_datagrams(EchoDatagrams)?;
//! assert_eq!(quic.connections(), 0);
//! # Ok(())
//! # }
//! ```
//!
//! # How quinn-proto is driven
//!
//! It has two kinds of values: one `quinn_proto::Endpoint` for a socket, which knows whose a packet
//! is, and a `quinn_proto::Connection` for each peer, which knows all else. They never call each
//! other: whoever drives them carries events between them, in this order.
//!
//! 1. A datagram arrived: `Endpoint::handle`, with an empty buffer for an answer.
//!    * `ConnectionEvent(handle, event)`: `Connection::handle_event`. Then 2, then 4.
//!    * `NewConnection(incoming)`: exactly one of `accept`, `refuse`, `retry` and `ignore`; an
//!      `Incoming` that is only dropped stays in the endpoint. A connection that was accepted is
//!      kept under its handle. Then 2, then 4.
//!    * `Response(transmit)`: the buffer is a packet to be sent; it is of no connection.
//!    * `None`: the datagram was for nobody.
//! 2. The connection is settled, after each call that may have changed it, until neither has news:
//!    * `Connection::poll_endpoint_events`: each goes to `Endpoint::handle_event`, and what that
//!      returns to `Connection::handle_event`. The last of all is *drained*: it must be handed over
//!      too, or the endpoint keeps the handle for ever; after it the handle may be another's.
//!    * `Connection::poll`: `Connected`, `ConnectionLost`, streams that were opened, can be read or
//!      written, were stopped, are delivered, and application datagrams. One `Opened` may stand
//!      for many streams: `streams().accept(dir)` until there is none.
//!    * A connection that is drained is dropped. Another is armed for `Connection::poll_timeout`.
//! 3. A timer fired: `Connection::handle_timeout`, then 2, then 4. An early call does nothing.
//! 4. The socket takes a packet: `Connection::poll_transmit`, with an empty buffer, for each
//!    connection that was touched, in turns, until it returns `None`. Then 2: it has moved the
//!    timers. A packet that was built is numbered, so it must be sent or counted as lost.
//! 5. The application reads, writes, finishes, resets, stops or opens streams: then 4. Chunks that
//!    were read are finalized, which says whether the peer must be told of the room. A reset gives
//!    room back to other streams: then 2, where they are told.
//! 6. The application closes a connection: `Connection::close`, which reports no `ConnectionLost`.
//!    Then 4 sends the close, and timer 3 drains it after three probe timeouts.
//!
//! No step looks at more connections than it concerns: those that may have something to send are in
//! a queue, once each, and their times are in one ordered set, once each.

mod config;
mod connection;
mod core;
mod datagrams;
mod endpoint;
pub mod limits;
mod secrets;
mod shared;
mod streams;
mod table;
mod timers;
mod validation;

use std::fmt;
use std::sync::Arc;

pub use config::ConfigError;
pub use datagrams::{Datagrams, EchoDatagrams, NoDatagrams, Replies, Unsent};
pub use limits::Limits;
pub use secrets::Secrets;

use config::{Config, Sides};
use core::Core;

/// A QUIC endpoint: a server, a client, or both on one socket.
///
/// Each bidirectional stream is a connection of the loop. Unidirectional streams of peers are not
/// allowed. `D` says what is done with application datagrams (RFC 9221).
pub struct Quic<D = NoDatagrams> {
    core: Core,
    datagrams: D,
}

impl<D> fmt::Debug for Quic<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (connections, streams) = (self.connections(), self.open_streams());
        f.debug_struct("Quic")
            .field("connections", &connections)
            .field("streams", &streams)
            .finish_non_exhaustive()
    }
}

impl Quic {
    /// An endpoint that answers. The configuration needs TLS 1.3; its ALPN protocols are the
    /// application's to set.
    ///
    /// # Errors
    /// [`ConfigError`] for a configuration or limits that QUIC cannot use.
    pub fn server(
        tls: Arc<rustls::ServerConfig>,
        secrets: Secrets,
        limits: Limits,
    ) -> Result<Quic, ConfigError> {
        Quic::new(Sides { server: Some(tls), client: None }, secrets, limits)
    }

    /// An endpoint that only asks.
    ///
    /// # Errors
    /// As [`server`](Quic::server).
    pub fn client(
        tls: Arc<rustls::ClientConfig>,
        secrets: Secrets,
        limits: Limits,
    ) -> Result<Quic, ConfigError> {
        Quic::new(Sides { server: None, client: Some(tls) }, secrets, limits)
    }

    /// An endpoint that does both.
    ///
    /// # Errors
    /// As [`server`](Quic::server).
    pub fn both(
        server: Arc<rustls::ServerConfig>,
        client: Arc<rustls::ClientConfig>,
        secrets: Secrets,
        limits: Limits,
    ) -> Result<Quic, ConfigError> {
        Quic::new(Sides { server: Some(server), client: Some(client) }, secrets, limits)
    }

    fn new(sides: Sides, secrets: Secrets, limits: Limits) -> Result<Quic, ConfigError> {
        let config = Config::new(sides, secrets, &limits)?;
        Ok(Quic { core: Core::new(config, limits), datagrams: NoDatagrams })
    }
}

impl<D> Quic<D> {
    /// The same, offering application datagrams on all connections made from now on.
    ///
    /// # Errors
    /// As [`server`](Quic::server).
    pub fn with_datagrams<E>(mut self, datagrams: E) -> Result<Quic<E>, ConfigError> {
        self.core.offer_datagrams()?;
        Ok(Quic { core: self.core, datagrams })
    }

    /// What deals with application datagrams.
    pub fn datagrams(&mut self) -> &mut D {
        &mut self.datagrams
    }

    /// How many connections there are, those that are being closed included.
    pub fn connections(&self) -> usize {
        self.core.len()
    }

    /// How many connections of peers are in their handshake.
    pub fn half_open(&self) -> usize {
        self.core.shared.half_open
    }

    /// How many streams the loop has not released.
    pub fn open_streams(&self) -> usize {
        self.core.shared.streams.len()
    }
}
