//! The contract of Readily, and protocols written on it: no socket, no clock, no thread, no future.
//!
//! [`contract`] says what a connection state and a datagram endpoint are. The other modules are
//! machines that follow it. Nothing here does I/O: a driver (the mio loop of the `readily` crate,
//! its simulator, a blocking loop, a fuzzer) lends the buffers and the time, and the same value
//! runs on each of them.
//!
//! Guarantees: no call blocks, reads a clock, or draws randomness of its own. Not guaranteed: that
//! a state of yours keeps these rules; the lints of this crate only watch this crate.

pub mod contract;
pub mod echo;
#[cfg(feature = "http1")]
pub mod http1;
#[cfg(feature = "quic")]
pub mod quic;
pub mod relay;
pub mod testing;
pub mod tls;
pub mod udp_echo;
#[cfg(feature = "websocket")]
pub mod websocket;
