//! tokio-tungstenite with tokio's broadcast channel: each message goes to every client.

use futures_util::{SinkExt, StreamExt};
use readily_benches::cli::Subcommand;
use tokio::net::TcpStream;
use tokio::sync::broadcast::Sender;
use tokio::sync::broadcast::error::RecvError;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::accept::accept;
use crate::runtime::{self, Threads};

/// A client that is further behind than this is closed: it would miss messages.
pub(crate) const MESSAGES_BEHIND: usize = 1024;

pub(crate) const BROADCAST: Subcommand = Subcommand {
    usage: "broadcast --listen ADDR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        Ok(Box::new(move || {
            let all = Sender::new(MESSAGES_BEHIND);
            runtime::run(Threads::ONE, accept(listen, move |stream| serve(stream, all.clone())))
        }))
    },
};

async fn serve(stream: TcpStream, all: Sender<Message>) -> Result<(), Error> {
    // Before the handshake, so that a client that has its end misses nothing.
    let mut messages = all.subscribe();
    let mut socket = accept_async(stream).await?;
    loop {
        tokio::select! {
            received = socket.next() => match received {
                Some(Ok(message @ Message::Binary(_))) => {
                    // Nobody but this client itself can be missing.
                    let _ = all.send(message);
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
            message = messages.recv() => {
                let mut next = match message {
                    Ok(message) => Some(message),
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return Ok(()),
                };
                while let Some(message) = next {
                    socket.feed(message).await?;
                    next = messages.try_recv().ok();
                }
                socket.flush().await?;
            }
        }
    }
}
