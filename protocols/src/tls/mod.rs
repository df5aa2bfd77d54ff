//! TLS as a carrier under any machine: rustls, confined.

#[cfg(feature = "tls")]
mod again;
#[cfg(feature = "tls")]
mod buffered;
#[cfg(feature = "tls")]
mod certificates;
#[cfg(feature = "tls")]
mod client;
#[cfg(feature = "tls")]
mod error;
#[cfg(feature = "tls")]
mod fault;
#[cfg(feature = "tls")]
mod hello;
#[cfg(feature = "tls")]
mod identity;
#[cfg(feature = "tls")]
mod plaintext;
#[cfg(feature = "tls")]
mod server;
mod session;
#[cfg(feature = "tls")]
mod settings;
#[cfg(feature = "tls")]
mod tickets;

#[cfg(feature = "tls")]
pub use certificates::{Certificates, NAMES_MAX};
#[cfg(feature = "tls")]
pub use client::Client;
#[cfg(feature = "tls")]
pub use error::Error;
#[cfg(feature = "tls")]
pub use fault::{
    ALERT, BAD_RECORD, BROKEN, CERTIFICATE, CERTIFICATE_EXPIRED, CERTIFICATE_ISSUER,
    CERTIFICATE_NAME, CONFIGURATION, EARLY_DATA, FLOOD, HANDSHAKE, HELLO_TOO_LARGE, KEYS_SPENT,
    NO_PROTOCOL, NOT_TLS, PLAIN_HTTP, RESOURCES, SERVER_NAME, UNKNOWN_NAME,
};
#[cfg(feature = "tls")]
pub use hello::HELLO_MAX;
#[cfg(feature = "tls")]
pub use identity::Identity;
#[cfg(feature = "tls")]
pub use plaintext::Plaintext;
#[cfg(feature = "tls")]
pub use server::{Limits, Server};
pub use session::{Acceptor, Fed, Initiator, Session};
#[cfg(feature = "tls")]
pub use settings::{Clients, KeyLog, Settings, UnknownName};
#[cfg(feature = "tls")]
pub use tickets::Tickets;
