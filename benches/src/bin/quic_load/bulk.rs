//! Many bytes over one stream of each connection, while they come back.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use quinn::{Connection, RecvStream, SendStream};
use readily_benches::driver::Length;
use readily_benches::failure::Failure;
use readily_benches::pattern::Pattern;
use readily_benches::summary::Summary;
use readily_benches::trial::{self, Trial};
use rustix::process::Pid;

use crate::client::{Client, WAVE};
use crate::stall::within;

/// Bytes that one stream sends go in messages of this size.
const MESSAGE: u64 = 64 * 1024;

const MIB: f64 = (1 << 20) as f64;

/// Sends `bytes` on each connection; a unit is a MiB that has come back, or what is left of one.
///
/// What is timed begins with the first byte, so that a bulk on one connection has no handshake in
/// it.
pub(crate) async fn run(
    client: &mut Client,
    bytes: u64,
    server: Option<Pid>,
) -> Result<Summary, Failure> {
    let pattern = Pattern::new(MESSAGE as usize);
    let first = client.connect().await?;
    let all = bytes * client.to.connections as u64;
    let units = all.div_ceil(1 << 20);
    let trial = Trial::begin(trial::Options { length: Length::Requests(units), server })?;
    let start = Instant::now();
    echo(client, &first, 0, &pattern, bytes).await?;
    let others = stream::iter(1..client.to.connections).map(|index| {
        let (client, pattern) = (&*client, &pattern);
        async move {
            let connection = client.connect().await?;
            echo(client, &connection, index, pattern, bytes).await?;
            Ok::<_, Failure>(connection)
        }
    });
    let others: Vec<Connection> = others.buffered(WAVE).try_collect().await?;
    let seconds = start.elapsed().as_secs_f64();
    let found = trial.finish()?;
    client.connections.push(first);
    client.connections.extend(others);
    let per_second = all as f64 / MIB / seconds;
    Ok(Summary { round_trips: units, timed: units, seconds, per_second, ..found })
}

/// What was found, for a reader.
pub(crate) fn in_words(bytes: u64, summary: &Summary) -> String {
    let (mib, Summary { seconds, per_second, .. }) = (bytes as f64 / MIB, summary);
    format!("{mib:.1} MiB echoed in {seconds:.3} s, {per_second:.1} MiB per second")
}

/// Sends the bytes of connection `index` over a new stream, while they come back.
async fn echo(
    client: &Client,
    connection: &Connection,
    index: usize,
    pattern: &Pattern,
    bytes: u64,
) -> Result<(), Failure> {
    let (send, recv) = client.open(connection).await?;
    let sends = send_all(send, index, pattern, bytes);
    let receives = receive_all(recv, index, pattern, bytes, client.to.stall);
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
    expected: u64,
    stall: Duration,
) -> Result<(), Failure> {
    let mut received = 0;
    while let Some(chunk) =
        within(stall, recv.read_chunk(usize::MAX, true)).await?.map_err(Failure::failed)?
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
    if received != expected {
        return Err(Failure::failed(format!("{received} B came back of {expected} B")));
    }
    Ok(())
}
