//! QUIC (RFC 9000) on quinn-proto: an endpoint whose streams are connections of the loop.

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
