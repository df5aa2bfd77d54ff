//! How a connection is closed: in order, with a last look at what still comes, or by a reset.

use std::io;
use std::time::Duration;

use readily::{Config, End, Fault, Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::ends::{Ends, Pool, load_file};

/// Whether what is queued may still be said.
pub(super) fn is_in_order(why: End) -> bool {
    match why {
        End::Finished | End::Fault(Fault::Peer(_)) => true,
        End::Fault(Fault::TimedOut(reason)) => reason != Reason::SendStall,
        _ => false,
    }
}

/// Closes with a reset.
pub(super) fn reset(stream: &TcpStream) {
    // It is closed either way; on a socket that has failed already there is nobody to tell.
    let _ = stream.set_zero_linger();
}

/// Sends what is queued, then our end, then discards what still arrives until the peer's end, with
/// the loop's limits: closing with unread bytes would make the kernel send a reset.
pub(super) async fn linger(stream: &mut TcpStream, ends: &mut Ends) {
    if send_all(stream, ends).await.is_err() {
        return reset(stream);
    }
    if !ends.rx.has_ended() && stream.shutdown().await.is_ok() {
        let _ = timeout(Config::LINGER_WITHIN, discard(stream, ends)).await;
    }
}

async fn send_all(stream: &mut TcpStream, ends: &mut Ends) -> io::Result<()> {
    loop {
        load_file(&mut ends.tx, &mut Pool::default())?;
        let Some((bytes, _)) = ends.tx.front() else { return Ok(()) };
        let sent = within(Config::SEND_STALL, stream.write(bytes)).await?;
        if sent == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        ends.tx.consume(sent, drop);
    }
}

async fn discard(stream: &mut TcpStream, ends: &mut Ends) -> io::Result<()> {
    let mut left = Config::LINGER_BYTES;
    loop {
        ends.rx.consume(ends.rx.len());
        ends.rx.rewind();
        let read = within(Config::LINGER_IDLE, stream.read(ends.rx.space())).await?;
        if read == 0 || read > left {
            return Ok(());
        }
        left -= read;
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}
