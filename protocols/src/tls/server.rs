//! The sessions of a listener.

use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};

use super::buffered::Buffered;
use super::fault::{CONFIGURATION, EARLY_DATA};
use super::hello::{HELLO_MAX, Hello};
use super::plaintext::{Opening, Plaintext};
use super::{Acceptor, Error, Session, Settings};
use crate::contract::Fault;

/// What a client may cost before it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many bytes a `ClientHello` may take, its record headers and what comes before it
    /// included; a second one, after a retry, as many again.
    pub hello: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { hello: HELLO_MAX }
    }
}

/// The server's side of TLS: makes the sessions of a listener.
#[derive(Clone, Debug)]
pub struct Server {
    config: Arc<ServerConfig>,
    limits: Limits,
    plaintext: Plaintext,
}

impl Server {
    /// Sessions with these settings.
    ///
    /// Each call makes keys for tickets of its own; clones share them.
    ///
    /// # Errors
    /// What of the settings cannot be used.
    pub fn with(settings: Settings) -> Result<Self, Error> {
        let config = Arc::new(settings.config()?);
        Ok(Server { config, limits: settings.limits, plaintext: settings.plaintext })
    }

    /// Sessions with this configuration and the default limits.
    ///
    /// A configuration that allows for data before the handshake is refused when a session is to be
    /// made: such data can be replayed, and nothing here would say so to the machine.
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Server { config, limits: Limits::default(), plaintext: Plaintext::default() }
    }

    /// The same with other limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Server { limits, ..self }
    }

    /// The same with another answer to those who speak HTTP without TLS.
    #[must_use]
    pub fn plaintext(self, plaintext: Plaintext) -> Self {
        Server { plaintext, ..self }
    }
}

impl Acceptor for Server {
    fn accept(&self) -> Result<Box<dyn Session>, Fault> {
        if self.config.max_early_data_size > 0 {
            return Err(Fault::Local(EARLY_DATA));
        }
        let connection = ServerConnection::new(Arc::clone(&self.config));
        let connection = connection.map_err(|_| Fault::Local(CONFIGURATION))?;
        let (hello, opening) = (Hello::first(self.limits.hello), Opening::of(self.plaintext));
        Ok(Box::new(Buffered::server(connection, hello, opening)))
    }
}
