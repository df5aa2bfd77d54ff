//! Servers of blocking calls, from the standard library alone: no loop, no readiness, no runtime.

mod echo;
mod one;
mod threads;
mod udp;

use std::process::ExitCode;

use readily_benches::cli;

fn main() -> ExitCode {
    cli::run_subcommand("peer_blocking", &[one::ONE, threads::THREADS, udp::UDP])
}
