//! Socket options.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use readily_protocols::tls::Acceptor;

/// Options of a connected stream; those that do not apply to a Unix socket are passed over there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamOptions {
    /// `TCP_NODELAY`: send small pieces at once. On by default: the loop writes whole answers.
    pub nodelay: bool,
    /// `SO_KEEPALIVE` with this time before the first probe. Off by default: deadlines do more.
    pub keepalive: Option<Duration>,
    /// `SO_SNDBUF` in bytes; the kernel's own tuning otherwise.
    pub send_buffer: Option<usize>,
    /// `SO_RCVBUF` in bytes; the kernel's own tuning otherwise.
    pub receive_buffer: Option<usize>,
}

impl Default for StreamOptions {
    fn default() -> Self {
        StreamOptions { nodelay: true, keepalive: None, send_buffer: None, receive_buffer: None }
    }
}

/// Whether several sockets may have the same address (`SO_REUSEPORT`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PortSharing {
    /// This socket alone.
    #[default]
    Exclusive,
    /// The kernel spreads connections over all sockets that say so: one for each loop of a fleet.
    Shared,
}

/// Options of a listener.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listen {
    /// How many connections may wait in the kernel; it has a limit of its own (`somaxconn`).
    pub backlog: u32,
    /// Whether the port is shared.
    pub sharing: PortSharing,
    /// Options of each accepted stream.
    pub stream: StreamOptions,
    /// How many connections are accepted in one turn, so that others are served in between.
    pub accept_budget: usize,
    /// How many connections of this listener may be open; more wait in the kernel.
    pub connections_max: usize,
    /// Speaks TLS on each connection: its machine is made after the handshake. None by default.
    pub tls: Option<Secure>,
}

/// Whatever accepts TLS for a listener, such as `tls::Server`.
#[derive(Clone)]
pub struct Secure(pub Arc<dyn Acceptor>);

impl<T: Acceptor + 'static> From<T> for Secure {
    fn from(acceptor: T) -> Self {
        Secure(Arc::new(acceptor))
    }
}

impl PartialEq for Secure {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Secure {}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secure")
    }
}

impl Listen {
    /// Default of [`backlog`](Listen::backlog).
    pub const BACKLOG: u32 = 4096;
    /// Default of [`accept_budget`](Listen::accept_budget).
    pub const ACCEPT_BUDGET: usize = 16;
}

impl Default for Listen {
    fn default() -> Self {
        Listen {
            backlog: Listen::BACKLOG,
            sharing: PortSharing::Exclusive,
            stream: StreamOptions::default(),
            accept_budget: Listen::ACCEPT_BUDGET,
            connections_max: usize::MAX,
            tls: None,
        }
    }
}

/// Options of a datagram socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bind {
    /// Whether the port is shared.
    pub sharing: PortSharing,
    /// `SO_SNDBUF` in bytes; the kernel's default otherwise.
    pub send_buffer: Option<usize>,
    /// `SO_RCVBUF` in bytes; the kernel's default otherwise.
    pub receive_buffer: Option<usize>,
    /// How many datagrams are taken in one turn, empty ones included: at least a whole batch of the
    /// system.
    pub budget: usize,
}

impl Bind {
    /// Default of [`budget`](Bind::budget).
    pub const BUDGET: usize = 64;
}

impl Default for Bind {
    fn default() -> Self {
        let sharing = PortSharing::Exclusive;
        Bind { sharing, send_buffer: None, receive_buffer: None, budget: Bind::BUDGET }
    }
}
