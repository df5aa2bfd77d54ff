//! The sessions of a listener.

use std::sync::Arc;

use rustls::server::danger::ClientCertVerifier;
use rustls::{ServerConfig, ServerConnection};

use super::again::Again;
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
    /// Judges the certificates of clients again that come back by a ticket.
    known: Option<Arc<dyn ClientCertVerifier>>,
}

impl Server {
    /// Sessions with these settings.
    ///
    /// Each call makes keys for tickets of its own; clones share them.
    ///
    /// # Errors
    /// What of the settings cannot be used.
    pub fn with(settings: Settings) -> Result<Self, Error> {
        let known = settings.clients.verifier()?;
        Server::judging(settings, known)
    }

    pub(super) fn judging(
        settings: Settings,
        known: Arc<dyn ClientCertVerifier>,
    ) -> Result<Self, Error> {
        let config = Arc::new(settings.config(Arc::clone(&known))?);
        let known = Some(known).filter(|known| known.offer_client_auth());
        Ok(Server { config, limits: settings.limits, plaintext: settings.plaintext, known })
    }

    /// Sessions with this configuration and the default limits.
    ///
    /// Of a client that comes back by a ticket, its certificate is not judged again: only
    /// [`with`](Server::with) does that.
    ///
    /// A configuration that allows for data before the handshake is refused when a session is to be
    /// made: such data can be replayed, and nothing here would say so to the machine.
    pub fn new(config: Arc<ServerConfig>) -> Self {
        let (limits, plaintext) = (Limits::default(), Plaintext::default());
        Server { config, limits, plaintext, known: None }
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
        let again = self.known.as_ref().map(|known| Again {
            known: Arc::clone(known),
            clock: Arc::clone(&self.config.time_provider),
        });
        Ok(Box::new(Buffered::server(connection, hello, opening, again)))
    }
}
