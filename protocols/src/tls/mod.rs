//! TLS as a carrier under any machine: rustls, confined.

mod session;

pub use session::{Acceptor, Fed, Session};
