//! What everybody who talks shares.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Display};
use std::time::Instant;

use readily::websocket::Encoded;
use readily::{App, Effects, End, Id};

use super::pace::{Pace, TOO_FAST};
use super::{
    Conn, HISTORY, NAME_MAX, PEOPLE_MAX, ROOM_LINES_AT_ONCE, ROOM_LINES_PER_SECOND, events,
};

/// Counted when somebody is closed for reading too slowly.
pub const TOO_SLOW: &str = "chat: somebody read too slowly and was closed";
/// Counted when a line or a name is refused.
pub const REFUSED: &str = "chat: something was refused";
/// Counted when it is refused since all together say too much.
pub const CROWDED: &str = "chat: all together said too much";
/// Counted when somebody is closed who could not be told of who came or went.
pub const MISSED: &str = "chat: somebody missed an event and was closed";

const PACE: Pace = Pace { at_once: ROOM_LINES_AT_ONCE, per_second: ROOM_LINES_PER_SECOND };

/// What travels in the loop, to somebody in the room: an event, encoded once for all of them.
#[derive(Clone, Debug)]
pub struct Mail(pub Encoded);

/// Who is there, and what was said.
#[derive(Debug, Default)]
pub struct Room {
    people: BTreeMap<Id, String>,
    /// The last lines, as their events.
    history: VecDeque<String>,
    /// When all that was said so far is forgotten.
    quiet_at: Option<Instant>,
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
        self.check_mail(fx)?;
        let people = self.people.len() + 1;
        self.tell(&events::joined(&name, people), fx);
        let history = self.history.iter().map(String::as_str);
        let welcome = events::welcome(&name, people, history);
        self.people.insert(id, name);
        self.joined += 1;
        Ok(welcome)
    }

    /// Tells all of a line, or none if that would be too much.
    pub(super) fn say(
        &mut self,
        id: Id,
        text: &str,
        fx: &mut Effects<Self>,
    ) -> Result<(), &'static str> {
        let Some(name) = self.people.get(&id) else { return Ok(()) };
        self.check_mail(fx)?;
        let now = fx.now();
        let quiet_at = PACE.allow(self.quiet_at.unwrap_or(now), now);
        self.quiet_at = Some(quiet_at.inspect_err(|_| fx.count(CROWDED))?);
        let at = fx.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let said = events::said(name, text, at.as_secs());
        self.tell(&said, fx);
        self.lines += 1;
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(said);
        Ok(())
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

    /// Whether everybody who is there can be told of something.
    fn check_mail(&self, fx: &mut Effects<Self>) -> Result<(), &'static str> {
        if fx.mail_left() < self.people.len() {
            fx.count(CROWDED);
            return Err(TOO_FAST);
        }
        Ok(())
    }

    /// Tells everybody who is there; the event is encoded here and nowhere else.
    fn tell(&self, event: &str, fx: &mut Effects<Self>) {
        let mail = Mail(Encoded::text(event));
        let told = fx.publish(self.people.keys().copied(), &mail);
        // Somebody left, which cannot be refused, and the loop's queue of mail is full: nobody may
        // miss an event without knowing it.
        for id in self.people.keys().skip(told) {
            fx.count(MISSED);
            fx.close(*id);
        }
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use readily::contract::{Outbox, Rooms};

    use super::*;

    fn id(index: u32) -> Id {
        Id { index, generation: 1 }
    }

    /// A room with as many people as that, and the loop's side of it.
    fn room(people: u32) -> (Room, Effects<Room>) {
        let outbox = Outbox::new(1, Box::new(|| ()));
        let mut fx = Effects::new(Instant::now(), SystemTime::now(), 0, outbox.into());
        let mut room = Room::default();
        for n in 0..people {
            room.join(id(n), &n.to_string(), &mut fx).expect("there is room");
        }
        fx.list().clear();
        (room, fx)
    }

    #[test]
    fn who_talks_when_not_all_can_be_told_is_refused_and_nobody_is_closed() {
        let (mut room, mut fx) = room(3);
        for (mail, told) in [(2, Err(TOO_FAST)), (3, Ok(())), (4, Ok(())), (0, Err(TOO_FAST))] {
            fx.set_rooms(Rooms { mail, jobs: 0, timers: 0 });
            assert_eq!(room.say(id(0), "a", &mut fx), told, "{mail}");
            let effects: Vec<_> = fx.list().drain(..).map(|effect| effect.name()).collect();
            assert_eq!(effects, vec!["mail"; if told.is_ok() { 3 } else { 0 }], "{mail}");
        }
        assert_eq!(room.join(id(3), "d", &mut fx), Err(TOO_FAST));
        assert_eq!(fx.tally().of(CROWDED), 3);
        assert_eq!(fx.tally().of(MISSED), 0);
    }

    #[test]
    fn all_together_may_say_so_much() {
        let (mut room, mut fx) = room(50);
        let mut say = |nanos: u64| {
            fx.set_nanos(nanos);
            let lines = (0..1000).map(|n| room.say(id(n % 50), "a", &mut fx));
            lines.filter(Result::is_ok).count()
        };
        assert_eq!(say(0), ROOM_LINES_AT_ONCE as usize);
        assert_eq!(say(1_000_000_000), ROOM_LINES_PER_SECOND as usize);
        assert_eq!(fx.tally().of(CROWDED), 2000 - 600);
    }
}
