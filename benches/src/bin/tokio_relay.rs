//! A TCP relay on tokio's `copy_bidirectional`, on one thread.

use std::net::SocketAddr;
use std::process::ExitCode;

use readily_benches::cli;
use readily_benches::failure::Failure;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    cli::run(
        "tokio_relay --listen ADDR --to ADDR",
        |arguments| Ok((arguments.required("--listen")?, arguments.required("--to")?)),
        serve,
    )
}

#[tokio::main(flavor = "current_thread")]
async fn serve((listen, to): (SocketAddr, SocketAddr)) -> Result<(), Failure> {
    let listener = TcpListener::bind(listen).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    cli::announce(listener.local_addr()?)?;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                tokio::spawn(relay(stream, to));
            }
            _ = terminate.recv() => return Ok(()),
        }
    }
}

async fn relay(mut downstream: TcpStream, to: SocketAddr) -> std::io::Result<()> {
    let mut upstream = TcpStream::connect(to).await?;
    downstream.set_nodelay(true)?;
    upstream.set_nodelay(true)?;
    copy_bidirectional(&mut downstream, &mut upstream).await?;
    Ok(())
}
