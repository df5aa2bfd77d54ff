//! What everybody who talks shares.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Display};
use std::time::Instant;

use readily::websocket::{Encoded, Policy, Refused, Slow, Topics};
use readily::{App, Effects, End, Id, To};

use super::pace::{Pace, TOO_FAST};
use super::{
    BACKLOG, Conn, HISTORY, LEAVING, NAME_MAX, PEOPLE_MAX, ROOM_LINES_AT_ONCE,
    ROOM_LINES_PER_SECOND, events,
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

/// What everybody hears of.
const TOPIC: &str = "room";

/// Somebody fell behind, and may not have the room to find that out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Behind;

/// Who is there, and what was said.
#[derive(Debug)]
pub struct Room {
    people: BTreeMap<Id, String>,
    /// What everybody is still to hear.
    pub(super) topics: Topics,
    /// The last lines, as their events.
    history: VecDeque<String>,
    /// When all that was said so far is forgotten.
    quiet_at: Option<Instant>,
    joined: u64,
    lines: u64,
    slow: u64,
}

impl App for Room {
    type Mail = Behind;
    type Conn = Conn;

    /// However somebody left, the others are told.
    fn gone(&mut self, id: Id, _: End, fx: &mut Effects<Self>) {
        self.topics.leave(id);
        self.leave(id, fx);
    }
}

impl Room {
    /// An empty room; who reads too slowly is treated like that.
    pub fn new(slow: Slow) -> Self {
        Room {
            people: BTreeMap::new(),
            topics: Topics::new(Policy { slow, backlog: BACKLOG }),
            history: VecDeque::new(),
            quiet_at: None,
            joined: 0,
            lines: 0,
            slow: 0,
        }
    }

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
        self.tell_in_time(&events::joined(&name, people), fx)?;
        self.topics.subscribe(id, TOPIC).map_err(|_| "the room is full")?;
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
        let Some(name) = self.people.get(&id) else {
            return Ok(());
        };
        let now = fx.now();
        let quiet_at = PACE.allow(self.quiet_at.unwrap_or(now), now);
        self.quiet_at = Some(quiet_at.inspect_err(|_| fx.count(CROWDED))?);
        let at = fx.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let said = events::said(name, text, at.as_secs());
        self.tell_in_time(&said, fx)?;
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
        let Some(name) = self.people.remove(&id) else {
            return;
        };
        if self.tell(&events::left(&name, self.people.len()), fx).is_err() {
            // That cannot be refused, and nobody may miss an event without knowing it.
            for id in self.people.keys() {
                fx.count(MISSED);
                fx.close(*id);
            }
        }
    }

    /// Tells everybody who is there, or nobody where too much was said at once.
    fn tell_in_time(&mut self, event: &str, fx: &mut Effects<Self>) -> Result<(), &'static str> {
        if self.topics.burst_left(TOPIC, fx) < LEAVING || self.tell(event, fx).is_err() {
            fx.count(CROWDED);
            return Err(TOO_FAST);
        }
        Ok(())
    }

    /// Tells everybody who is there; the event is encoded here and nowhere else.
    fn tell(&mut self, event: &str, fx: &mut Effects<Self>) -> Result<(), Refused> {
        self.topics.publish(TOPIC, &Encoded::text(event), fx)?;
        for id in self.topics.fallen() {
            // Where not even mail has room, a reset has to do.
            if fx.mail(To::Conn(id), Behind).is_err() {
                fx.close(id);
            }
        }
        Ok(())
    }
}

/// One line without control characters, nor space around it.
pub(super) fn cleaned(text: &str) -> String {
    text.trim().replace(char::is_control, " ")
}

impl Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Room { joined, lines, slow, .. } = self;
        let counts = self.topics.counts();
        write!(
            f,
            "joined {joined}, lines {lines}, delivered {}, dropped newest {}, dropped oldest {}, \
             coalesced {}, closed for reading too slowly {slow}",
            counts.delivered, counts.dropped_newest, counts.dropped_oldest, counts.coalesced
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use readily::contract::Outbox;
    use readily::websocket::Next;

    use super::*;

    fn id(index: u32) -> Id {
        Id { index, generation: 1 }
    }

    /// A room with as many people as that, and the loop's side of it.
    fn room(people: u32) -> (Room, Effects<Room>) {
        let outbox = Outbox::new(1, Box::new(|| ()));
        let mut fx = Effects::new(Instant::now(), SystemTime::now(), 0, outbox.into());
        let mut room = Room::new(Slow::Close);
        for n in 0..people {
            room.join(id(n), &n.to_string(), &mut fx).expect("there is room");
        }
        // The next turn.
        fx.list().clear();
        fx.set_nanos(1);
        (0..people).for_each(|n| {
            while let Next::Message(_) = room.topics.next(id(n)) {
                room.topics.taken(id(n));
            }
        });
        (room, fx)
    }

    #[test]
    fn who_talks_when_too_much_is_said_at_once_is_refused_and_nobody_is_closed() {
        let (mut room, mut fx) = room(3);
        let line = "x".repeat(2000);
        let told = (0..200).filter(|_| room.say(id(0), &line, &mut fx).is_ok()).count();
        assert!((50..70).contains(&told), "{told}");
        assert_eq!(room.join(id(3), "d", &mut fx), Err(TOO_FAST));
        assert_eq!(fx.tally().of(CROWDED), 201 - told as u64);
        // There is room for those who leave.
        for n in 0..3 {
            room.leave(id(n), &mut fx);
        }
        let effects: Vec<_> = fx.list().drain(..).map(|effect| effect.name()).collect();
        assert_eq!((effects, fx.tally().of(MISSED)), (vec!["wake"; 3], 0));
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
