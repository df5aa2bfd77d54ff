//! The echo server of tokio's own documentation, on one thread, with a buffer of 16 KiB.

use std::net::SocketAddr;
use std::process::ExitCode;

use readily_benches::cli;
use readily_benches::failure::Failure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

const BUFFER: usize = 16 * 1024;

fn main() -> ExitCode {
    cli::run("tokio_echo --listen ADDR", |arguments| arguments.required("--listen"), serve)
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

async fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..read]).await?;
    }
}
