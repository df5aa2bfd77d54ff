//! One line for each event: which connection, what it was ready for, what it did, what it became.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use readily_protocols::contract::{Address, App, Effect, End, Id};

use crate::reactor::Reactor;
use crate::slot::{Flags, Slot};
use crate::sys::{Readiness, Sys};

/// Something that happened, to be printed or kept.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A connection came in.
    Accepted {
        /// Its id.
        id: Id,
        /// Where it comes from.
        from: &'a Address,
    },
    /// A connection was turned away.
    Refused {
        /// Where it came from.
        from: &'a Address,
        /// Why.
        why: &'a std::io::Error,
    },
    /// A connection was visited.
    Visit {
        /// Its id.
        id: Id,
        /// The state it was in.
        from: &'static str,
        /// What it was ready for.
        ready: Readiness,
        /// Bytes read.
        bytes_in: u64,
        /// Bytes written, those to a linked peer included.
        bytes_out: u64,
        /// How many of those by `sendfile`.
        bytes_sendfile: u64,
        /// What was asked for.
        effects: &'a [&'static str],
        /// The state it is in now.
        to: &'static str,
    },
    /// A connection's machine ended.
    Ended {
        /// Its id.
        id: Id,
        /// Why.
        why: End,
    },
    /// The sanitizer found a connection that can never go on.
    Stuck {
        /// What is wrong.
        finding: &'static str,
        /// The state that left it so.
        state: &'static str,
    },
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Accepted { id, from } => write!(f, "{id} accepted from {from}"),
            Event::Refused { from, why } => write!(f, "refused {from}: {why}"),
            Event::Visit { id, from, ready, bytes_in, bytes_out, bytes_sendfile, effects, to } => {
                let ready = ready.letters();
                write!(f, "{id} {from} [{ready}] in={bytes_in} out={bytes_out}")?;
                if *bytes_sendfile > 0 {
                    write!(f, " file={bytes_sendfile}")?;
                }
                if !effects.is_empty() {
                    write!(f, " asks {}", effects.join(","))?;
                }
                write!(f, " -> {to}")
            }
            Event::Ended { id, why } => write!(f, "{id} ended: {why}"),
            Event::Stuck { finding, state } => write!(f, "in state {state}: {finding}"),
        }
    }
}

type Tracer = Box<dyn FnMut(&Event<'_>)>;

/// The tracer, if there is one. Findings and refusals also go to the log facade.
#[derive(Default)]
pub(crate) struct Tracing {
    tracer: Option<Tracer>,
    effects: Vec<&'static str>,
}

impl Tracing {
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.tracer.is_some()
    }

    #[inline]
    pub(crate) fn note<A: App>(&mut self, effects: &[Effect<A>]) {
        if self.is_on() {
            self.effects.extend(effects.iter().map(Effect::name));
        }
    }

    pub(crate) fn accepted(&mut self, id: Id, from: &Address) {
        self.emit(&Event::Accepted { id, from });
    }

    pub(crate) fn refused(&mut self, from: &Address, why: &std::io::Error) {
        #[cfg(feature = "log")]
        log::warn!("refused {from}: {why}");
        self.emit(&Event::Refused { from, why });
    }

    pub(crate) fn stuck(&mut self, finding: &'static str, state: &'static str) {
        #[cfg(feature = "log")]
        log::error!("in state {state}: {finding}");
        self.emit(&Event::Stuck { finding, state });
    }

    fn emit(&mut self, event: &Event<'_>) {
        let Some(tracer) = &mut self.tracer else { return };
        // A tracer that panics is not asked again: it must not end what it looks at.
        if catch_unwind(AssertUnwindSafe(|| tracer(event))).is_err() {
            self.tracer = None;
        }
    }
}

/// Says to the log facade that a machine panicked; the panic hook has said where.
pub(crate) fn panicked(id: Id, state: &'static str) {
    #[cfg(feature = "log")]
    log::error!("{id} panicked, called in state {state}");
    #[cfg(not(feature = "log"))]
    let _ = (id, state);
}

/// Says to the log facade that accepting has stopped for want of descriptors.
pub(crate) fn exhausted(listener: usize) {
    #[cfg(feature = "log")]
    log::warn!("listener {listener}: no descriptor left, accepting goes on when there is one");
    #[cfg(not(feature = "log"))]
    let _ = listener;
}

/// What a connection was like before a visit.
pub(crate) struct Snapshot {
    state: &'static str,
    ready: Readiness,
    bytes_in: u64,
    bytes_out: u64,
    bytes_sendfile: u64,
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// Has every event told to `tracer`.
    pub fn trace(&mut self, tracer: impl FnMut(&Event<'_>) + 'static) {
        self.tracing.tracer = Some(Box::new(tracer));
    }

    pub(crate) fn snapshot(&mut self, index: usize) -> Snapshot {
        self.tracing.effects.clear();
        let slot = &self.slots[index];
        Snapshot {
            state: slot.state(),
            ready: readiness(slot),
            bytes_in: self.counters.bytes_in,
            bytes_out: self.counters.bytes_out,
            bytes_sendfile: self.counters.bytes_sendfile,
        }
    }

    pub(crate) fn trace_visit(&mut self, id: Id, before: Snapshot) {
        let effects = std::mem::take(&mut self.tracing.effects);
        self.tracing.emit(&Event::Visit {
            id,
            from: before.state,
            ready: before.ready,
            bytes_in: self.counters.bytes_in - before.bytes_in,
            bytes_out: self.counters.bytes_out - before.bytes_out,
            bytes_sendfile: self.counters.bytes_sendfile - before.bytes_sendfile,
            effects: &effects,
            to: self.slots[id.index as usize].state(),
        });
        self.tracing.effects = effects;
    }

    pub(crate) fn trace_end(&mut self, id: Id, why: End) {
        #[cfg(feature = "log")]
        if !why.in_order() {
            log::debug!("{id} ended: {why}");
        }
        self.tracing.emit(&Event::Ended { id, why });
    }
}

fn readiness<A: App, S: Sys>(slot: &Slot<A, S>) -> Readiness {
    let flags = [
        (Flags::READABLE, Readiness::READABLE),
        (Flags::WRITABLE, Readiness::WRITABLE),
        (Flags::DRAIN, Readiness::DRAIN),
    ];
    let set = flags.into_iter().filter(|(flag, _)| slot.flags.has(*flag));
    set.fold(Readiness::default(), |all, (_, one)| all.and(one))
}
