//! The server side of HTTP/1.1, driven without a loop.
#![cfg(feature = "http1")]

mod attacks;
mod cuts;
mod limits;
mod oracle;
mod splitting;
mod support;
mod times;
mod transcripts;
