//! What all connections of a runtime share: the application, its requests, the time, the buffers.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use readily::{App, Effect, Effects, End, Fault, Id, Outbox, Rooms};
use tokio::time::Instant;

use super::ends::Pool;

/// Time since the runtime began, in nanoseconds.
pub(super) type Nanos = u64;

/// A deadline that there is not.
pub(super) const NEVER: Nanos = u64::MAX;

/// How old the wall time may be.
const WALL_AGE: Nanos = 1_000_000_000;

/// What all connections of a runtime share.
pub(super) struct Shared<A: App> {
    pub(super) app: A,
    pub(super) fx: Effects<A>,
    pub(super) pool: Pool,
    start: Instant,
    now: Nanos,
    wall_read: Nanos,
    /// The first effect that was asked for and is not carried out here.
    refused: Option<&'static str>,
    /// Who waits for that.
    waiting: Option<Waker>,
}

/// What was asked for, and concerns whoever asked for it alone.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Asked {
    /// To be called again.
    pub(super) wake: bool,
    /// To be cut.
    pub(super) close: bool,
}

impl<A: App> Shared<A> {
    pub(super) fn new(app: A) -> Self {
        let (start, wall) = (Instant::now(), SystemTime::now());
        let nobody_posts = Arc::new(Outbox::new(0, Box::new(|| ())));
        let mut fx = Effects::new(start.into_std(), wall, 1, nobody_posts);
        fx.set_rooms(Rooms { mail: 0, jobs: 0, timers: 0 });
        let pool = Pool::default();
        Shared { app, fx, pool, start, now: 0, wall_read: 0, refused: None, waiting: None }
    }

    /// Forgets what a machine that panicked had asked for, and reads the clock; the wall time where
    /// its reading is old.
    pub(super) fn begin_poll(&mut self) {
        self.fx.forget();
        self.now = self.nanos(Instant::now());
        self.fx.set_nanos(self.now);
        if self.now - self.wall_read >= WALL_AGE {
            self.wall_read = self.now;
            self.fx.set_wall(SystemTime::now());
        }
    }

    /// The time of this poll.
    pub(super) fn now(&self) -> Nanos {
        self.now
    }

    /// The time from now on that a duration ends at.
    pub(super) fn after(&self, time: Duration) -> Nanos {
        self.now.saturating_add(in_nanos(time))
    }

    /// An instant as it is counted here.
    pub(super) fn nanos(&self, at: Instant) -> Nanos {
        in_nanos(at.saturating_duration_since(self.start))
    }

    /// The other way round, of one that is not [`NEVER`].
    pub(super) fn instant(&self, at: Nanos) -> Instant {
        self.start + Duration::from_nanos(at)
    }

    /// Carries out what `me` has asked for.
    ///
    /// # Errors
    /// A local fault for what is not carried out here, which ends [`serve`](super::serve) as well.
    pub(super) fn carry_out(&mut self, me: Id) -> Result<Asked, Fault> {
        let mut asked = Asked::default();
        for effect in self.fx.list().drain(..) {
            match effect {
                Effect::Wake(id) if id == me => asked.wake = true,
                Effect::Close(id) if id == me => asked.close = true,
                // Nothing is linked and no timer runs, so these change nothing in the loop either.
                Effect::Signal(..) | Effect::Unlink(_) | Effect::Cancel(_) => {}
                other => {
                    self.refused.get_or_insert(other.name());
                }
            }
        }
        if self.refused.is_some() {
            if let Some(waiting) = self.waiting.take() {
                waiting.wake();
            }
            return Err(Fault::Local("it asked for what is not carried out on tokio"));
        }
        Ok(asked)
    }

    /// Tells the application of an end.
    pub(super) fn tell_gone(&mut self, id: Id, why: End) {
        self.app.gone(id, why, &mut self.fx);
        // What is asked for now is carried out for nobody; what cannot be is noted all the same.
        let _ = self.carry_out(id);
    }

    /// Waits for an effect that is not carried out, and names it.
    pub(super) fn poll_refused(&mut self, cx: &mut Context<'_>) -> Poll<&'static str> {
        match self.refused {
            Some(name) => Poll::Ready(name),
            None => {
                self.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

fn in_nanos(time: Duration) -> Nanos {
    u64::try_from(time.as_nanos()).unwrap_or(NEVER)
}
