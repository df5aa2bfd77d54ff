//! Sessions with servers.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::Session;
use super::buffered::Buffered;
use super::fault::{CONFIGURATION, SERVER_NAME};
use super::hello::Hello;
use crate::contract::Fault;

/// The client's side of TLS: makes sessions with servers.
#[derive(Clone, Debug)]
pub struct Client {
    config: Arc<ClientConfig>,
}

impl Client {
    /// Sessions with this configuration.
    pub fn new(config: Arc<ClientConfig>) -> Self {
        Client { config }
    }

    /// A session with the server of this name, a DNS name or an IP address; its first
    /// [`feed`](Session::feed) queues the hello.
    ///
    /// # Errors
    /// A [`Fault::Local`] for what is no name, or where the configuration does not allow for a
    /// session.
    pub fn connect(&self, name: &str) -> Result<Box<dyn Session>, Fault> {
        let name = ServerName::try_from(name).map_err(|_| Fault::Local(SERVER_NAME))?.to_owned();
        let connection = ClientConnection::new(Arc::clone(&self.config), name);
        let connection = connection.map_err(|_| Fault::Local(CONFIGURATION))?;
        Ok(Box::new(Buffered::new(connection.into(), Hello::Over)))
    }
}
