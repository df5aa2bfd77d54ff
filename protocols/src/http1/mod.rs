//! HTTP/1.1 (RFC 9112): a strict server.

mod body;
mod field;
mod framing;
mod head;
mod limits;
mod pen;
mod refusal;
mod reply;
mod request;
mod scan;
mod server;
mod status;
mod target;

pub use field::{BadValue, Name, Value};
pub use limits::{HEAD_MOST, HEADERS_MOST, Limits};
pub use refusal::reason;
pub use reply::{Answer, Draft, Reply};
pub use request::{Request, Version};
pub use server::{Server, Service};
pub use status::Status;
