//! The echo machine under TLS, with the very configuration that tokio-rustls is given.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use readily::{Alone, Listen, Reactor, tls};
use readily_benches::adapter::machines::Echoing;
use readily_benches::cli::{self, Subcommand};
use readily_benches::failure::Failure;
use readily_benches::tls::resumable_server;

pub(crate) const TLS: Subcommand = Subcommand {
    usage: "tls --listen ADDR --cert-out FILE",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        let cert_out: PathBuf = arguments.required("--cert-out")?;
        Ok(Box::new(move || run(listen, &cert_out)))
    },
};

fn run(address: SocketAddr, cert_out: &Path) -> Result<(), Failure> {
    let tls = tls::Server::new(Arc::new(resumable_server(cert_out)?));
    let listen = Listen { tls: Some(tls.into()), ..Listen::default() };
    let mut reactor: Reactor<Alone<Echoing>> = Reactor::new(Alone::new())?;
    let (_, bound) =
        reactor.listen_with(&address.into(), listen, |_, _| Some(Echoing::accepted()))?;
    reactor.drain_on_signals()?;
    cli::announce(bound.ip().unwrap_or(address))?;
    Ok(reactor.run()?)
}
