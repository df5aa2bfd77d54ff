//! Tells those who watch the page what the loop does, as often as they can see it.

use std::time::{Duration, Instant, SystemTime};

use readily::websocket::Encoded;
use readily::{Handle, Reactor, To};

use super::snapshot::{self, Snapshot};
use super::{Mail, Showcase, Tour};

/// How often the page is told.
const EVERY: Duration = Duration::from_millis(250);

/// When the page is to be told next. While nobody watches, nothing is counted up and nobody woken.
#[derive(Debug)]
pub struct News {
    handle: Handle<Mail>,
    started: Instant,
    due: Instant,
}

impl News {
    /// Tells each watcher from now on what this server is.
    pub fn new(reactor: &mut Reactor<Showcase>, tour: &Tour, now: Instant) -> Self {
        let born = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let instance = born.as_millis() as u64;
        let hello = Encoded::text(&snapshot::hello(instance, tour.stops()));
        reactor.app_mut().board.introduce(hello);
        News { handle: reactor.handle(), started: now, due: now }
    }

    /// How long the loop may wait before there is something to tell.
    pub fn wait(&self, reactor: &Reactor<Showcase>, now: Instant) -> Duration {
        match reactor.app().board.is_watched() {
            true => self.due.saturating_duration_since(now),
            false => Duration::MAX,
        }
    }

    /// Tells all who watch, if it is time to.
    pub fn tell(&mut self, reactor: &Reactor<Showcase>, now: Instant) {
        if !self.wait(reactor, now).is_zero() {
            return;
        }
        self.due = now + EVERY;
        let figures = Snapshot::of(reactor, now - self.started).json();
        // A queue that is full has figures in it that will do.
        let _ = self.handle.mail(To::App, Mail::Feed(Encoded::text(&figures)));
    }
}
