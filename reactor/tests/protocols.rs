//! TLS, QUIC, HTTP and WebSocket on the real loop in the simulator.
//!
//! `READILY_SEED=n` replays one seed of each random world, `READILY_SEEDS=n` runs so many of them;
//! a failure prints its seed. `READILY_TRACE=1` prints what the loop does. Keys and nonces are
//! drawn by ring, whatever the seed is: but nothing that is random has a random length, so the same
//! seed is the same run to the system call.
#![cfg(all(feature = "http1", feature = "quic", feature = "tls", feature = "websocket"))]

#[path = "protocols/caller.rs"]
mod caller;
#[path = "protocols/carried_files.rs"]
mod carried_files;
#[path = "protocols/chat.rs"]
mod chat;
#[path = "common/drawer.rs"]
mod drawer;
#[path = "protocols/guest.rs"]
mod guest;
#[path = "protocols/http.rs"]
mod http;
#[path = "protocols/http_client.rs"]
mod http_client;
#[path = "protocols/keys.rs"]
mod keys;
#[path = "protocols/peer.rs"]
mod peer;
#[path = "protocols/place.rs"]
mod place;
#[path = "common/planned.rs"]
mod planned;
#[path = "protocols/quic_ends.rs"]
mod quic_ends;
#[path = "protocols/quic_flow.rs"]
mod quic_flow;
#[path = "protocols/quic_world.rs"]
mod quic_world;
#[path = "protocols/site.rs"]
mod site;
#[path = "protocols/tls_client.rs"]
mod tls_client;
#[path = "protocols/tls_client_world.rs"]
mod tls_client_world;
#[path = "protocols/tls_crowd.rs"]
mod tls_crowd;
#[path = "protocols/tls_ends.rs"]
mod tls_ends;
#[path = "protocols/tls_files.rs"]
mod tls_files;
#[path = "protocols/tls_gone.rs"]
mod tls_gone;
#[path = "protocols/tls_limits.rs"]
mod tls_limits;
#[path = "protocols/tls_relays.rs"]
mod tls_relays;
#[path = "protocols/tls_spent.rs"]
mod tls_spent;
#[path = "protocols/tls_talk.rs"]
mod tls_talk;
#[path = "protocols/tls_troubles.rs"]
mod tls_troubles;
#[path = "protocols/tls_world.rs"]
mod tls_world;
#[path = "protocols/town.rs"]
mod town;
#[path = "protocols/upstream.rs"]
mod upstream;
#[path = "protocols/ws_turns.rs"]
mod ws_turns;
#[path = "protocols/ws_worlds.rs"]
mod ws_worlds;
