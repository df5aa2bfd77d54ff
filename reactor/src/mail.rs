//! Mail to the application itself, and mail that waits for its time.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use readily_protocols::contract::{App, Effects, Full, TimerId, To};

use crate::reactor::{Alarm, Reactor};
use crate::sys::Sys;
use crate::timers::Key;

/// Mail that waits for its time.
pub(crate) type MailTimers<Mail> = BTreeMap<TimerId, (Key, To, Mail)>;

impl<A: App, S: Sys> Reactor<A, S> {
    /// Delivers `mail` after `wait`: to the application, or to who is named.
    ///
    /// # Errors
    /// [`Full`] with the mail when too many timers wait.
    pub fn after(
        &mut self,
        wait: Duration,
        to: To,
        mail: A::Mail,
    ) -> Result<TimerId, Full<A::Mail>> {
        let timer = self.fx.after(wait, to, mail)?;
        self.carry_out();
        Ok(timer)
    }

    pub(crate) fn mail_app(&mut self, mail: A::Mail) {
        self.guarded(|app, fx| app.receive(mail, fx));
        if !self.fx.is_empty() {
            self.carry_out();
        }
    }

    /// Mail that nobody is there for.
    pub(crate) fn drop_mail(&mut self, mail: A::Mail) {
        self.counters.mail_dead += 1;
        self.calm(|_| drop(mail));
    }

    /// Calls the application where it can ask for nothing; a panic of its is counted.
    pub(crate) fn calm(&mut self, call: impl FnOnce(&mut A)) {
        let app = &mut self.app;
        let panicked = catch_unwind(AssertUnwindSafe(|| call(app))).is_err();
        self.counters.panics += u64::from(panicked);
    }

    /// Calls the application; a panic of its is counted, and what it asked for is forgotten.
    pub(crate) fn guarded(&mut self, call: impl FnOnce(&mut A, &mut Effects<A>)) {
        let (app, fx) = (&mut self.app, &mut self.fx);
        if catch_unwind(AssertUnwindSafe(|| call(app, fx))).is_err() {
            self.counters.panics += 1;
            self.fx.forget();
            self.grant();
        }
    }

    pub(crate) fn mail_after(&mut self, timer: TimerId, at: Instant, to: To, mail: A::Mail) {
        let key = self
            .timers
            .arm(self.clock.nanos(at), Alarm::Mail([timer.0 as u32, (timer.0 >> 32) as u32]));
        self.mail_timers.insert(timer, (key, to, mail));
    }

    pub(crate) fn cancel_mail(&mut self, timer: TimerId) {
        if let Some((key, ..)) = self.mail_timers.remove(&timer) {
            self.timers.disarm(key);
        }
    }

    pub(crate) fn mail_is_due(&mut self, [low, high]: [u32; 2]) {
        let timer = TimerId(u64::from(high) << 32 | u64::from(low));
        if let Some((_, to, mail)) = self.mail_timers.remove(&timer) {
            self.mail.push_back((to, mail));
            self.grant();
        }
    }
}
