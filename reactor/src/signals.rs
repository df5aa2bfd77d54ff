//! Signals, delivered in the loop.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use readily_protocols::contract::{App, To};

use crate::reactor::Reactor;
use crate::sys::Sys;

/// Hang-up: by custom, read the configuration again.
pub const HANGUP: i32 = rustix::process::Signal::HUP.as_raw();
/// Interrupt: Ctrl-C.
pub const INTERRUPT: i32 = rustix::process::Signal::INT.as_raw();
/// Terminate: what a service manager sends first.
pub const TERMINATE: i32 = rustix::process::Signal::TERM.as_raw();

type Make<A> = Box<dyn FnMut() -> <A as App>::Mail>;

/// What each caught signal does.
pub(crate) struct SignalTable<A: App> {
    drains: bool,
    mails: Vec<(i32, Make<A>)>,
}

impl<A: App> Default for SignalTable<A> {
    fn default() -> Self {
        SignalTable { drains: false, mails: Vec::new() }
    }
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// Has [`TERMINATE`] and [`INTERRUPT`] drain the loop, and a second one abort it.
    ///
    /// # Errors
    /// Where they cannot be caught.
    pub fn drain_on_signals(&mut self) -> io::Result<()> {
        self.sys.catch_signals(&[TERMINATE, INTERRUPT])?;
        self.signals.drains = true;
        Ok(())
    }

    /// Has a signal mail the application what `mail` makes.
    ///
    /// # Errors
    /// Where it cannot be caught.
    pub fn on_signal(
        &mut self,
        signal: i32,
        mail: impl FnMut() -> A::Mail + 'static,
    ) -> io::Result<()> {
        self.sys.catch_signals(&[signal])?;
        self.signals.mails.push((signal, Box::new(mail)));
        Ok(())
    }

    pub(crate) fn take_signals(&mut self) {
        for signal in self.sys.signals() {
            for (of, make) in &mut self.signals.mails {
                if *of != signal {
                    continue;
                }
                match catch_unwind(AssertUnwindSafe(make)) {
                    Ok(mail) => self.mail.push_back((To::App, mail)),
                    Err(_) => self.counters.panics += 1,
                }
            }
            self.do_chores_for(signal);
            if self.signals.drains && (signal == TERMINATE || signal == INTERRUPT) {
                if self.fx.draining() { self.abort() } else { self.drain() }
            }
        }
    }
}
