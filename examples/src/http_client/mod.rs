//! A client that fetches one URL after the other. Read this page first, then `fetcher` and
//! `puller`.
//!
//! Names are resolved by other threads. A connection that a server leaves open is used for the next
//! URL of that server; one that turns out to be stale costs one more connection, and no error.
//!
//! A server of https has to prove its name to an authority of the system, or of `--ca`.

mod arguments;
mod fetcher;
mod puller;
mod sink;
mod trust;
mod url;

pub(crate) use arguments::header;
pub use arguments::{Arguments, HEADER};
pub use fetcher::{Conn, Fetcher, Mail};
pub use puller::Puller;
pub use sink::Sink;
pub use trust::{AUTHORITIES, client, trusting};
pub use url::{Scheme, Url};
