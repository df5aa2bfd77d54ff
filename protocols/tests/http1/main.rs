//! The server side of HTTP/1.1, driven without a loop.
#![cfg(feature = "http1")]

mod attacks;
mod bodies;
mod corpus;
mod corpus_requests;
mod corpus_responses;
mod cuts;
mod drip;
mod exchanges;
mod expect;
mod level1;
mod limits;
mod oracle;
mod reviewed;
#[path = "../common/seeds.rs"]
mod seeds;
mod site;
mod splitting;
mod support;
mod times;
mod trailers;
mod transcripts;
