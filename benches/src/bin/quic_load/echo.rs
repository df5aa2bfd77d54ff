//! Small round trips: one stream on each connection, one message under way on each.

use std::cell::RefCell;
use std::time::Instant;

use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use quinn::{Connection, RecvStream, SendStream};
use readily_benches::failure::Failure;
use readily_benches::pattern::Pattern;
use readily_benches::summary::Summary;
use readily_benches::trial::{self, Trial};

use crate::client::{Client, WAVE};
use crate::stall::{unless_stalled, within};

/// Opens all connections, with one round trip each, which is not timed; then does the others.
pub(crate) async fn run(
    client: &mut Client,
    size: usize,
    options: trial::Options,
) -> Result<Summary, Failure> {
    let pattern = Pattern::new(size);
    let stall = client.to.stall;
    let opened: Vec<_> = stream::iter(0..client.to.connections)
        .map(|index| open(client, index, size, &pattern))
        .buffered(WAVE)
        .try_collect()
        .await?;
    let (connections, talks): (Vec<_>, Vec<_>) = opened.into_iter().unzip();
    client.connections = connections;

    let trial = RefCell::new(Trial::begin(options)?);
    let runs = talks.into_iter().map(|talk| talk.run(&pattern, &trial));
    unless_stalled(stall, &trial, try_join_all(runs)).await?;
    trial.into_inner().finish()
}

async fn open(
    client: &Client,
    index: usize,
    size: usize,
    pattern: &Pattern,
) -> Result<(Connection, Talk), Failure> {
    let connection = client.connect().await?;
    let (send, recv) = client.open(&connection).await?;
    let mut talk = Talk { index, sequence: 0, send, recv, incoming: vec![0; size] };
    within(client.to.stall, talk.round_trip(pattern)).await??;
    Ok((connection, talk))
}

/// One stream.
struct Talk {
    index: usize,
    /// Of the next message.
    sequence: u64,
    send: SendStream,
    recv: RecvStream,
    incoming: Vec<u8>,
}

impl Talk {
    async fn run(mut self, pattern: &Pattern, trial: &RefCell<Trial>) -> Result<(), Failure> {
        while trial.borrow_mut().starts(1) {
            let start = Instant::now();
            self.round_trip(pattern).await?;
            let now = Instant::now();
            let mut trial = trial.borrow_mut();
            trial.tick(now)?;
            trial.record(now - start);
        }
        Ok(())
    }

    async fn round_trip(&mut self, pattern: &Pattern) -> Result<(), Failure> {
        let Self { index, sequence, send, recv, incoming } = self;
        let broken = |error: String| {
            Failure::failed(format!("connection {index}, round trip {sequence}: {error}"))
        };
        let message = pattern.message(*index, *sequence);
        send.write_all(message).await.map_err(|error| broken(error.to_string()))?;
        recv.read_exact(incoming).await.map_err(|error| broken(error.to_string()))?;
        if let Some(at) = incoming.iter().zip(message).position(|(got, want)| got != want) {
            return Err(broken(format!("wrong byte at {at}")));
        }
        *sequence += 1;
        Ok(())
    }
}
