//! Topics: what is published, and what becomes of those who do not keep up.
#![cfg(feature = "websocket")]

mod bounds;
mod model;
mod order;
mod pull;
mod random;
#[path = "../common/seeds.rs"]
mod seeds;
mod stuck;
mod world;
