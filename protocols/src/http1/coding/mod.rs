//! Answers in a content coding (RFC 9110, section 8.4): which one, if any, and the bytes of it.
//!
//! [`negotiate`] chooses by what the client takes, and [`is_worth`] says which types are worth it.
//! With the feature `compression`, [`Codings`] compresses answers:
//!
//! ```text
//! let wanted = self.codings.wanted(request);
//! reply.coded(&wanted, Status::OK, "application/json").header(Name::ETAG, tag).body(&rows)
//! ```
//!
//! A body that is sent in pieces goes through a [`Squeeze`]. Nothing is compressed that does not
//! ask for it here: a body that holds a secret and what a stranger sent must not be.
//!
//! The bodies of requests are never decoded: a service sees what was sent, and `content-encoding`
//! beside it.

mod negotiate;
mod worth;

#[cfg(feature = "compression")]
mod brotli;
#[cfg(feature = "compression")]
mod codings;
#[cfg(feature = "compression")]
mod compressor;
#[cfg(feature = "compression")]
mod draft;
#[cfg(feature = "compression")]
mod gzip;
#[cfg(feature = "compression")]
mod squeeze;
#[cfg(feature = "compression")]
mod zstd;

#[cfg(feature = "compression")]
pub use codings::{BUSY, Codings, Rules, Wanted};
#[cfg(feature = "compression")]
pub use compressor::{Broken, Compressor, Level, OUT_MIN, Progress, Until, most};
#[cfg(feature = "compression")]
pub use draft::Coded;
pub use negotiate::{Accepted, Coding, ITEMS_MAX, Negotiated, negotiate};
#[cfg(feature = "compression")]
pub use squeeze::{Squeeze, TAKEN_MOST};
pub use worth::{forbids_transform, is_worth};
