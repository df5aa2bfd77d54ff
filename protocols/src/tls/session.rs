//! A TLS session as a carrier sees it: ciphertext on one side, plaintext on the other.

use std::fmt::Debug;

use crate::contract::{Fault, Rx, Secured, Tx};

/// What a session came to with the ciphertext that there was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fed {
    /// All of it was taken in; more is needed.
    Wait,
    /// Plaintext is held back, since `plain` has no more room: ask again when it has.
    Held,
    /// The peer has said that it sends no more (`close_notify`).
    Closed,
}

/// One side of a TLS connection, without its socket.
///
/// The shape is that of rustls 0.24, so that the version in use is known to one module only.
pub trait Session {
    /// Takes in what is unread in `cipher`, decrypts it to where `plain` has space, and queues in
    /// `out` what must be answered. A `plain` without memory is one without space.
    ///
    /// # Errors
    /// A [`Fault`] when the peer breaks the protocol; what is to be told it (an alert) is in `out`.
    fn feed(&mut self, cipher: &mut Rx, out: &mut Tx, plain: &mut Rx) -> Result<Fed, Fault>;

    /// Encrypts what waits in `plain` into `out`, as far as that has room. Nothing is taken before
    /// the handshake is over.
    ///
    /// # Errors
    /// A [`Fault`] of ours: nothing more can be sent, and the peer must not take that for an end.
    fn seal(&mut self, plain: &mut Tx, out: &mut Tx) -> Result<(), Fault>;

    /// Says in `out` that we send no more (`close_notify`); once.
    fn close(&mut self, out: &mut Tx);

    /// Whether the handshake is still under way.
    fn is_handshaking(&self) -> bool;

    /// What the handshake agreed on.
    fn secured(&self) -> Secured;
}

/// Makes the sessions of a listener; the loops of a fleet share it.
pub trait Acceptor: Send + Sync {
    /// The server's side of a new connection.
    ///
    /// # Errors
    /// Where the configuration does not allow for one.
    fn accept(&self) -> Result<Box<dyn Session>, Fault>;
}

/// Makes the sessions of outgoing connections.
pub trait Initiator: Debug + Send + Sync {
    /// The client's side of a new connection with the server of this name; its first
    /// [`feed`](Session::feed), without a byte, queues the hello.
    ///
    /// # Errors
    /// Where the name or the configuration does not allow for one.
    fn initiate(&self, name: &str) -> Result<Box<dyn Session>, Fault>;
}
