//! The grammar of HTTP/1.1: what bytes mean, and which are refused.

pub(in crate::http1) mod asking;
pub(in crate::http1) mod chunked;
pub(in crate::http1) mod field;
pub(in crate::http1) mod flaw;
pub(in crate::http1) mod framing;
pub(in crate::http1) mod head;
pub(in crate::http1) mod headers;
mod lanes;
pub(in crate::http1) mod list;
pub(in crate::http1) mod refusal;
mod request_head;
pub(in crate::http1) mod response;
pub(in crate::http1) mod scan;
pub(in crate::http1) mod status;
mod target;
pub(in crate::http1) mod version;
