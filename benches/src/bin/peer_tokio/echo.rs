//! The echo server of tokio's own documentation, with a buffer of 16 KiB.

use readily_benches::cli::Subcommand;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::accept::accept;
use crate::runtime::{self, Threads};

/// Unless told.
const BUFFER: usize = 16 * 1024;

pub(crate) const ECHO: Subcommand = Subcommand {
    usage: "echo --listen ADDR [--threads N] [--buffer BYTES]",
    prepare: |arguments| {
        let (listen, threads) = (arguments.required("--listen")?, Threads::among(arguments)?);
        let buffer = arguments.option("--buffer")?.unwrap_or(BUFFER);
        Ok(Box::new(move || {
            runtime::run(threads, accept(listen, move |stream| echo(stream, buffer)))
        }))
    },
};

async fn echo(mut stream: TcpStream, buffer: usize) -> std::io::Result<()> {
    let mut buffer = vec![0; buffer];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..read]).await?;
    }
}
