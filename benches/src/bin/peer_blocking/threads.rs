//! A thread for each connection.

use std::net::{SocketAddr, TcpListener};
use std::thread::Builder;

use readily_benches::cli::{self, Subcommand};
use readily_benches::failure::Failure;
use readily_benches::terminate;

use crate::echo::echo;

/// The buffer of 16 KiB and room for the calls; 2 MiB, which are usual, would be 30 GiB of address
/// space for 15,000 connections. Only pages that are touched take memory, whatever the size.
const STACK: usize = 64 * 1024;

pub(crate) const THREADS: Subcommand = Subcommand {
    usage: "threads --listen ADDR",
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
        Builder::new().stack_size(STACK).spawn(|| echo(stream))?;
    }
}
