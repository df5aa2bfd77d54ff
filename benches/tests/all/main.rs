//! The peers and the load generators, as programs: every size comes back, every lie is noticed.

mod arguments;
mod lies;
mod peers;

use std::process::{Command, Output};

const LOAD: &str = env!("CARGO_BIN_EXE_load");
const QUIC_LOAD: &str = env!("CARGO_BIN_EXE_quic_load");
const MEASURE: &str = env!("CARGO_BIN_EXE_measure");

const RAW_EPOLL_ECHO: &str = env!("CARGO_BIN_EXE_raw_epoll_echo");
const TOKIO_ECHO: &str = env!("CARGO_BIN_EXE_tokio_echo");
const TOKIO_RELAY: &str = env!("CARGO_BIN_EXE_tokio_relay");
const RAW_EPOLL_HTTP: &str = env!("CARGO_BIN_EXE_raw_epoll_http");
const HYPER_HELLO: &str = env!("CARGO_BIN_EXE_hyper_hello");
const TOKIO_WS_ECHO: &str = env!("CARGO_BIN_EXE_tokio_ws_echo");
const TOKIO_TLS_ECHO: &str = env!("CARGO_BIN_EXE_tokio_tls_echo");
const QUINN_ECHO: &str = env!("CARGO_BIN_EXE_quinn_echo");

fn run(program: &str, arguments: &str) -> std::io::Result<Output> {
    Command::new(program).args(arguments.split_whitespace()).output()
}

fn assert_one_line(output: &Output, expected: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(expected), "{expected:?} is not in {stderr:?}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}
