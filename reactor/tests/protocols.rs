//! TLS, QUIC, HTTP and WebSocket on the real loop in the simulator.
#![cfg(all(feature = "http1", feature = "quic", feature = "tls", feature = "websocket"))]

#[path = "protocols/caller.rs"]
mod caller;
#[path = "protocols/keys.rs"]
mod keys;
#[path = "protocols/peer.rs"]
mod peer;
#[path = "protocols/place.rs"]
mod place;
#[path = "common/planned.rs"]
mod planned;
#[path = "protocols/quic_world.rs"]
mod quic_world;
#[path = "protocols/tls_ends.rs"]
mod tls_ends;
#[path = "protocols/tls_limits.rs"]
mod tls_limits;
#[path = "protocols/tls_relays.rs"]
mod tls_relays;
#[path = "protocols/tls_talk.rs"]
mod tls_talk;
#[path = "protocols/tls_troubles.rs"]
mod tls_troubles;
#[path = "protocols/tls_world.rs"]
mod tls_world;
#[path = "protocols/town.rs"]
mod town;
#[path = "protocols/chat.rs"]
mod chat;
#[path = "protocols/guest.rs"]
mod guest;
#[path = "protocols/http.rs"]
mod http;
#[path = "protocols/site.rs"]
mod site;
