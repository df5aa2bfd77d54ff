//! Readily's servers that only comparisons need; the others are its examples.

mod broadcast;
mod files;
mod http;
mod machine;
mod tls;

use std::process::ExitCode;

use readily_benches::cli;

fn main() -> ExitCode {
    cli::run_subcommand(
        "peer_readily",
        &[
            http::HTTP,
            http::HTTPS,
            tls::TLS,
            files::FILES,
            broadcast::BROADCAST,
            machine::ECHO,
            machine::HTTP,
        ],
    )
}
