//! One connection at a time: the next one waits until this one is closed.

use std::net::{SocketAddr, TcpListener};

use readily_benches::cli::{self, Subcommand};
use readily_benches::failure::Failure;
use readily_benches::terminate;

use crate::echo::echo;

pub(crate) const ONE: Subcommand = Subcommand {
    usage: "one --listen ADDR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        Ok(Box::new(move || serve(listen)))
    },
};

fn serve(listen: SocketAddr) -> Result<(), Failure> {
    terminate::exit_on_sigterm()?;
    let listener = TcpListener::bind(listen)?;
    cli::announce(listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept()?;
        // How a connection ends is its client's affair.
        let _ = echo(stream);
    }
}
