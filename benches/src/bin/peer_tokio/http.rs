//! The server of hyper's own guide.

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use readily_benches::cli::Subcommand;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::accept::accept;
use crate::runtime::{self, Threads};
use crate::site;

pub(crate) const HTTP: Subcommand = Subcommand {
    usage: "http --listen ADDR [--threads N]",
    prepare: |arguments| {
        let (listen, threads) = (arguments.required("--listen")?, Threads::among(arguments)?);
        Ok(Box::new(move || runtime::run(threads, accept(listen, serve))))
    },
};

/// Serves one connection, as fast as hyper can: answers to pipelined requests go out together.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
) -> hyper::Result<()> {
    http1::Builder::new()
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(stream), service_fn(site::answer))
        .await
}
