//! The echo server of tokio-tungstenite's own examples, on one thread.

use std::net::SocketAddr;
use std::process::ExitCode;

use futures_util::{StreamExt, TryStreamExt, future};
use readily_benches::cli;
use readily_benches::failure::Failure;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Error;

fn main() -> ExitCode {
    cli::run("tokio_ws_echo --listen ADDR", |arguments| arguments.required("--listen"), serve)
}

#[tokio::main(flavor = "current_thread")]
async fn serve(listen: SocketAddr) -> Result<(), Failure> {
    let listener = TcpListener::bind(listen).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    cli::announce(listener.local_addr()?)?;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                tokio::spawn(echo(stream));
            }
            _ = terminate.recv() => return Ok(()),
        }
    }
}

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let (write, read) = accept_async(stream).await?.split();
    read.try_filter(|message| future::ready(message.is_text() || message.is_binary()))
        .forward(write)
        .await
}
