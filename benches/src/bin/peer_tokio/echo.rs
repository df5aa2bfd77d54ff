//! The echo server of tokio's own documentation, with a buffer of 16 KiB.

use readily_benches::cli::Subcommand;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::accept::accept;
use crate::runtime::{self, Threads};

const BUFFER: usize = 16 * 1024;

pub(crate) const ECHO: Subcommand = Subcommand {
    usage: "echo --listen ADDR [--threads N]",
    prepare: |arguments| {
        let (listen, threads) = (arguments.required("--listen")?, Threads::among(arguments)?);
        Ok(Box::new(move || runtime::run(threads, accept(listen, echo))))
    },
};

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
