//! The endpoint, and the connections that it keeps.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream, TransportConfig};
use readily_benches::driver::HOLDING;
use readily_benches::failure::Failure;
use readily_benches::tls::{self, ALPN_ECHO, SERVER_NAME};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

use crate::To;
use crate::stall::within;

/// Connections whose handshakes may be under way at once while connections are opened.
pub(crate) const WAVE: usize = 16;

/// Less than the idle time of any server here.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// One endpoint for all connections.
pub(crate) struct Client {
    pub(crate) to: To,
    /// Those that stay open until the end.
    pub(crate) connections: Vec<Connection>,
    endpoint: Endpoint,
    terminate: Signal,
}

impl Client {
    pub(crate) fn new(to: To) -> Result<Self, Failure> {
        let terminate = signal(SignalKind::terminate())?;
        let endpoint = endpoint(&to.trust)?;
        Ok(Self { to, connections: Vec::new(), endpoint, terminate })
    }

    /// A whole handshake.
    pub(crate) async fn connect(&self) -> Result<Connection, Failure> {
        let connecting =
            self.endpoint.connect(self.to.connect, SERVER_NAME).map_err(Failure::failed)?;
        within(self.to.stall, connecting).await?.map_err(Failure::failed)
    }

    /// A new stream in both directions.
    pub(crate) async fn open(
        &self,
        connection: &Connection,
    ) -> Result<(SendStream, RecvStream), Failure> {
        within(self.to.stall, connection.open_bi()).await?.map_err(Failure::failed)
    }

    /// Keeps the connections until SIGTERM; an error where the server has closed one meanwhile.
    pub(crate) async fn hold(&mut self) -> Result<(), Failure> {
        println!("{HOLDING}");
        std::io::stdout().flush()?;
        self.terminate.recv().await;
        let mut reasons = self.connections.iter().map(Connection::close_reason).enumerate();
        match reasons.find_map(|(index, reason)| Some((index, reason?))) {
            None => Ok(()),
            Some((index, reason)) => Err(Failure::failed(format!("connection {index}: {reason}"))),
        }
    }

    /// Closes all connections; the server gets to know of it, so that it counts none that is gone.
    pub(crate) async fn close(self) {
        self.endpoint.close(0_u8.into(), b"");
        let _ = timeout(self.to.stall, self.endpoint.wait_idle()).await;
    }
}

fn endpoint(trust: &Path) -> Result<Endpoint, Failure> {
    let tls = tls::client(trust, &[ALPN_ECHO])?;
    let quic = QuicClientConfig::try_from(tls).map_err(Failure::failed)?;
    let mut transport = TransportConfig::default();
    // No connection may end before all are open, however long that takes.
    transport.keep_alive_interval(Some(KEEP_ALIVE));
    let mut config = ClientConfig::new(Arc::new(quic));
    config.transport_config(Arc::new(transport));
    let mut endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into())?;
    endpoint.set_default_client_config(config);
    Ok(endpoint)
}
