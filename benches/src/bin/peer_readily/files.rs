//! The files of a folder.

use std::net::SocketAddr;
use std::path::PathBuf;

use readily::files::{Files, Serve};
use readily::http1::Server;
use readily::{Alone, Machine, Reactor};
use readily_benches::cli::{self, Arguments, BadArgument, Job, Subcommand};
use readily_benches::failure::Failure;

pub(crate) const FILES: Subcommand =
    Subcommand { usage: "files --listen ADDR --root DIR", prepare };

#[derive(Machine)]
enum Conn {
    Http(Server<Serve>),
}

fn prepare(arguments: &mut Arguments) -> Result<Job, BadArgument> {
    let (listen, root) = (arguments.required("--listen")?, arguments.required("--root")?);
    Ok(Box::new(move || serve(listen, root)))
}

fn serve(listen: SocketAddr, root: PathBuf) -> Result<(), Failure> {
    let files = Files::open(&root)
        .map_err(|error| Failure::from(error).during(&root.display().to_string()))?;
    let mut reactor: Reactor<Alone<Conn>> = Reactor::new(Alone::new())?;
    let bound = reactor.listen(&listen.into(), move |_, _| {
        Some(Conn::Http(Server::new(Serve::new(files.clone()))))
    })?;
    reactor.drain_on_signals()?;
    cli::announce(bound.ip().unwrap_or(listen))?;
    Ok(reactor.run()?)
}
