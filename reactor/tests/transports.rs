//! One machine, every transport: the same `Echo` on TCP, a Unix socket, TLS, a QUIC stream, the
//! messages of a WebSocket, and in the simulator.
#![cfg(all(feature = "quic", feature = "websocket"))]

#[path = "transports/calls.rs"]
mod calls;
#[path = "transports/town.rs"]
mod town;

use town::{Doors, Town};

/// What each transport carries there and back: more than any buffer on the way holds.
fn text() -> Vec<u8> {
    (0..400_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

type Call = fn(&Doors, &[u8]) -> Vec<u8>;

#[test]
fn the_same_echo_runs_on_every_transport() {
    let calls: [(&str, Call); 5] = [
        ("TCP", calls::tcp),
        ("Unix", calls::unix),
        ("TLS", calls::tls),
        ("QUIC", calls::quic),
        ("WebSocket", calls::websocket),
    ];
    let (town, text) = (Town::open(), text());
    for (name, call) in calls {
        let heard = call(town.doors(), &text);
        assert!(heard == text, "{name}: {} of {} bytes", heard.len(), text.len());
    }
    let closed = town.close();
    let ended = (closed.ended, closed.ended_finished, closed.buffered);
    assert_eq!(ended, (5, 5, 0), "each connection ends in order: {closed:?}");
}

#[test]
fn and_in_the_simulator() {
    let text = text();
    assert!(calls::simulated(&text) == text);
}
