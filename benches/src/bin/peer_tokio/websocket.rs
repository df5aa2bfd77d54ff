//! The echo server of tokio-tungstenite's own examples.

use futures_util::{StreamExt, TryStreamExt, future};
use readily_benches::cli::Subcommand;
use tokio::net::TcpStream;
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::accept::accept;
use crate::runtime::{self, Threads};

/// Bytes read at once with `--tuned`: tungstenite's own 128 KiB are cleared for each connection.
const TUNED_READ_BUFFER: usize = 4 * 1024;

pub(crate) const WEBSOCKET: Subcommand = Subcommand {
    usage: "websocket --listen ADDR [--tuned]",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        let tuned = arguments.flag("--tuned");
        let config = tuned.then(|| WebSocketConfig::default().read_buffer_size(TUNED_READ_BUFFER));
        Ok(Box::new(move || {
            runtime::run(Threads::ONE, accept(listen, move |stream| echo(stream, config)))
        }))
    },
};

async fn echo(stream: TcpStream, config: Option<WebSocketConfig>) -> Result<(), Error> {
    let (write, read) = accept_async_with_config(stream, config).await?.split();
    read.try_filter(|message| future::ready(message.is_text() || message.is_binary()))
        .forward(write)
        .await
}
