//! TLS as a carrier under any machine: rustls, confined.

#[cfg(feature = "tls")]
mod buffered;
#[cfg(feature = "tls")]
mod client;
#[cfg(feature = "tls")]
mod fault;
#[cfg(feature = "tls")]
mod hello;
#[cfg(feature = "tls")]
mod server;
mod session;

#[cfg(feature = "tls")]
pub use client::Client;
#[cfg(feature = "tls")]
pub use fault::{
    ALERT, BAD_RECORD, BROKEN, CONFIGURATION, EARLY_DATA, FLOOD, HANDSHAKE, HELLO_TOO_LARGE,
    KEYS_SPENT, NO_PROTOCOL, NOT_TLS, RESOURCES, SERVER_NAME,
};
#[cfg(feature = "tls")]
pub use hello::HELLO_MAX;
#[cfg(feature = "tls")]
pub use server::{Limits, Server};
pub use session::{Acceptor, Fed, Session};
