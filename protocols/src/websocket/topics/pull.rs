//! A subscriber takes what waits for it.

use crate::contract::App;

use super::super::{CloseCode, NotSent, Socket};
use super::{Next, Topics};

/// Counted when a subscriber is closed with 1013 for falling behind.
const TOO_SLOW: &str = "websocket: a subscriber read too slowly";
/// Counted when a subscriber can never take a message.
const TOO_LARGE: &str = "websocket: a published message is too large for a send buffer";

/// How a pull ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pulled {
    /// All was taken.
    All,
    /// There is no room for more now.
    Full,
    /// It fell behind, and was closed with the code 1013.
    Behind,
    /// It was closed before: it is subscribed to nothing any more.
    Closed,
}

impl<A: App> Socket<'_, A> {
    /// Sends what waits for this connection, as much as there is room for: several messages in
    /// one call, so that they are one write. To be called in
    /// [`Handler::room`](super::super::Handler::room); `topics` says where they are.
    ///
    /// A message that is larger than the send buffer may ever be is dropped and counted.
    pub fn pull(&mut self, topics: impl Fn(&mut A) -> &mut Topics) -> Pulled {
        let id = self.id();
        loop {
            let message = match topics(self.app).next(id) {
                Next::Message(message) => message,
                Next::Nothing => return Pulled::All,
                Next::Behind => {
                    self.fx.count(TOO_SLOW);
                    self.close(CloseCode::AGAIN, "you read too slowly");
                    topics(self.app).leave(id);
                    return Pulled::Behind;
                }
            };
            match self.send(&message) {
                Ok(()) => topics(self.app).taken(id),
                Err(NotSent::Full | NotSent::Unfinished) => return Pulled::Full,
                Err(NotSent::TooLarge) => {
                    self.fx.count(TOO_LARGE);
                    topics(self.app).skip(id);
                }
                Err(NotSent::Closed) => {
                    topics(self.app).leave(id);
                    return Pulled::Closed;
                }
            }
        }
    }
}
