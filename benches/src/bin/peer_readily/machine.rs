//! The machines that tokio serves as well, under the loop that they were written for.

use std::net::SocketAddr;

use readily::{Address, Alone, Machine, Reactor};
use readily_benches::adapter::machines::{Echoing, Serving};
use readily_benches::cli::{self, Subcommand};
use readily_benches::failure::Failure;

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
    let mut reactor: Reactor<Alone<M>> = Reactor::new(Alone::new())?;
    let bound = reactor.listen(&Address::Ip(listen), move |_, _| Some(machine()))?;
    reactor.drain_on_signals()?;
    cli::announce(bound.ip().unwrap_or(listen))?;
    Ok(reactor.run()?)
}
