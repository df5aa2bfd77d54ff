//! Servers on tokio, each as the documentation of its crate has it.

mod accept;
mod broadcast;
mod echo;
mod fast_broadcast;
mod fastwebsockets;
mod files;
mod http;
mod https;
mod machine;
mod quic;
mod relay;
mod runtime;
mod site;
mod tls;
mod udp;
mod upgrade;
mod websocket;

use std::process::ExitCode;

use readily_benches::cli::{self, Subcommand};

const SUBCOMMANDS: &[Subcommand] = &[
    echo::ECHO,
    udp::UDP,
    relay::RELAY,
    tls::TLS,
    http::HTTP,
    https::HTTPS,
    files::FILES,
    websocket::WEBSOCKET,
    fastwebsockets::FASTWEBSOCKETS,
    broadcast::BROADCAST,
    fast_broadcast::FAST_BROADCAST,
    quic::QUIC,
    machine::ECHO,
    machine::HTTP,
];

fn main() -> ExitCode {
    cli::run_subcommand("peer_tokio", SUBCOMMANDS)
}
