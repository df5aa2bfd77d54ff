//! Measurements of Readily beside its peers: what the binaries of this package share.
//!
//! `README.md` lists each figure with the command that takes it.

pub mod adapter;
pub mod affinity;
pub mod bench;
pub mod callgrind;
pub mod catalogue;
pub mod cli;
pub mod contender;
pub mod content;
pub mod deflate;
pub mod drip;
pub mod driver;
pub mod failure;
pub mod interface;
pub mod line;
pub mod machine;
pub mod memcheck;
pub mod page;
pub mod pattern;
pub mod process;
pub mod raw_epoll;
pub mod report;
pub mod reservation;
pub mod results;
pub mod scratch;
pub mod server;
pub mod simulated;
pub mod site;
pub mod slow;
pub mod spread;
pub mod strace;
pub mod summary;
pub mod system;
pub mod table;
pub mod talk;
pub mod terminate;
pub mod tls;
pub mod tool;
pub mod trial;
pub mod websocket;
