//! A TCP relay on tokio's `copy_bidirectional`.

use std::net::SocketAddr;

use readily_benches::cli::Subcommand;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

use crate::accept::accept;
use crate::runtime::{self, Threads};

pub(crate) const RELAY: Subcommand = Subcommand {
    usage: "relay --listen ADDR --to ADDR",
    prepare: |arguments| {
        let (listen, to) = (arguments.required("--listen")?, arguments.required("--to")?);
        Ok(Box::new(move || {
            runtime::run(Threads::ONE, accept(listen, move |stream| relay(stream, to)))
        }))
    },
};

async fn relay(mut downstream: TcpStream, to: SocketAddr) -> std::io::Result<()> {
    let mut upstream = TcpStream::connect(to).await?;
    upstream.set_nodelay(true)?;
    copy_bidirectional(&mut downstream, &mut upstream).await?;
    Ok(())
}
