//! monoio's echo server on one thread: the loop of its own example, with 16 KiB of buffer for each
//! connection.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use monoio::{IoUringDriver, LegacyDriver, RuntimeBuilder};
use readily_benches::cli::{self, Arguments, BadArgument, Job, Subcommand};
use readily_benches::failure::Failure;
use readily_benches::interface::Interface;
use signal_hook::consts::SIGTERM;

const ECHO: Subcommand =
    Subcommand { usage: "echo --listen ADDR [--driver uring|epoll] [--buffer BYTES]", prepare };
/// Unless told.
const BUFFER: usize = 16 << 10;

fn main() -> ExitCode {
    cli::run_subcommand("peer_monoio", &[ECHO])
}

fn prepare(arguments: &mut Arguments) -> Result<Job, BadArgument> {
    let listen = arguments.required("--listen")?;
    let driver = arguments.option("--driver")?.unwrap_or(Interface::Uring);
    let buffer = arguments.option("--buffer")?.unwrap_or(BUFFER);
    Ok(Box::new(move || run(listen, driver, buffer)))
}

fn run(listen: SocketAddr, driver: Interface, buffer: usize) -> Result<(), Failure> {
    // monoio's own way to hear of a signal needs a thread that wakes the runtime.
    signal_hook::flag::register_conditional_shutdown(SIGTERM, 0, Arc::new(AtomicBool::new(true)))?;
    let refused = |error| Failure::from(error).during(driver.name());
    match driver {
        Interface::Uring => {
            let mut ring = RuntimeBuilder::<IoUringDriver>::new().build().map_err(refused)?;
            ring.block_on(serve(listen, buffer))
        }
        Interface::Epoll => {
            let mut poll = RuntimeBuilder::<LegacyDriver>::new().build().map_err(refused)?;
            poll.block_on(serve(listen, buffer))
        }
    }
}

async fn serve(listen: SocketAddr, buffer: usize) -> Result<(), Failure> {
    let listener = TcpListener::bind(listen)?;
    cli::announce(listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        monoio::spawn(echo(stream, buffer));
    }
}

async fn echo(mut stream: TcpStream, buffer: usize) {
    let mut buffer = Vec::with_capacity(buffer);
    loop {
        let (read, filled) = stream.read(buffer).await;
        if !matches!(read, Ok(1..)) {
            return;
        }
        let (written, emptied) = stream.write_all(filled).await;
        if written.is_err() {
            return;
        }
        buffer = emptied;
        buffer.clear();
    }
}
