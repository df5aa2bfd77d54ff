//! Measurements of Readily beside its peers: what the binaries of this package share.
//!
//! `README.md` lists each figure with the command that takes it.

pub mod callgrind;
pub mod cli;
pub mod contender;
pub mod driver;
pub mod failure;
pub mod haproxy;
pub mod histogram;
pub mod memcheck;
pub mod page;
pub mod pattern;
pub mod process;
pub mod quic_driver;
pub mod raw_epoll;
pub mod results;
pub mod scratch;
pub mod server;
pub mod spread;
pub mod strace;
pub mod summary;
pub mod table;
pub mod talk;
pub mod tls;
pub mod tool;
