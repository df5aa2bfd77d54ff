//! fastwebsockets with tokio's broadcast channel: each message goes to every client.

use fastwebsockets::upgrade::UpgradeFut;
use fastwebsockets::{
    FragmentCollectorRead, Frame, OpCode, Payload, WebSocketError, WebSocketRead, WebSocketWrite,
};
use hyper::body::Bytes;
use readily_benches::cli::Subcommand;
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, split};
use tokio::sync::Mutex;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};

use crate::accept::accept;
use crate::broadcast::MESSAGES_BEHIND;
use crate::runtime::{self, Threads};
use crate::upgrade;

pub(crate) const FAST_BROADCAST: Subcommand = Subcommand {
    usage: "fast-broadcast --listen ADDR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        Ok(Box::new(move || {
            let all = Sender::new(MESSAGES_BEHIND);
            let server = accept(listen, move |stream| {
                let all = all.clone();
                upgrade::answer(stream, move |upgraded| {
                    // Before the answer, so that a client that has it misses nothing.
                    serve(upgraded, all.subscribe(), all.clone())
                })
            });
            runtime::run(Threads::ONE, server)
        }))
    },
};

async fn serve(
    upgraded: UpgradeFut,
    messages: Receiver<Bytes>,
    all: Sender<Bytes>,
) -> Result<(), WebSocketError> {
    let (reader, writer) = upgraded.await?.split(|stream| {
        let (reader, writer) = split(stream);
        (reader, BufWriter::new(writer))
    });
    let writer = Mutex::new(writer);
    tokio::select! {
        end = receive(reader, &writer, all) => end,
        end = send(messages, &writer) => end,
    }
}

/// Hands each message of the client to all.
async fn receive(
    reader: WebSocketRead<impl AsyncRead + Unpin>,
    writer: &Mutex<WebSocketWrite<impl AsyncWrite + Unpin>>,
    all: Sender<Bytes>,
) -> Result<(), WebSocketError> {
    let mut reader = FragmentCollectorRead::new(reader);
    // What the protocol obliges a server to answer: pongs and the close.
    let mut oblige = async |frame| {
        let mut writer = writer.lock().await;
        writer.write_frame(frame).await?;
        writer.flush().await
    };
    loop {
        let Frame { opcode, payload, .. } = reader.read_frame(&mut oblige).await?;
        match opcode {
            OpCode::Close => return Ok(()),
            OpCode::Binary => {
                // Nobody but this client itself can be missing.
                let _ = all.send(shared(payload));
            }
            _ => {}
        }
    }
}

/// Sends the client what there is for all, with one flush for as much as there is.
async fn send(
    mut messages: Receiver<Bytes>,
    writer: &Mutex<WebSocketWrite<impl AsyncWrite + Unpin>>,
) -> Result<(), WebSocketError> {
    loop {
        let mut next = match messages.recv().await {
            Ok(message) => Some(message),
            Err(RecvError::Lagged(_) | RecvError::Closed) => return Ok(()),
        };
        let mut writer = writer.lock().await;
        while let Some(message) = next {
            writer.write_frame(Frame::binary(Payload::Borrowed(&message))).await?;
            next = messages.try_recv().ok();
        }
        writer.flush().await?;
    }
}

/// Without a copy where the payload allows it.
fn shared(payload: Payload<'_>) -> Bytes {
    match payload {
        Payload::Bytes(bytes) => bytes.freeze(),
        Payload::Owned(bytes) => bytes.into(),
        Payload::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
        Payload::BorrowedMut(bytes) => Bytes::copy_from_slice(bytes),
    }
}
