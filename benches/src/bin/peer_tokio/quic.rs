//! An echo server on quinn: each chunk of a stream goes back as it is.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, Incoming, RecvStream, SendStream, ServerConfig, TransportConfig};
use readily_benches::cli::{self, Subcommand};
use readily_benches::failure::Failure;
use readily_benches::tls::{self, ALPN_ECHO};
use tokio::signal::unix::{SignalKind, signal};

use crate::runtime::{self, Threads};

pub(crate) const QUIC: Subcommand = Subcommand {
    usage: "quic --listen ADDR --cert-out FILE [--windows STREAM,CONNECTION,SEND]",
    prepare: |arguments| {
        let options = Options {
            listen: arguments.required("--listen")?,
            cert_out: arguments.required("--cert-out")?,
            windows: arguments.option("--windows")?,
        };
        Ok(Box::new(move || runtime::run(Threads::ONE, serve(options))))
    },
};

struct Options {
    listen: SocketAddr,
    cert_out: PathBuf,
    /// quinn's own, unless told.
    windows: Option<Windows>,
}

async fn serve(options: Options) -> Result<(), Failure> {
    let endpoint = Endpoint::server(configuration(&options)?, options.listen)?;
    let mut terminate = signal(SignalKind::terminate())?;
    cli::announce(endpoint.local_addr()?)?;
    loop {
        tokio::select! {
            Some(incoming) = endpoint.accept() => {
                tokio::spawn(connection(incoming));
            }
            _ = terminate.recv() => break,
        }
    }
    endpoint.close(0_u8.into(), b"");
    endpoint.wait_idle().await;
    Ok(())
}

fn configuration(options: &Options) -> Result<ServerConfig, Failure> {
    let tls = tls::server(&options.cert_out, &[ALPN_ECHO])?;
    let quic = QuicServerConfig::try_from(tls).map_err(Failure::failed)?;
    let mut config = ServerConfig::with_crypto(Arc::new(quic));
    if let Some(Windows { stream, connection, send }) = options.windows {
        let mut transport = TransportConfig::default();
        transport.stream_receive_window(stream.into());
        transport.receive_window(connection.into());
        transport.send_window(send.into());
        config.transport_config(Arc::new(transport));
    }
    Ok(config)
}

async fn connection(incoming: Incoming) -> Result<(), quinn::ConnectionError> {
    let connection = incoming.await?;
    loop {
        let (send, recv) = connection.accept_bi().await?;
        tokio::spawn(echo(send, recv));
    }
}

async fn echo(mut send: SendStream, mut recv: RecvStream) -> std::io::Result<()> {
    while let Some(chunk) = recv.read_chunk(usize::MAX, true).await? {
        send.write_chunk(chunk.bytes).await?;
    }
    Ok(send.finish()?)
}

/// Bytes that may be under way.
struct Windows {
    stream: u32,
    connection: u32,
    send: u32,
}

impl FromStr for Windows {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes: Result<Vec<u32>, _> = text.split(',').map(str::parse).collect();
        match bytes.as_deref() {
            Ok(&[stream, connection, send]) => Ok(Self { stream, connection, send }),
            _ => Err("three numbers of bytes are expected"),
        }
    }
}
