//! The HTTP service of the comparison, bare and under TLS, on one loop or several.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use readily::http1::Server;
use readily::{Alone, Fleet, Listen, Machine, PortSharing, Reactor, Reservation, Seat, tls};
use readily_benches::cli::{self, Arguments, BadArgument, Job, Subcommand};
use readily_benches::failure::Failure;
use readily_benches::site::Site;
use readily_benches::tls::server;

pub(crate) const HTTP: Subcommand =
    Subcommand { usage: "http --listen ADDR [--loops N]", prepare: prepare_http };

pub(crate) const HTTPS: Subcommand =
    Subcommand { usage: "https --listen ADDR --cert-out FILE", prepare: prepare_https };

/// A connection is only ever a web server's; its deadlines are those of HTTP.
#[derive(Machine)]
enum Conn {
    Http(Server<Site>),
}

fn prepare_http(arguments: &mut Arguments) -> Result<Job, BadArgument> {
    let listen = arguments.required("--listen")?;
    let loops = arguments.option("--loops")?.unwrap_or(NonZeroUsize::MIN);
    Ok(Box::new(move || serve(listen, Listen::default(), loops)))
}

fn prepare_https(arguments: &mut Arguments) -> Result<Job, BadArgument> {
    let address = arguments.required("--listen")?;
    let cert_out: PathBuf = arguments.required("--cert-out")?;
    Ok(Box::new(move || {
        let tls = tls::Server::new(Arc::new(server(&cert_out, &[])?));
        let listen = Listen { tls: Some(tls.into()), ..Listen::default() };
        serve(address, listen, NonZeroUsize::MIN)
    }))
}

fn serve(address: SocketAddr, listen: Listen, loops: NonZeroUsize) -> Result<(), Failure> {
    // Port 0 has to be one port for all loops.
    let reservation = (loops.get() > 1).then(|| Reservation::new(address)).transpose()?;
    let (address, listen) = match &reservation {
        None => (address, listen),
        Some(one) => (one.address(), Listen { sharing: PortSharing::Shared, ..listen }),
    };
    let bound = OnceLock::new();
    let make = |seat: Seat| {
        let mut reactor: Reactor<Alone<Conn>> = Reactor::new(Alone::new())?;
        let (_, at) = reactor.listen_with(&address.into(), listen.clone(), |_, _| {
            Some(Conn::Http(Server::new(Site)))
        })?;
        if seat.index == 0 {
            reactor.drain_on_signals()?;
            bound.get_or_init(|| at.ip());
        }
        Ok(reactor)
    };
    let mut announced = Ok(());
    let bound = || bound.get().copied().flatten().unwrap_or(address);
    Fleet::new(loops).run(make, || announced = cli::announce(bound()))?;
    announced
}
