//! The server of hyper's own guide, on tokio's current thread.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::ExitCode;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use readily_benches::cli;
use readily_benches::failure::Failure;
use readily_benches::page::PAGE;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    cli::run("hyper_hello --listen ADDR", |arguments| arguments.required("--listen"), serve)
}

#[tokio::main(flavor = "current_thread")]
async fn serve(listen: SocketAddr) -> Result<(), Failure> {
    let listener = TcpListener::bind(listen).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    cli::announce(listener.local_addr()?)?;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                let connection = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(hello));
                tokio::spawn(connection);
            }
            _ = terminate.recv() => return Ok(()),
        }
    }
}

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from(PAGE))))
}
