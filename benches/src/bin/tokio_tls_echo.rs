//! The echo server of tokio-rustls's own examples, on one thread.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use readily_benches::failure::Failure;
use readily_benches::{cli, tls};
use tokio::io::{AsyncWriteExt, copy, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;

fn main() -> ExitCode {
    cli::run(
        "tokio_tls_echo --listen ADDR --cert-out FILE",
        |arguments| Ok((arguments.required("--listen")?, arguments.required("--cert-out")?)),
        serve,
    )
}

#[tokio::main(flavor = "current_thread")]
async fn serve((listen, cert_out): (SocketAddr, PathBuf)) -> Result<(), Failure> {
    let acceptor = TlsAcceptor::from(Arc::new(tls::server(&cert_out, &[])?));
    let listener = TcpListener::bind(listen).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    cli::announce(listener.local_addr()?)?;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                tokio::spawn(echo(acceptor.clone(), stream));
            }
            _ = terminate.recv() => return Ok(()),
        }
    }
}

async fn echo(acceptor: TlsAcceptor, stream: TcpStream) -> std::io::Result<()> {
    let (mut reader, mut writer) = split(acceptor.accept(stream).await?);
    copy(&mut reader, &mut writer).await?;
    writer.shutdown().await
}
