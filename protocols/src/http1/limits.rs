//! What one connection may ask for.

use std::fmt;
use std::time::Duration;

/// The most header fields that [`Limits::headers`] can allow.
pub const HEADERS_MOST: usize = 128;

/// The most that [`Limits::head`] can allow: offsets in it have 16 bits.
pub const HEAD_MOST: usize = 32 * 1024;

/// The most that [`Limits::trailers`], [`Limits::extension`] and [`Limits::extensions`] can allow.
pub const TRAILERS_MOST: usize = 32 * 1024;

/// Whether something may be asked for that is off by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Allowed {
    /// It is refused.
    #[default]
    No,
    /// It is passed to the service.
    Yes,
}

macro_rules! limits {
    ($(
        $(#[$doc:meta])*
        $name:ident $constant:ident: $kind:ty = $default:expr, $default_doc:literal;
    )*) => {
        /// What one connection may ask for, in bytes and time.
        ///
        /// Each refusal has a counter of its own: see [`reason`](super::reason). A time of
        /// [`Duration::MAX`] is no limit.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct Limits {
            $($(#[$doc])* pub $name: $kind,)*
        }

        impl Limits {
            $(#[doc = $default_doc] pub const $constant: $kind = $default;)*

            /// What a service has that names no limits of its own.
            pub const DEFAULT: Limits = Limits { $($name: Limits::$constant,)* };

            /// All of them by name, as they are set: what a server prints for `--limits`.
            pub fn list(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
                [$((stringify!($name), format!("{:?}", self.$name)),)*].into_iter()
            }
        }
    };
}

limits! {
    /// The longest line of a head in bytes, its end not counted: 414 for the request line, 431 for
    /// a header.
    line LINE: usize = 8 * 1024, "8 KiB for a line.";
    /// The largest head in bytes, its last empty line counted, at most [`HEAD_MOST`]: 431.
    head HEAD: usize = 16 * 1024, "16 KiB for a head.";
    /// The most header fields, at most [`HEADERS_MOST`]: 431.
    headers HEADERS: usize = 100, "100 header fields.";
    /// The largest body in bytes that is put together for a service whose
    /// [`Intake`](super::Intake) names no other: 413.
    body BODY: u64 = 1024 * 1024, "1 MiB for a body.";
    /// The longest extension of one chunk in bytes, its `;` counted: 400.
    extension EXTENSION: usize = 256, "256 bytes for the extensions of one chunk.";
    /// All extensions of the chunks of one body in bytes: 400.
    extensions EXTENSIONS: usize = 4 * 1024, "4 KiB for those of one body.";
    /// The trailer section of a body in bytes, its last empty line counted: 431.
    trailers TRAILERS: usize = 4 * 1024, "4 KiB for trailers.";
    /// The most trailer fields: 431.
    trailer_fields TRAILER_FIELDS: usize = 16, "16 trailer fields.";
    /// How many requests are answered before other connections have their turn. Besides, none is
    /// looked at while more of the answers wait than the low mark of the send buffer.
    pipelined PIPELINED: u32 = 16, "16 requests in one turn.";
    /// After how many requests the connection is closed, with its last answer saying so.
    requests REQUESTS: u32 = 1000, "1000 requests on one connection.";
    /// Whether `CONNECT` comes to the service, which may answer it by a tunnel: 501 if not.
    connect CONNECT: Allowed = Allowed::No, "No `CONNECT`.";
    /// How long a head may take in all, from its first byte; the first one from the accept: 408 if
    /// some of it came.
    head_time HEAD_TIME: Duration = Duration::from_secs(10), "10 s for a head.";
    /// How long a connection may be silent between two requests.
    idle_time IDLE_TIME: Duration = Duration::from_secs(15), "15 s between two requests.";
    /// How long a whole request may take, from the first byte of its head, unless its body is
    /// streamed: 408.
    request_time REQUEST_TIME: Duration = Duration::from_secs(60), "60 s for a request.";
    /// How often it is asked whether a body comes fast enough.
    body_window BODY_WINDOW: Duration = Duration::from_secs(10), "A body is looked at every 10 s.";
    /// How many bytes of a body must come in each of these windows: 408.
    body_window_bytes BODY_WINDOW_BYTES: u32 = 10 * 1024, "10 KiB in each: 1 KiB a second.";
    /// How long a service may put off its answer: 504.
    answer_time ANSWER_TIME: Duration = Duration::from_secs(60), "60 s for an answer to begin.";
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

/// One line for each.
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list().try_for_each(|(name, value)| writeln!(f, "{name:<18} {value}"))
    }
}
