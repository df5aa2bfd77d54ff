//! A client that fetches one URL after the other. Read this page first, then `fetcher` and
//! `puller`.
//!
//! Names are resolved by other threads. A connection that a server leaves open is used for the next
//! URL of that server; one that turns out to be stale costs one more connection, and no error.

mod arguments;
mod fetcher;
mod puller;
mod sink;
mod url;

pub use arguments::Arguments;
pub use fetcher::{Conn, Fetcher, Mail};
pub use puller::Puller;
pub use sink::Sink;
pub use url::Url;
