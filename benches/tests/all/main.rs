//! The peers and the load generators, as programs: every size comes back, every lie is noticed.

mod arguments;
mod broadcasts;
mod compare;
mod datagrams;
mod fan;
mod floor;
mod lies;
mod machine;
mod million;
mod peers;
mod quic;
mod routes;
mod slow;
mod system;
mod transcripts;
mod udp;

use std::process::{Command, Output};

const COMPARE: &str = env!("CARGO_BIN_EXE_compare");
const DRIPPED: &str = env!("CARGO_BIN_EXE_dripped");
const FAN_LOAD: &str = env!("CARGO_BIN_EXE_fan_load");
const LOAD: &str = env!("CARGO_BIN_EXE_load");
const MEASURE: &str = env!("CARGO_BIN_EXE_measure");
const MILLION: &str = env!("CARGO_BIN_EXE_million");
const QUIC_LOAD: &str = env!("CARGO_BIN_EXE_quic_load");
const SLOW_HEADS: &str = env!("CARGO_BIN_EXE_slow_heads");
const TLS_FLOOR: &str = env!("CARGO_BIN_EXE_tls_floor");
const UDP_LOAD: &str = env!("CARGO_BIN_EXE_udp_load");

const PEER_BLOCKING: &str = env!("CARGO_BIN_EXE_peer_blocking");
const PEER_MIO: &str = env!("CARGO_BIN_EXE_peer_mio");
const PEER_RAW: &str = env!("CARGO_BIN_EXE_peer_raw");
const PEER_READILY: &str = env!("CARGO_BIN_EXE_peer_readily");
const PEER_TOKIO: &str = env!("CARGO_BIN_EXE_peer_tokio");

fn run(program: &str, arguments: &str) -> std::io::Result<Output> {
    Command::new(program).args(arguments.split_whitespace()).output()
}

fn assert_one_line(output: &Output, expected: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(expected), "{expected:?} is not in {stderr:?}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}
