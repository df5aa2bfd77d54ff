//! The WebSocket state, driven on paper: bytes in, events and bytes out.
#![cfg(feature = "websocket")]

mod both_ends;
mod client;
mod cuts;
mod differential;
mod flood;
mod handshake;
mod headers;
mod limits;
#[path = "../common/seeds.rs"]
mod seeds;
mod story;
mod time;
mod transcripts;
mod tunnel;
mod utf8;
