//! The WebSocket state, driven on paper: bytes in, events and bytes out.
#![cfg(feature = "websocket")]

mod both_ends;
mod client;
mod compressed;
mod cuts;
mod differential;
mod ends;
mod flood;
mod handshake;
mod headers;
mod holding;
mod limits;
mod masking;
#[path = "../common/seeds.rs"]
mod seeds;
mod sending;
mod story;
mod time;
mod transcripts;
mod tunnel;
mod utf8;
