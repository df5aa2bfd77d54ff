//! The QUIC load generator, on quinn: bytes over one stream of each connection, and back.
//!
//! Every byte that comes back is checked. The windows are quinn's defaults.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream, TransportConfig};
use readily_benches::cli::{self, Arguments, BadArgument};
use readily_benches::driver::HOLDING;
use readily_benches::failure::Failure;
use readily_benches::pattern::Pattern;
use readily_benches::summary::Transfer;
use readily_benches::tls::{self, ALPN_ECHO, SERVER_NAME};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

const USAGE: &str = "quic_load --connect ADDR --trust FILE --bytes BYTES [--connections N] \
                     [--hold] [--json] [--stall SECONDS]";

/// Connections whose handshakes may be under way at once.
const WAVE: usize = 16;

/// Bytes that one stream sends go in messages of this size.
const MESSAGE: u64 = 64 * 1024;

/// Less than the idle time of any server here.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long nothing at all may happen before the run is given up.
const STALL_SECONDS: u64 = 30;

struct Options {
    connect: SocketAddr,
    trust: PathBuf,
    /// Over one stream of each connection.
    bytes: u64,
    connections: usize,
    hold: bool,
    json: bool,
    stall: Duration,
}

fn main() -> ExitCode {
    cli::run(USAGE, parse, work)
}

fn parse(arguments: &mut Arguments) -> Result<Options, BadArgument> {
    let options = Options {
        connect: arguments.required("--connect")?,
        trust: arguments.required("--trust")?,
        bytes: arguments.required("--bytes")?,
        connections: arguments.option("--connections")?.unwrap_or(1),
        hold: arguments.flag("--hold"),
        json: arguments.flag("--json"),
        stall: Duration::from_secs(arguments.option("--stall")?.unwrap_or(STALL_SECONDS)),
    };
    if options.bytes == 0 || options.connections == 0 {
        return Err(BadArgument("--bytes and --connections are at least 1".to_owned()));
    }
    Ok(options)
}

#[tokio::main(flavor = "current_thread")]
async fn work(options: Options) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let endpoint = client(&options.trust)?;
    let pattern = Pattern::new(MESSAGE as usize);
    // The first one alone, so that the bytes of a bulk are timed without its handshake.
    let first = connect(&endpoint, &options).await?;
    let start = Instant::now();
    echo(&first, 0, &pattern, &options).await?;
    let others = stream::iter(1..options.connections).map(|index| {
        let (endpoint, pattern, options) = (&endpoint, &pattern, &options);
        async move {
            let connection = connect(endpoint, options).await?;
            echo(&connection, index, pattern, options).await?;
            Ok::<_, Failure>(connection)
        }
    });
    let mut connections: Vec<Connection> = others.buffered(WAVE).try_collect().await?;
    connections.insert(0, first);
    let bytes = options.bytes * options.connections as u64;
    let transfer = Transfer { bytes, seconds: start.elapsed().as_secs_f64() };
    let line = if options.json { transfer.to_json() } else { transfer.to_string() };
    println!("{line}");
    if options.hold {
        hold(&connections, &mut terminate).await?;
    }
    endpoint.close(0_u8.into(), b"");
    // The server gets to know of it, so that it counts no connection that is gone.
    let _ = timeout(options.stall, endpoint.wait_idle()).await;
    Ok(())
}

fn client(trust: &std::path::Path) -> Result<Endpoint, Failure> {
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

async fn connect(endpoint: &Endpoint, options: &Options) -> Result<Connection, Failure> {
    let connecting = endpoint.connect(options.connect, SERVER_NAME).map_err(Failure::failed)?;
    within(options.stall, connecting).await?.map_err(Failure::failed)
}

/// Sends the bytes of connection `index` over a new stream, while they come back.
async fn echo(
    connection: &Connection,
    index: usize,
    pattern: &Pattern,
    options: &Options,
) -> Result<(), Failure> {
    let (send, recv) =
        within(options.stall, connection.open_bi()).await?.map_err(Failure::failed)?;
    let sends = send_all(send, index, pattern, options.bytes);
    let receives = receive_all(recv, index, pattern, options);
    tokio::try_join!(sends, receives)
        .map(|_| ())
        .map_err(|failure: Failure| failure.during(&format!("connection {index}")))
}

async fn send_all(
    mut send: SendStream,
    index: usize,
    pattern: &Pattern,
    bytes: u64,
) -> Result<(), Failure> {
    for sequence in 0..bytes.div_ceil(MESSAGE) {
        let message = pattern.message(index, sequence);
        let left = bytes - sequence * MESSAGE;
        send.write_all(&message[..left.min(MESSAGE) as usize]).await.map_err(Failure::failed)?;
    }
    send.finish().map_err(Failure::failed)
}

async fn receive_all(
    mut recv: RecvStream,
    index: usize,
    pattern: &Pattern,
    options: &Options,
) -> Result<(), Failure> {
    let mut received = 0;
    while let Some(chunk) =
        within(options.stall, recv.read_chunk(usize::MAX, true)).await?.map_err(Failure::failed)?
    {
        let mut bytes = &chunk.bytes[..];
        while !bytes.is_empty() {
            let message = pattern.message(index, received / MESSAGE);
            let expected = &message[(received % MESSAGE) as usize..];
            let (got, rest) = bytes.split_at(bytes.len().min(expected.len()));
            if got != &expected[..got.len()] {
                return Err(Failure::failed(format!("a wrong byte after {received} B")));
            }
            received += got.len() as u64;
            bytes = rest;
        }
    }
    if received != options.bytes {
        return Err(Failure::failed(format!("{received} B came back of {} B", options.bytes)));
    }
    Ok(())
}

/// Keeps the connections until SIGTERM; an error where the server has closed one meanwhile.
async fn hold(connections: &[Connection], terminate: &mut Signal) -> Result<(), Failure> {
    println!("{HOLDING}");
    std::io::stdout().flush()?;
    terminate.recv().await;
    let closed = connections
        .iter()
        .enumerate()
        .find_map(|(index, connection)| Some((index, connection.close_reason()?)));
    match closed {
        None => Ok(()),
        Some((index, reason)) => Err(Failure::failed(format!("connection {index}: {reason}"))),
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Failure> {
    let late = |_| Failure::failed(format!("nothing for {} s", limit.as_secs()));
    timeout(limit, work).await.map_err(late)
}
