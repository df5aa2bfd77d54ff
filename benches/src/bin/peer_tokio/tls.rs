//! The echo server of tokio-rustls's own examples.

use std::path::PathBuf;
use std::sync::Arc;

use readily_benches::cli::Subcommand;
use readily_benches::tls;
use tokio::io::{AsyncWriteExt, copy, split};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::accept::accept;
use crate::runtime::{self, Threads};

pub(crate) const TLS: Subcommand = Subcommand {
    usage: "tls --listen ADDR --cert-out FILE",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        let cert_out: PathBuf = arguments.required("--cert-out")?;
        Ok(Box::new(move || {
            let acceptor = TlsAcceptor::from(Arc::new(tls::server(&cert_out, &[])?));
            let server = accept(listen, move |stream| echo(acceptor.clone(), stream));
            runtime::run(Threads::ONE, server)
        }))
    },
};

async fn echo(acceptor: TlsAcceptor, stream: TcpStream) -> std::io::Result<()> {
    let (mut reader, mut writer) = split(acceptor.accept(stream).await?);
    copy(&mut reader, &mut writer).await?;
    writer.shutdown().await
}
