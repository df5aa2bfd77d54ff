//! The accept loop of tokio's documentation: a task for each connection.

use std::future::Future;
use std::net::SocketAddr;

use readily_benches::cli;
use readily_benches::failure::Failure;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

/// Listens, spawns `serve` for each connection, and ends on SIGTERM.
///
/// How a connection ends is nobody's concern: its task's output is dropped.
pub(crate) async fn accept<F>(
    listen: SocketAddr,
    serve: impl Fn(TcpStream) -> F,
) -> Result<(), Failure>
where
    F: Future<Output: Send> + Send + 'static,
{
    let listener = TcpListener::bind(listen).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    cli::announce(listener.local_addr()?)?;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                tokio::spawn(serve(stream));
            }
            _ = terminate.recv() => return Ok(()),
        }
    }
}
