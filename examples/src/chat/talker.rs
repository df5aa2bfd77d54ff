//! One person's WebSocket.

use std::time::Instant;

use readily::Fault;
use readily::websocket::{Handler, Heard, Limits, Message, Pulled, Socket};

use super::pace::Pace;
use super::room::{Behind, REFUSED, cleaned};
use super::{LINE_MAX, LINES_AT_ONCE, LINES_PER_SECOND, Room, events};

/// Characters are up to four bytes long. What is longer is no mistake of the page's.
const BYTES_MAX: u64 = 4 * LINE_MAX as u64;

const LIMITS: Limits = Limits { frame_max: BYTES_MAX, message_max: BYTES_MAX, ..Limits::DEFAULT };

const PACE: Pace = Pace { at_once: LINES_AT_ONCE, per_second: LINES_PER_SECOND };

/// Somebody who wants to talk: the first message is a name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Talker {
    has_name: bool,
    /// When all that was said so far is forgotten; none before anything was.
    quiet_at: Option<Instant>,
}

impl Handler<Room> for Talker {
    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, Room>,
    ) -> Result<(), Fault> {
        let answer = match message {
            Message::Binary(_) => Err("only text is spoken here"),
            Message::Text(text) if self.has_name => self.say(text, socket).map(|()| None),
            Message::Text(name) => self.join(name, socket).map(Some),
        };
        let event = match answer {
            Ok(None) => return Ok(()),
            Ok(Some(welcome)) => welcome,
            Err(why) => {
                socket.fx.count(REFUSED);
                events::refused(why)
            }
        };
        // A message is handed over only while there is room for an answer.
        socket.text(&event).map_err(|_| Fault::Local("chat: no room for an answer"))
    }

    fn mail(&mut self, _: Behind, socket: &mut Socket<'_, Room>) -> Result<Heard, Fault> {
        hear(socket);
        Ok(Heard::Taken)
    }

    fn room(&mut self, socket: &mut Socket<'_, Room>) -> Result<(), Fault> {
        hear(socket);
        Ok(())
    }

    fn limits(&self) -> &Limits {
        &LIMITS
    }
}

/// Takes what was said meanwhile; who is too far behind is closed.
fn hear(socket: &mut Socket<'_, Room>) {
    if socket.pull(|room| &mut room.topics) == Pulled::Behind {
        let id = socket.id();
        socket.app.give_up(id, socket.fx);
    }
}

impl Talker {
    fn join(&mut self, name: &str, socket: &mut Socket<'_, Room>) -> Result<String, &'static str> {
        // Names are tried as lines are said: each is held against all the others.
        self.keep_pace(socket)?;
        let id = socket.id();
        let welcome = socket.app.join(id, name, socket.fx)?;
        *self = Talker { has_name: true, quiet_at: None };
        Ok(welcome)
    }

    fn say(&mut self, text: &str, socket: &mut Socket<'_, Room>) -> Result<(), &'static str> {
        let text = cleaned(text);
        match text.chars().count() {
            0 => return Ok(()),
            1..=LINE_MAX => {}
            _ => return Err("the line is too long"),
        }
        self.keep_pace(socket)?;
        let id = socket.id();
        socket.app.say(id, &text, socket.fx)
    }

    fn keep_pace(&mut self, socket: &Socket<'_, Room>) -> Result<(), &'static str> {
        let now = socket.fx.now();
        self.quiet_at = Some(PACE.allow(self.quiet_at.unwrap_or(now), now)?);
        Ok(())
    }
}
