//! What one connection may ask for.

use std::time::Duration;

/// The most header fields that [`Limits::headers`] can allow.
pub const HEADERS_MOST: usize = 128;

/// The most that [`Limits::head`] can allow: offsets in it have 16 bits.
pub const HEAD_MOST: usize = 32 * 1024;

/// What one connection may ask for, in bytes and time. Each refusal has a counter of its own: see
/// [`reason`](super::reason). A time of [`Duration::MAX`] is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The longest line of a head in bytes, its end not counted: 414 for the request line, 431 for
    /// a header.
    pub line: usize,
    /// The largest head in bytes, its last empty line counted, at most
    /// [`HEAD_MOST`]: 431.
    pub head: usize,
    /// The most header fields, at most [`HEADERS_MOST`]: 431.
    pub headers: usize,
    /// The largest body in bytes: 413, before any of it is read.
    pub body: u32,
    /// How many requests are answered before other connections have their turn.
    pub pipelined: u32,
    /// After how many requests the connection is closed, with its last answer saying so.
    pub requests: u32,
    /// How long a head may take in all, from its first byte; the first one from the accept: 408 if
    /// some of it came.
    pub head_time: Duration,
    /// How long a connection may be silent between two requests.
    pub idle_time: Duration,
    /// How long a whole request may take, from the first byte of its head: 408.
    pub request_time: Duration,
    /// How often it is asked whether a body comes fast enough.
    pub body_window: Duration,
    /// How many bytes of a body must come in each of these windows: 408.
    pub body_window_bytes: u32,
}

impl Limits {
    /// 8 KiB for a line.
    pub const LINE: usize = 8 * 1024;
    /// 16 KiB for a head.
    pub const HEAD: usize = 16 * 1024;
    /// 100 header fields.
    pub const HEADERS: usize = 100;
    /// 1 MiB for a body.
    pub const BODY: u32 = 1024 * 1024;
    /// 16 requests in one turn.
    pub const PIPELINED: u32 = 16;
    /// 1000 requests on one connection.
    pub const REQUESTS: u32 = 1000;
    /// 10 s for a head.
    pub const HEAD_TIME: Duration = Duration::from_secs(10);
    /// 15 s between two requests.
    pub const IDLE_TIME: Duration = Duration::from_secs(15);
    /// 60 s for a request.
    pub const REQUEST_TIME: Duration = Duration::from_secs(60);
    /// A body is looked at every 10 s.
    pub const BODY_WINDOW: Duration = Duration::from_secs(10);
    /// 10 KiB in each of them: 1 KiB a second.
    pub const BODY_WINDOW_BYTES: u32 = 10 * 1024;

    /// What a service has that names no limits of its own.
    pub const DEFAULT: Limits = Limits {
        line: Limits::LINE,
        head: Limits::HEAD,
        headers: Limits::HEADERS,
        body: Limits::BODY,
        pipelined: Limits::PIPELINED,
        requests: Limits::REQUESTS,
        head_time: Limits::HEAD_TIME,
        idle_time: Limits::IDLE_TIME,
        request_time: Limits::REQUEST_TIME,
        body_window: Limits::BODY_WINDOW,
        body_window_bytes: Limits::BODY_WINDOW_BYTES,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}
