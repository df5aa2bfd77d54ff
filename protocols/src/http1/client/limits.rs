//! What one connection to a server may cost.

use std::time::Duration;

use crate::http1::Limits;

/// What one connection to a server may cost, in bytes and time, and how long it is used.
///
/// How long it may take to connect is said to the loop
/// ([`Connect::within`](crate::contract::Connect)), and how long the server may leave bytes unread
/// is the loop's `send_stall`. A time of [`Duration::MAX`] is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientLimits {
    /// The sizes of what a server sends: `line`, `head`, `headers`, `body`, `extension`,
    /// `extensions`, `trailers` and `trailer_fields` are those of a response. `body` is that of a
    /// response that is put together or dropped.
    pub sizes: Limits,
    /// After how many requests the connection is left.
    pub requests: u32,
    /// How long a server may take to begin its response, once all of the request is written.
    pub answer_time: Duration,
    /// How long a head may take in all, from its first byte.
    pub head_time: Duration,
    /// How often it is asked whether a body comes fast enough.
    pub body_window: Duration,
    /// How many bytes of a body must come in each of these windows.
    pub body_window_bytes: u32,
    /// How long a server may take to ask for a body that waits for that; then it is sent anyway.
    pub continue_time: Duration,
    /// How long the connection is kept without a request. Less than the server keeps it, fewer
    /// requests meet its end.
    pub idle_time: Duration,
    /// How long an exchange may take in all, from its request to the end of its response.
    pub total_time: Duration,
}

impl ClientLimits {
    /// What a caller has that names no limits of its own.
    pub const DEFAULT: ClientLimits = ClientLimits {
        sizes: Limits::DEFAULT,
        requests: 1000,
        answer_time: Duration::from_secs(15),
        head_time: Duration::from_secs(10),
        body_window: Duration::from_secs(10),
        body_window_bytes: 10 * 1024,
        continue_time: Duration::from_secs(1),
        idle_time: Duration::from_secs(30),
        total_time: Duration::MAX,
    };
}

impl Default for ClientLimits {
    fn default() -> Self {
        ClientLimits::DEFAULT
    }
}
