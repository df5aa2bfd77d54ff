//! QUIC endpoints that talk in memory.
#![cfg(feature = "quic")]

mod endings;
mod exchange;
mod flows;
mod talk;
mod world;
