//! What everybody who talks shares.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Display};

use readily::websocket::Encoded;
use readily::{App, Effects, End, Id};

use super::{Conn, HISTORY, NAME_MAX, PEOPLE_MAX, events};

/// Counted when somebody is closed for reading too slowly.
pub const TOO_SLOW: &str = "chat: somebody read too slowly and was closed";
/// Counted when a line or a name is refused.
pub const REFUSED: &str = "chat: something was refused";

/// What travels in the loop, to somebody in the room: an event, encoded once for all of them.
#[derive(Clone, Debug)]
pub struct Mail(pub Encoded);

/// Who is there, and what was said.
#[derive(Debug, Default)]
pub struct Room {
    people: BTreeMap<Id, String>,
    /// The last lines, as their events.
    history: VecDeque<String>,
    joined: u64,
    lines: u64,
    slow: u64,
}

impl App for Room {
    type Mail = Mail;
    type Conn = Conn;

    /// However somebody left, the others are told.
    fn gone(&mut self, id: Id, _: End, fx: &mut Effects<Self>) {
        self.leave(id, fx);
    }
}

impl Room {
    /// Lets somebody in under a name that nobody has; the others are told, and the event is made
    /// that welcomes whoever it is.
    pub(super) fn join(
        &mut self,
        id: Id,
        name: &str,
        fx: &mut Effects<Self>,
    ) -> Result<String, &'static str> {
        let name = cleaned(name);
        match name.chars().count() {
            0 => return Err("a name is needed"),
            1..=NAME_MAX => {}
            _ => return Err("the name is too long"),
        }
        if self.people.values().any(|other| other.to_lowercase() == name.to_lowercase()) {
            return Err("the name is taken");
        }
        if self.people.len() >= PEOPLE_MAX {
            return Err("the room is full");
        }
        let people = self.people.len() + 1;
        self.tell(&events::joined(&name, people), fx);
        let history = self.history.iter().map(String::as_str);
        let welcome = events::welcome(&name, people, history);
        self.people.insert(id, name);
        self.joined += 1;
        Ok(welcome)
    }

    /// Tells all of a line.
    pub(super) fn say(&mut self, id: Id, text: &str, fx: &mut Effects<Self>) {
        let Some(name) = self.people.get(&id) else { return };
        let at = fx.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let said = events::said(name, text, at.as_secs());
        self.tell(&said, fx);
        self.lines += 1;
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(said);
    }

    /// Somebody reads too slowly to stay.
    pub(super) fn give_up(&mut self, id: Id, fx: &mut Effects<Self>) {
        fx.count(TOO_SLOW);
        self.slow += 1;
        self.leave(id, fx);
    }

    fn leave(&mut self, id: Id, fx: &mut Effects<Self>) {
        if let Some(name) = self.people.remove(&id) {
            self.tell(&events::left(&name, self.people.len()), fx);
        }
    }

    /// Tells everybody who is there; the event is encoded here and nowhere else.
    fn tell(&self, event: &str, fx: &mut Effects<Self>) {
        let mail = Mail(Encoded::text(event));
        let told = fx.publish(self.people.keys().copied(), &mail);
        // The loop's queue of mail is full: nobody may miss an event without knowing it.
        self.people.keys().skip(told).for_each(|id| fx.close(*id));
    }
}

/// One line without control characters, nor space around it.
pub(super) fn cleaned(text: &str) -> String {
    text.trim().replace(char::is_control, " ")
}

impl Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Room { joined, lines, slow, .. } = self;
        write!(f, "joined {joined}, lines {lines}, closed for reading too slowly {slow}")
    }
}
