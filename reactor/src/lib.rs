//! An async-free reactor framework: a single-threaded mio event loop, slab-allocated connection
//! state machines, and a derive that writes their readiness handlers.

/// The pages of the book, so that what they show compiles.
#[cfg(all(doctest, feature = "full"))]
mod pages {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/contract.md")]
    struct Contract;
    #[doc = include_str!("../../docs/running.md")]
    struct Running;
    #[doc = include_str!("../../docs/testing.md")]
    struct Testing;
    #[doc = include_str!("../../docs/http.md")]
    struct Http;
    #[doc = include_str!("../../docs/http-client.md")]
    struct HttpClient;
    #[doc = include_str!("../../docs/router.md")]
    struct Router;
    #[doc = include_str!("../../docs/files.md")]
    struct StaticFiles;
    #[doc = include_str!("../../docs/compression.md")]
    struct Compression;
    #[doc = include_str!("../../docs/websocket.md")]
    struct WebSocket;
    #[doc = include_str!("../../docs/tls.md")]
    struct Tls;
    #[doc = include_str!("../../docs/quic.md")]
    struct Quic;
    #[doc = include_str!("../../docs/logs-and-metrics.md")]
    struct LogsAndMetrics;
}

pub use readily_derive::Machine;
pub use readily_protocols::contract;
pub use readily_protocols::contract::*;
#[cfg(feature = "http1")]
pub use readily_protocols::http1;
#[cfg(feature = "quic")]
pub use readily_protocols::quic;
#[cfg(feature = "websocket")]
pub use readily_protocols::websocket;
pub use readily_protocols::{echo, relay, testing, tls, udp_echo};

mod access;
mod budget;
mod call;
mod carrier;
#[cfg(feature = "tls")]
pub mod certificates;
mod chores;
mod clock;
mod config;
mod connect;
mod counters;
mod deadlines;
mod drain;
mod effects;
mod ending;
mod endpoints;
#[cfg(feature = "http1")]
pub mod files;
mod fleet;
mod handle;
mod listener;
pub mod logbook;
mod mail;
pub mod metrics;
mod pool;
mod quiet;
mod reactor;
mod sanitizer;
mod secure;
mod signals;
mod slot;
mod streams;
pub mod sys;
mod timers;
mod trace;
mod visit;

pub use access::Connection;
pub use config::{Config, Sanitizer};
pub use counters::{Counters, StateCounters};
pub use fleet::{Descriptors, Fleet, Pinning, Reservation, Seat};
pub use handle::Handle;
pub use listener::{AcceptFailure, Accepted, ListenerId, Through};
pub use reactor::{Reactor, Turn};
pub use signals::{HANGUP, INTERRUPT, TERMINATE};
pub use sys::{Bind, Listen, Mio, PortSharing, Secure, StreamOptions};
pub use trace::Event;
