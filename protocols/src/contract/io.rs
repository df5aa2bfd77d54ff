//! What a state is lent for one call.

use std::ops::{Deref, DerefMut};

use super::effects::Effect;
use super::{Address, App, Effects, Id, Peer, Remote, Rx, Secured, To, Tx};

/// A few bits from one library state to the state it is linked to, merged until that one runs.
///
/// A library state cannot name the mail of its user's application; two library states that were
/// written for each other agree on the meaning of the bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Signals(pub u8);

/// Both ends of a connection and everything else a state may touch, for the length of one call.
///
/// The ends are fields, so that they can be borrowed apart. It dereferences to [`Effects`]: what is
/// asked for there is carried out by the driver after the call has returned.
#[derive(Debug)]
pub struct Io<'a, A: App> {
    /// What has arrived.
    pub rx: &'a mut Rx,
    /// What is to be sent.
    pub tx: &'a mut Tx,
    /// The linked connection.
    pub peer: Peer<'a>,
    /// What the linked state signalled since the last call.
    pub signals: Signals,
    /// The application's own state.
    pub app: &'a mut A,
    /// Requests, and what is known of the loop.
    pub fx: &'a mut Effects<A>,
    id: Id,
    remote: &'a Remote,
}

impl<'a, A: App> Io<'a, A> {
    /// Made by the driver for each call.
    #[inline]
    pub fn new(
        id: Id,
        remote: &'a Remote,
        (rx, tx): (&'a mut Rx, &'a mut Tx),
        (peer, signals): (Peer<'a>, Signals),
        app: &'a mut A,
        fx: &'a mut Effects<A>,
    ) -> Self {
        Io { rx, tx, peer, signals, app, fx, id, remote }
    }

    /// The same call on other ends, without a peer: for a whole machine that runs inside another's
    /// state (under TLS, over the messages of a WebSocket).
    pub fn over<'b>(&'b mut self, rx: &'b mut Rx, tx: &'b mut Tx) -> Io<'b, A> {
        Io {
            rx,
            tx,
            peer: Peer::None,
            signals: Signals(0),
            app: self.app,
            fx: self.fx,
            id: self.id,
            remote: self.remote,
        }
    }

    /// This connection.
    #[inline]
    pub fn id(&self) -> Id {
        self.id
    }

    /// Where the other side is, and what was agreed with it: good for as long as the call lasts,
    /// whatever else of this is borrowed.
    #[inline]
    pub fn remote(&self) -> &'a Remote {
        self.remote
    }

    /// Where the other side is.
    pub fn address(&self) -> Address {
        self.remote.address()
    }

    /// What was agreed when it was secured: the application protocol and the server's name. None on
    /// a plain connection.
    pub fn secured(&self) -> Option<&Secured> {
        self.remote.secured()
    }

    /// Where mail to this connection goes.
    pub fn me(&self) -> To {
        To::Conn(self.id)
    }

    /// Links this connection with `other`: from the next call on each is the other's [`Peer`].
    /// A link that either had before is undone, and whoever loses its peer is told.
    pub fn link(&mut self, other: Id) {
        let effect = Effect::Link(self.id, other);
        self.fx.push(effect);
    }

    /// Undoes the link; the peer sees [`Peer::None`].
    pub fn unlink(&mut self) {
        let effect = Effect::Unlink(self.id);
        self.fx.push(effect);
    }

    /// Sets bits in the linked state's [`signals`](Io::signals) and advances it.
    pub fn signal(&mut self, signals: Signals) {
        let effect = Effect::Signal(self.id, signals);
        self.fx.push(effect);
    }
}

impl<A: App> Deref for Io<'_, A> {
    type Target = Effects<A>;

    #[inline]
    fn deref(&self) -> &Effects<A> {
        self.fx
    }
}

impl<A: App> DerefMut for Io<'_, A> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Effects<A> {
        self.fx
    }
}
