//! What the page is told, and who looks at it.

use readily::Id;
use readily::websocket::Encoded;

/// How many may watch at once: what one of them says is copied to all.
const WATCHERS_MAX: usize = 256;

/// The part of the application that the page is about.
#[derive(Debug, Default)]
pub struct Board {
    /// What this server is; each watcher is told of it first.
    hello: Option<Encoded>,
    watchers: Vec<Id>,
    /// How many came to each service, in the order of the tour.
    served: Vec<u64>,
}

impl Board {
    /// Says what this server is, from now on.
    pub fn introduce(&mut self, hello: Encoded) {
        self.hello = Some(hello);
    }

    /// What this server is.
    pub fn hello(&self) -> Option<&Encoded> {
        self.hello.as_ref()
    }

    /// Takes in somebody who watches; says whether there was room.
    pub fn admit(&mut self, id: Id) -> bool {
        let has_room = self.watchers.len() < WATCHERS_MAX;
        if has_room {
            self.watchers.push(id);
        }
        has_room
    }

    /// A connection has ended.
    pub fn forget(&mut self, id: Id) {
        self.watchers.retain(|watcher| *watcher != id);
    }

    /// Who watches.
    pub fn watchers(&self) -> impl Iterator<Item = Id> + '_ {
        self.watchers.iter().copied()
    }

    /// Whether anybody does.
    pub fn is_watched(&self) -> bool {
        !self.watchers.is_empty()
    }

    /// One more came to this service.
    pub fn came(&mut self, service: usize) {
        if self.served.len() <= service {
            self.served.resize(service + 1, 0);
        }
        self.served[service] += 1;
    }

    /// How many came to each; those at the end to which nobody came are left out.
    pub fn served(&self) -> &[u64] {
        &self.served
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_may_watch_and_no_more() {
        let id = |index| Id { index, generation: 1 };
        let mut board = Board::default();
        let admitted = (0..).take_while(|index| board.admit(id(*index))).count();
        assert_eq!(admitted, WATCHERS_MAX);
        board.forget(id(3));
        board.forget(id(3));
        assert!(board.admit(id(1000)) && !board.admit(id(1001)));
        assert!(!board.watchers().any(|watcher| watcher == id(3)));
    }
}
