//! How a WebSocket of fastwebsockets begins: hyper's upgrade, as in its own examples.

use std::future::{Future, ready};

use fastwebsockets::WebSocketError;
use fastwebsockets::upgrade::{UpgradeFut, upgrade};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Answers the upgrade on `stream`, and spawns `serve` for the WebSocket that it becomes.
///
/// `serve` is called before the answer goes out.
pub(crate) async fn answer<F>(
    stream: TcpStream,
    serve: impl Fn(UpgradeFut) -> F,
) -> hyper::Result<()>
where
    F: Future<Output = Result<(), WebSocketError>> + Send + 'static,
{
    let service = service_fn(|mut request| {
        ready(upgrade(&mut request).map(|(response, upgraded)| {
            tokio::spawn(tokio::task::unconstrained(serve(upgraded)));
            response
        }))
    });
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await
}
