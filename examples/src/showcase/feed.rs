//! The two WebSockets of the page: the feed of figures, and an echo to try.

use std::time::{Duration, Instant};

use readily::Fault;
use readily::websocket::{CloseCode, Encoded, Handler, Heard, Limits, Message, Socket};

use super::{Mail, Showcase, snapshot};

/// How often somebody who watches may say something.
const LINE_EVERY: Duration = Duration::from_millis(200);
/// The longest line, in bytes.
const LINE_MAX: u64 = 1000;

/// What a watcher says to have visitors sent to the services.
const SEND_VISITORS: &str = "/visit";

/// Counted when a watcher reads too slowly to be told everything.
const SKIPPED: &str = "showcase: figures skipped for a slow reader";
/// Counted when a watcher says too much too fast.
const TOO_SOON: &str = "showcase: a line came too soon";
/// A socket opens with an empty send buffer, and takes no message while it is full.
const NO_ROOM: Fault = Fault::Local("showcase: no room for an answer");
/// Counted when too many watch.
const CROWDED: &str = "showcase: too many watch";

const LIMITS: Limits = Limits { frame_max: LINE_MAX, message_max: LINE_MAX, ..Limits::DEFAULT };

/// Tells the page what happens. What the page says is a line for everybody who watches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Feed {
    /// When it said something last.
    spoke: Option<Instant>,
}

impl Handler<Showcase> for Feed {
    fn open(&mut self, socket: &mut Socket<'_, Showcase>) -> Result<(), Fault> {
        let id = socket.id();
        if !socket.app.board.admit(id) {
            socket.fx.count(CROWDED);
            socket.close(CloseCode::AGAIN, "too many watch");
            return Ok(());
        }
        let hello = socket.app.board.hello().cloned();
        let told = hello.map_or(Ok(()), |hello| socket.send(&hello));
        told.and_then(|()| socket.text(&snapshot::you(id))).map_err(|_| NO_ROOM)
    }

    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, Showcase>,
    ) -> Result<(), Fault> {
        let now = socket.fx.now();
        let (Message::Text(text), true) = (message, self.may_speak(now)) else {
            socket.fx.count(TOO_SOON);
            return Ok(());
        };
        self.spoke = Some(now);
        if text == SEND_VISITORS {
            socket.app.visits.begin(socket.fx);
            return Ok(());
        }
        let line = Encoded::text(&snapshot::line(socket.id(), text));
        socket.fx.publish(socket.app.board.watchers(), &Mail::Feed(line));
        Ok(())
    }

    fn mail(&mut self, mail: Mail, socket: &mut Socket<'_, Showcase>) -> Result<Heard, Fault> {
        let Mail::Feed(told) = mail else { return Ok(Heard::Ignored) };
        // The next figures hold all that these do.
        if socket.send(&told).is_err() {
            socket.fx.count(SKIPPED);
        }
        Ok(Heard::Taken)
    }

    fn limits(&self) -> &Limits {
        &LIMITS
    }
}

impl Feed {
    fn may_speak(&self, now: Instant) -> bool {
        self.spoke.is_none_or(|spoke| now.saturating_duration_since(spoke) >= LINE_EVERY)
    }
}

/// Sends each message back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mirror;

impl Handler<Showcase> for Mirror {
    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, Showcase>,
    ) -> Result<(), Fault> {
        socket.message(message).map_err(|_| NO_ROOM)
    }
}
