//! What other threads may do with a loop.

use std::fmt;
use std::sync::Arc;

use readily_protocols::contract::{App, Full, Id, Letter, Outbox, To};

use crate::reactor::Reactor;
use crate::sys::Sys;

/// A way into one loop from any thread; it can be sent to one when `Mail` can.
///
/// What is posted is taken in at the loop's next turn, in order. Posting to a loop that has ended
/// is no error: nobody takes it in.
pub struct Handle<Mail> {
    outbox: Arc<Outbox<Mail>>,
}

impl<Mail> Clone for Handle<Mail> {
    fn clone(&self) -> Self {
        Handle { outbox: self.outbox.clone() }
    }
}

impl<Mail> fmt::Debug for Handle<Mail> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.outbox).finish()
    }
}

impl<Mail> Handle<Mail> {
    /// Mails.
    ///
    /// # Errors
    /// [`Full`] with the mail when too many letters wait.
    pub fn mail(&self, to: To, mail: Mail) -> Result<(), Full<Mail>> {
        self.outbox.post(Letter::Mail(to, mail)).map_err(|Full(letter)| match letter {
            Letter::Mail(_, mail) | Letter::Answer(_, mail) => Full(mail),
            _ => unreachable!("what was refused is what was posted"),
        })
    }

    /// Advances a connection.
    ///
    /// # Errors
    /// [`Full`] with its id when too many letters wait.
    pub fn wake(&self, id: Id) -> Result<(), Full<Id>> {
        self.outbox.post(Letter::Wake(id)).map_err(|_| Full(id))
    }

    /// Shuts the loop down in order: see [`Reactor::drain`].
    pub fn drain(&self) {
        self.outbox.urge(Letter::Drain);
    }

    /// Shuts the loop down at once: see [`Reactor::abort`].
    pub fn abort(&self) {
        self.outbox.urge(Letter::Abort);
    }
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// A way in for other threads.
    pub fn handle(&self) -> Handle<A::Mail> {
        Handle { outbox: self.outbox.clone() }
    }
}
