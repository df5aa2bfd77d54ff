//! The echo server of tokio-rustls's own examples.

use std::path::PathBuf;
use std::sync::Arc;

use readily_benches::cli::Subcommand;
use readily_benches::tls;
use tokio::io::{AsyncWriteExt, BufReader, copy_buf, split};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::accept::accept;
use crate::runtime::{self, Threads};

/// Unless told: that of `copy`.
const BUFFER: usize = 8 * 1024;

pub(crate) const TLS: Subcommand = Subcommand {
    usage: "tls --listen ADDR --cert-out FILE [--buffer BYTES]",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        let cert_out: PathBuf = arguments.required("--cert-out")?;
        let buffer = arguments.option("--buffer")?.unwrap_or(BUFFER);
        Ok(Box::new(move || {
            let acceptor = TlsAcceptor::from(Arc::new(tls::resumable_server(&cert_out)?));
            let server = accept(listen, move |stream| echo(acceptor.clone(), stream, buffer));
            runtime::run(Threads::ONE, server)
        }))
    },
};

async fn echo(acceptor: TlsAcceptor, stream: TcpStream, buffer: usize) -> std::io::Result<()> {
    let (reader, mut writer) = split(acceptor.accept(stream).await?);
    copy_buf(&mut BufReader::with_capacity(buffer, reader), &mut writer).await?;
    writer.shutdown().await
}
