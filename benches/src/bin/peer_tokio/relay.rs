//! A TCP relay on tokio's `copy_bidirectional`.

use std::net::SocketAddr;

use readily_benches::cli::Subcommand;
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::TcpStream;

use crate::accept::accept;
use crate::runtime::{self, Threads};

/// Each way, unless told: that of `copy_bidirectional`.
const BUFFER: usize = 8 * 1024;

pub(crate) const RELAY: Subcommand = Subcommand {
    usage: "relay --listen ADDR --to ADDR [--buffer BYTES]",
    prepare: |arguments| {
        let (listen, to) = (arguments.required("--listen")?, arguments.required("--to")?);
        let buffer = arguments.option("--buffer")?.unwrap_or(BUFFER);
        Ok(Box::new(move || {
            runtime::run(Threads::ONE, accept(listen, move |stream| relay(stream, to, buffer)))
        }))
    },
};

async fn relay(mut downstream: TcpStream, to: SocketAddr, buffer: usize) -> std::io::Result<()> {
    let mut upstream = TcpStream::connect(to).await?;
    upstream.set_nodelay(true)?;
    copy_bidirectional_with_sizes(&mut downstream, &mut upstream, buffer, buffer).await?;
    Ok(())
}
