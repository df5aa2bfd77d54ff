//! Machines of Readily on tokio: see the adapter.

use std::net::SocketAddr;

use readily::{Alone, Machine};
use readily_benches::adapter;
use readily_benches::adapter::machines::{Echoing, Serving};
use readily_benches::cli::{self, Subcommand};
use readily_benches::failure::Failure;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, LocalOptions};
use tokio::signal::unix::{SignalKind, signal};

pub(crate) const ECHO: Subcommand = Subcommand {
    usage: "machine-echo --listen ADDR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        Ok(Box::new(move || run(listen, Echoing::accepted)))
    },
};

pub(crate) const HTTP: Subcommand = Subcommand {
    usage: "machine-http --listen ADDR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        Ok(Box::new(move || run(listen, Serving::accepted)))
    },
};

fn run<M>(listen: SocketAddr, machine: fn() -> M) -> Result<(), Failure>
where
    M: Machine<App = Alone<M>> + 'static,
{
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        let mut terminate = signal(SignalKind::terminate())?;
        cli::announce(listener.local_addr()?)?;
        tokio::select! {
            Err(failure) = adapter::serve(listener, Alone::new(), machine) => Err(failure),
            _ = terminate.recv() => Ok(()),
        }
    })
}
