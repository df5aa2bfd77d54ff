//! What a peer may ask of us, and how each refusal is called.

use std::time::Duration;

use super::{Deflate, Origins};

/// What a peer may ask of one WebSocket; nothing of it is kept per connection. A time of
/// [`Duration::MAX`] is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The longest payload of one frame, in bytes.
    pub frame_max: u64,
    /// The longest message, in bytes, over all its frames; of a compressed one also what it is
    /// inflated to.
    pub message_max: u64,
    /// The most frames of one message.
    pub fragments_max: u32,
    /// How long a message, or any frame, may take from its first byte to its last.
    pub assembly_within: Duration,
    /// The most pings and pongs in one second.
    pub controls_per_second: u16,
    /// After this long without a byte of the peer it is asked whether it is still there.
    pub ping_after: Duration,
    /// How long it may take to answer that.
    pub pong_within: Duration,
    /// How long it may take to answer our close.
    pub close_within: Duration,
    /// How long a client's handshake may take.
    pub open_within: Duration,
    /// Which pages may open a WebSocket here.
    pub origins: Origins,
    /// Whether messages are compressed, where the peer agrees.
    pub deflate: Deflate,
}

impl Limits {
    /// Safe for peers that nobody knows.
    pub const DEFAULT: Limits = Limits {
        frame_max: 64 * 1024,
        message_max: 1024 * 1024,
        fragments_max: 1024,
        assembly_within: Duration::from_secs(30),
        controls_per_second: 100,
        ping_after: Duration::from_secs(30),
        pong_within: Duration::from_secs(10),
        close_within: Duration::from_secs(5),
        open_within: Duration::from_secs(10),
        origins: Origins::SameHost,
        deflate: Deflate::Off,
    };

    /// For [`Intake::Stream`](super::Intake::Stream): the same, but that a message, and each frame
    /// of it, may be as long as it likes and take as long.
    pub const STREAMED: Limits = Limits {
        frame_max: u64::MAX,
        message_max: u64::MAX,
        fragments_max: u32::MAX,
        assembly_within: Duration::MAX,
        ..Limits::DEFAULT
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

/// Why a connection was ended, as the loop counts it: the text of the [`Fault::Peer`].
///
/// [`Fault::Peer`]: crate::contract::Fault::Peer
pub mod reason {
    /// RSV1, RSV2 or RSV3 is set, and no extension was agreed (close code 1002).
    pub const RESERVED_BITS: &str = "websocket: a reserved bit is set";
    /// An opcode that has no meaning (1002).
    pub const RESERVED_OPCODE: &str = "websocket: a reserved opcode";
    /// A client must mask every frame (1002).
    pub const UNMASKED: &str = "websocket: a frame is not masked";
    /// A server must not mask (1002).
    pub const MASKED: &str = "websocket: a frame is masked";
    /// A control frame cannot be a fragment (1002).
    pub const CONTROL_FRAGMENT: &str = "websocket: a control frame is fragmented";
    /// A control frame holds at most 125 bytes (1002).
    pub const CONTROL_TOO_LONG: &str = "websocket: a control frame is too long";
    /// A length is written in more bytes than it needs (1002).
    pub const LENGTH_NOT_MINIMAL: &str = "websocket: a length is not minimal";
    /// A length of 2^63 or more (1002).
    pub const LENGTH_TOP_BIT: &str = "websocket: the top bit of a length is set";
    /// A continuation of nothing (1002).
    pub const STRAY_CONTINUATION: &str = "websocket: a continuation without a message";
    /// A message begins before the last one has ended (1002).
    pub const MESSAGE_IN_MESSAGE: &str = "websocket: a message inside a message";
    /// A close frame with a payload of one byte (1002).
    pub const CLOSE_TOO_SHORT: &str = "websocket: a close code of one byte";
    /// A close code that must not be sent (1002).
    pub const CLOSE_CODE: &str = "websocket: a close code that must not be sent";
    /// The reason in a close frame is not UTF-8 (1007).
    pub const CLOSE_NOT_UTF8: &str = "websocket: the reason of a close is not UTF-8";
    /// A text message is not UTF-8 (1007).
    pub const NOT_UTF8: &str = "websocket: a text is not UTF-8";
    /// More than [`Limits::frame_max`](super::Limits::frame_max) (1009).
    pub const FRAME_TOO_LARGE: &str = "websocket: a frame is too large";
    /// More than [`Limits::message_max`](super::Limits::message_max) (1009).
    pub const MESSAGE_TOO_LARGE: &str = "websocket: a message is too large";
    /// More than [`Limits::fragments_max`](super::Limits::fragments_max) (1008).
    pub const TOO_MANY_FRAGMENTS: &str = "websocket: a message has too many fragments";
    /// More than [`Limits::controls_per_second`](super::Limits::controls_per_second) (1008).
    pub const TOO_MANY_CONTROLS: &str = "websocket: too many control frames in a second";
    /// Longer than [`Limits::assembly_within`](super::Limits::assembly_within) (1008).
    pub const ASSEMBLY_TIMED_OUT: &str = "websocket: a message took too long";
    /// No answer to our ping within [`Limits::pong_within`](super::Limits::pong_within) (1011).
    pub const NO_PONG: &str = "websocket: no answer to a ping";
    /// No answer to our close within [`Limits::close_within`](super::Limits::close_within).
    pub const CLOSE_TIMED_OUT: &str = "websocket: no answer to a close";
    /// The stream ended without a close frame.
    pub const NO_CLOSE: &str = "websocket: the stream ended without a close";
    /// Compressed data that is none (1007).
    pub const NOT_DEFLATE: &str = "websocket: a message that cannot be inflated";
    /// A message grows by more than [`Terms::ratio_max`](super::super::Terms::ratio_max) (1009).
    pub const BOMB: &str = "websocket: a message is inflated too much";
    /// Counted only: extensions that are not of the grammar.
    pub const HANDSHAKE_EXTENSIONS: &str = "websocket: a handshake with bad extensions";
    /// A server's answer to our handshake is not one.
    pub const ANSWER: &str = "websocket: the server's answer is no handshake";
    /// A server does not want a WebSocket: its answer is not a 101.
    pub const DECLINED: &str = "websocket: the server declined";
    /// The stream ended before the server had answered our handshake.
    pub const NO_ANSWER: &str = "websocket: the stream ended before the answer to a handshake";
    /// A server agreed to what was not offered.
    pub const NOT_OFFERED: &str = "websocket: the server agreed to what was not offered";
    /// Longer than [`Limits::open_within`](super::Limits::open_within).
    pub const OPEN_TIMED_OUT: &str = "websocket: no answer to a handshake";
    /// A text message for a [`Tunnel`](super::super::Tunnel) (1003).
    pub const TEXT_IN_TUNNEL: &str = "websocket: a text message in a tunnel";
    /// Counted only: a handshake that is not a GET.
    pub const HANDSHAKE_METHOD: &str = "websocket: a handshake that is not a GET";
    /// Counted only: a handshake with a body.
    pub const HANDSHAKE_BODY: &str = "websocket: a handshake with a body";
    /// The machine in a tunnel sent a file, which only a carrier of the loop can read.
    pub const FILE_IN_TUNNEL: &str = "websocket: a file in a tunnel";
    /// Counted only: a request that asks for no WebSocket.
    pub const HANDSHAKE_NOT_ASKED: &str = "websocket: a handshake that does not ask for it";
    /// Counted only: a version other than 13.
    pub const HANDSHAKE_VERSION: &str = "websocket: a handshake of another version";
    /// Counted only: a handshake in HTTP/1.0.
    pub const HANDSHAKE_OLD: &str = "websocket: a handshake in HTTP/1.0";
    /// Counted only: a bad key.
    pub const HANDSHAKE_KEY: &str = "websocket: a handshake with a bad key";
    /// Counted only: a page of another origin.
    pub const HANDSHAKE_ORIGIN: &str = "websocket: a handshake from another origin";
}
