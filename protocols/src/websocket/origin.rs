//! Which pages may open a WebSocket (RFC 6455, section 10.2).

/// Whose pages may open a WebSocket here: a browser opens one to any server for any page, with the
/// user's cookies, and says only in `Origin` which page it was.
///
/// A request without an `Origin` is no page's, and is not held back by this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origins {
    /// Pages of the host that the request names in `Host`. For a peer on this machine that must be
    /// a loopback name or address, so that no other name can be bent to it (DNS rebinding).
    SameHost,
    /// Those, and pages of these origins, as a browser writes them: `https://example.org`.
    Listed(&'static [&'static str]),
    /// Any page at all: for servers that know nobody, and hide nothing.
    Any,
}
