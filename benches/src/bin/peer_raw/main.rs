//! The limits: what a protocol costs with no framework around it.

mod answers;
mod echo;
mod http;
mod output;
mod requests;
mod udp;

use std::process::ExitCode;

use readily_benches::cli;

fn main() -> ExitCode {
    cli::run_subcommand("peer_raw", &[echo::ECHO, http::HTTP, udp::UDP])
}
