//! hyper's server on tokio-rustls.

use std::path::PathBuf;
use std::sync::Arc;

use readily_benches::cli::Subcommand;
use readily_benches::tls;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::accept::accept;
use crate::http;
use crate::runtime::{self, Threads};

pub(crate) const HTTPS: Subcommand = Subcommand {
    usage: "https --listen ADDR --cert-out FILE",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        let cert_out: PathBuf = arguments.required("--cert-out")?;
        Ok(Box::new(move || {
            let acceptor = TlsAcceptor::from(Arc::new(tls::server(&cert_out, &[b"http/1.1"])?));
            let server = accept(listen, move |stream| serve(acceptor.clone(), stream));
            runtime::run(Threads::ONE, server)
        }))
    },
};

async fn serve(acceptor: TlsAcceptor, stream: TcpStream) {
    // Who does not finish its handshake is not served.
    if let Ok(stream) = acceptor.accept(stream).await {
        // How a connection ends is its client's affair.
        let _ = http::serve(stream).await;
    }
}
