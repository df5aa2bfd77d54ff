//! What a QUIC endpoint allows, and the names under which it counts what it refuses.

use std::time::Duration;

/// The bounds of a [`Quic`](super::Quic) endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many connections there may be, those that are being closed included.
    pub connections: usize,
    /// How many connections of peers may be in their handshake before an address must be proven by
    /// a Retry (RFC 9000, section 8.1.2).
    pub half_open: usize,
    /// How many may be in their handshake at all; more are refused.
    pub half_open_cap: usize,
    /// How long a handshake may take.
    pub handshake: Duration,
    /// How long a connection may be silent; what the peer asks for is kept where it is less.
    pub idle: Duration,
    /// How often a silent connection is kept alive, if it is.
    pub keep_alive: Option<Duration>,
    /// How long the address that a Retry proved counts as proven.
    pub retry_token: Duration,
    /// How many bidirectional streams a peer may have open on one connection.
    pub streams: u32,
    /// How many bytes of one stream a peer may send before they are read.
    pub stream_window: u32,
    /// How many of all streams of a connection.
    pub window: u32,
    /// How many bytes we keep of what was written on a connection and not acknowledged.
    pub send_window: u32,
    /// How many bytes of a handshake may wait for the ones before them.
    pub crypto_buffer: usize,
    /// How many answers that belong to no connection may wait for the socket.
    pub responses: usize,
    /// How many bytes of application datagrams may wait on a connection, in each direction.
    pub datagram_queue: usize,
    /// The least time between two stateless resets.
    pub reset_interval: Duration,
    /// The largest datagram that is tried on a path, from 1200 to 1472 bytes.
    pub mtu: u16,
}

impl Limits {
    /// What is in force if nothing else is asked for.
    pub const DEFAULT: Limits = Limits {
        connections: 16_384,
        half_open: 100,
        half_open_cap: 1024,
        handshake: Duration::from_secs(10),
        idle: Duration::from_secs(30),
        keep_alive: None,
        retry_token: Duration::from_secs(15),
        streams: 100,
        stream_window: 256 * 1024,
        window: 1024 * 1024,
        send_window: 1024 * 1024,
        crypto_buffer: 16 * 1024,
        responses: 256,
        datagram_queue: 64 * 1024,
        reset_interval: Duration::from_millis(20),
        mtu: 1452,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

/// A peer's connection was accepted: its handshake begins.
pub const ACCEPTED: &str = "quic: a connection was accepted";
/// A connection of ours was begun.
pub const CONNECTING: &str = "quic: a connection was begun";
/// A handshake was completed, on either side.
pub const ESTABLISHED: &str = "quic: a handshake was completed";
/// A peer was told to prove its address first ([`Limits::half_open`]).
pub const RETRIED: &str = "quic: a peer was sent a Retry";
/// A peer was refused: [`Limits::half_open_cap`].
pub const REFUSED_HALF_OPEN: &str = "quic: refused, too many handshakes";
/// A peer was refused: [`Limits::connections`].
pub const REFUSED_FULL: &str = "quic: refused, too many connections";
/// A peer was refused: the endpoint drains.
pub const REFUSED_DRAINING: &str = "quic: refused, draining";
/// A first packet could not be made a connection of.
pub const UNACCEPTABLE: &str = "quic: a first packet was unacceptable";
/// A handshake took longer than [`Limits::handshake`].
pub const HANDSHAKE_TIMEOUT: &str = "quic: a handshake took too long";
/// A connection was silent for longer than [`Limits::idle`], or than the peer's bound.
pub const IDLE: &str = "quic: a connection was idle for too long";
/// The peer closed a connection.
pub const CLOSED_BY_PEER: &str = "quic: a connection was closed by its peer";
/// The peer has forgotten a connection and said so (stateless reset).
pub const RESET_BY_PEER: &str = "quic: a connection was reset by its peer";
/// The peer broke the protocol, or its handshake failed.
pub const BROKEN: &str = "quic: a connection was broken by an error";
/// We closed a connection.
pub const CLOSED: &str = "quic: a connection was closed";
/// A peer opened a stream.
pub const STREAM_OPENED: &str = "quic: a stream was opened";
/// A stream was refused: the endpoint drains.
pub const STREAM_REFUSED: &str = "quic: a stream was refused";
/// A packet for no connection was answered: Retry, refusal, version negotiation, reset.
pub const RESPONDED: &str = "quic: a datagram was answered without a connection";
/// An answer without a connection found its queue full ([`Limits::responses`]).
pub const RESPONSE_DROPPED: &str = "quic: an answer without a connection was dropped";
/// A UDP datagram was for nobody, or made no sense.
pub const IGNORED: &str = "quic: a datagram was ignored";
/// An application datagram made older ones give way ([`Limits::datagram_queue`]).
pub const DATAGRAM_DROPPED: &str = "quic: application datagrams were dropped for newer ones";
/// An application datagram was too large, or the peer takes none.
pub const DATAGRAM_UNSENT: &str = "quic: an application datagram could not be sent";
