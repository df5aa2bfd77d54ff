//! Readily's servers that only comparisons need; the others are its examples.

mod broadcast;
mod files;
mod http;
mod machine;

use std::process::ExitCode;

use readily_benches::cli;

fn main() -> ExitCode {
    cli::run_subcommand(
        "peer_readily",
        &[
            http::HTTP,
            http::HTTPS,
            files::FILES,
            broadcast::BROADCAST,
            machine::ECHO,
            machine::HTTP,
        ],
    )
}
