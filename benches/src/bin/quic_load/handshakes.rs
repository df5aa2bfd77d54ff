//! Connections that live for one byte: a whole handshake, a stream, the byte back, the end.

use std::cell::RefCell;
use std::time::Instant;

use futures_util::future::try_join_all;
use readily_benches::failure::Failure;
use readily_benches::summary::Summary;
use readily_benches::trial::{self, Trial};

use crate::client::Client;
use crate::stall::unless_stalled;

/// Keeps as many connections under way as there are to be.
pub(crate) async fn run(client: &Client, options: trial::Options) -> Result<Summary, Failure> {
    let trial = RefCell::new(Trial::begin(options)?);
    let runs = (0..client.to.connections).map(|_| one_by_one(client, &trial));
    unless_stalled(client.to.stall, &trial, try_join_all(runs)).await?;
    trial.into_inner().finish()
}

async fn one_by_one(client: &Client, trial: &RefCell<Trial>) -> Result<(), Failure> {
    while trial.borrow_mut().starts(1) {
        let start = Instant::now();
        let number = trial.borrow().done();
        handshake(client, number.to_le_bytes()[0])
            .await
            .map_err(|failure| failure.during(&format!("after {number} handshakes")))?;
        let now = Instant::now();
        let mut trial = trial.borrow_mut();
        trial.tick(now)?;
        trial.record(now - start);
    }
    Ok(())
}

async fn handshake(client: &Client, byte: u8) -> Result<(), Failure> {
    let connection = client.connect().await?;
    let (mut send, mut recv) = client.open(&connection).await?;
    send.write_all(&[byte]).await.map_err(Failure::failed)?;
    let mut answer = [0];
    recv.read_exact(&mut answer).await.map_err(Failure::failed)?;
    if answer != [byte] {
        return Err(Failure::failed(format!("the byte {:02x} instead of {byte:02x}", answer[0])));
    }
    connection.close(0_u8.into(), b"");
    Ok(())
}
