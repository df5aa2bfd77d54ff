//! A key-value store over lines, as a user of Readily would write it. Read this page first, then
//! `states`.
//!
//! A line ends with a line feed, with or without a carriage return before it. A value is so many
//! bytes, whatever they are, and a line end.
//!
//! | request | answer | state |
//! | --- | --- | --- |
//! | `AUTH password` | `OK` | [`Login`] |
//! | `GET key` | `VALUE length` and the value, or `NONE` | [`Ready`] |
//! | `SET key length` and the value | `OK` | [`Ready`], then [`Value`] |
//! | `SUBSCRIBE key` | `OK`; with each change `CHANGED key length` and the value | [`Subscribed`] |
//! | `QUIT` | `BYE`, and the end | each |
//!
//! **A mistake** is answered by `ERROR why` and counted. The conversation goes on after it where it
//! is certain where the next request begins; else it ends in order, so that the answer arrives.
//!
//! **A subscriber that reads slowly** costs at most its send buffer. A change without room there is
//! dropped, and `DROPPED n` says how many were as soon as there is room again: who sees it asks for
//! the value. A subscriber that hears of no change for a minute hears `STILL HERE`.
//!
//! **Deadlines** stand at the states below. One that passes ends the connection without a word.

mod request;
mod states;
mod store;

use readily::Machine;

pub use request::{Refusal, Request};
pub use states::{Login, Quit, Ready, Session, Subscribed, Value};
pub use store::{Change, Store};

/// The longest line, in bytes without its end.
pub const LINE_MAX: usize = 512;
/// The longest key, in bytes; all of them are visible ASCII.
pub const KEY_MAX: usize = 64;
/// The largest value, in bytes.
pub const VALUE_MAX: usize = 64 * 1024;
/// How many keys may have a value: with [`VALUE_MAX`], 64 MiB in all.
pub const KEYS_MAX: usize = 1024;
/// How many keys one connection may subscribe to.
pub const SUBSCRIPTIONS_MAX: usize = 16;

/// One connection: all that it can be, what follows what, and how long each may take.
#[derive(Machine, Debug)]
#[machine(app = Store)]
#[max_size(72)]
pub enum Conn {
    /// Nothing but the password is wanted.
    #[becomes(Ready, Quit)]
    #[deadline(within = "10s")]
    Login(Login),
    /// Between two requests.
    #[becomes(Value, Subscribed, Quit)]
    #[deadline(idle = "60s")]
    Ready(Ready),
    /// In the middle of a `SET`.
    #[becomes(Ready, Quit)]
    #[deadline(within = "30s", idle = "10s")]
    Value(Value),
    /// Told of changes, for as long as the peer likes: a silent minute is answered, not punished.
    #[becomes(Quit)]
    #[deadline(idle = "60s")]
    Subscribed(Subscribed),
    /// Says the last line. It never waits, so it needs no deadline.
    Quit(Quit),
}

impl Conn {
    /// As a connection begins.
    pub fn new() -> Self {
        Conn::Login(Login)
    }
}

impl Default for Conn {
    fn default() -> Self {
        Conn::new()
    }
}
