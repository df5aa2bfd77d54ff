//! QUIC endpoints that talk in memory.
#![cfg(feature = "quic")]

mod datagrams;
mod endings;
mod exchange;
mod flows;
mod garbage;
mod handshake;
mod talk;
mod weather;
mod world;
