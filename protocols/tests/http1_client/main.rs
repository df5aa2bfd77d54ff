//! The client side of HTTP/1.1, driven without a loop.
#![cfg(feature = "http1")]

mod emitted;
mod framing;
mod reuse;
#[path = "../common/seeds.rs"]
mod seeds;
mod support;
mod times;
mod transcripts;
mod uploads;
