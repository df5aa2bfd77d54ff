//! The codings that one loop offers, and the compressors that its connections share.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use super::{Accepted, Coding, Compressor, Level, Negotiated, OUT_MIN, Until};
use crate::http1::Request;

/// What is offered, and within which bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// The codings, the best of the server first.
    pub offered: &'static [Coding],
    /// How much work is done.
    pub level: Level,
    /// The shortest body in bytes that is compressed; at least [`OUT_MIN`].
    pub least: usize,
    /// The longest body in bytes that is compressed in one call, in which the loop does nothing
    /// else. Longer ones go out as they are, unless they are streamed.
    pub most: usize,
    /// How many streams are compressed at a time. Those beyond it go out as they are, under the
    /// counter [`BUSY`]: each holds up to [`Compressor::held_most`] until it ends.
    pub streams: usize,
}

impl Rules {
    /// zstd does a third of the work of the other two. At this level, gzip is as small as brotli
    /// and begins a content for less.
    pub const OFFERED: &'static [Coding] = &[Coding::Zstd, Coding::Gzip, Coding::Brotli];
    /// 1 KiB: with its head it fills one packet, and less than one cannot be saved.
    pub const LEAST: usize = 1024;
    /// 256 KiB: 2 to 8 ms, as text has more or less in it.
    pub const MOST: usize = 256 * 1024;
    /// 64 streams: at most 72 MiB at the balanced level of zstd.
    pub const STREAMS: usize = 64;

    /// What [`Codings::default`] has.
    pub const DEFAULT: Rules = Rules {
        offered: Rules::OFFERED,
        level: Level::Balanced,
        least: Rules::LEAST,
        most: Rules::MOST,
        streams: Rules::STREAMS,
    };
}

impl Default for Rules {
    fn default() -> Self {
        Rules::DEFAULT
    }
}

/// The counter of streams that went out as they are, since [`Rules::streams`] were compressed.
pub const BUSY: &str = "http: no compressor free for a stream";

/// How many compressors of each coding are kept for the next answer.
const IDLE_MOST: usize = 1;

/// How much of a stream is compressed before it is written, in bytes of output.
const STEP: usize = 16 * 1024;

/// The codings that one loop offers: one value, cloned for each connection.
///
/// The clones share their compressors, so that an answer does not pay for the making of one, and
/// one buffer in which answers are compressed.
#[derive(Clone)]
pub struct Codings(Rc<Shared>);

struct Shared {
    rules: Rules,
    idle: RefCell<Vec<Compressor>>,
    /// Where output lies before it is sent: it grows to [`Rules::most`].
    buffer: RefCell<Vec<u8>>,
    streams: Cell<usize>,
}

impl Codings {
    /// Codings by these rules.
    pub fn new(rules: Rules) -> Codings {
        Codings(Rc::new(Shared {
            rules: Rules { least: rules.least.max(OUT_MIN), ..rules },
            idle: RefCell::default(),
            buffer: RefCell::default(),
            streams: Cell::new(0),
        }))
    }

    /// What the client of that request wants: small, and kept by a service that answers later.
    pub fn wanted(&self, request: &Request<'_>) -> Wanted {
        let mut accepted = Accepted::default();
        request.values("accept-encoding").for_each(|line| accepted.read(line));
        let agreed = accepted.choose(self.0.rules.offered);
        // A HEAD would pay for a body that is not sent.
        let coding = match agreed {
            Negotiated::Use(coding) if request.method() != "HEAD" => Some(coding),
            _ => None,
        };
        Wanted { codings: self.clone(), agreed, coding }
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.0.rules
    }

    /// Bytes of memory that the clones share, those of streams that go on not counted.
    pub fn held(&self) -> usize {
        let idle: usize = self.0.idle.borrow().iter().map(Compressor::held).sum();
        idle + self.0.buffer.borrow().capacity()
    }

    /// Lends the coded form of a body to `then`; none where the rules or the body speak against it.
    pub(super) fn lend<R>(
        &self,
        coding: Coding,
        body: &[u8],
        then: impl FnOnce(Option<&[u8]>) -> R,
    ) -> R {
        let Rules { least, most, .. } = self.0.rules;
        if !(least..=most).contains(&body.len()) {
            return then(None);
        }
        let mut compressor = self.0.compressor(coding);
        let mut buffer = self.0.buffer.take();
        if buffer.len() < body.len() {
            buffer.resize(body.len(), 0);
        }
        // With no more room than the body takes, what becomes no smaller is not even finished.
        let step = compressor.step(body, &mut buffer[..body.len()], Until::Ended);
        let coded = step.ok().filter(|step| step.is_done).map(|step| &buffer[..step.written]);
        let result = then(coded);
        self.0.buffer.replace(buffer);
        self.0.keep(compressor);
        result
    }

    /// A compressor for one stream; none if too many have one.
    pub(super) fn lease(&self, coding: Coding) -> Option<Lease> {
        let streams = self.0.streams.get();
        (streams < self.0.rules.streams).then(|| {
            self.0.streams.set(streams + 1);
            Lease { compressor: Some(self.0.compressor(coding)), shared: Rc::clone(&self.0) }
        })
    }
}

/// A coding that a client and a server agreed on, for one answer.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub(super) codings: Codings,
    agreed: Negotiated,
    pub(super) coding: Option<Coding>,
}

impl Wanted {
    /// What was agreed. Where it is [`Negotiated::NotAcceptable`], content goes out as it is unless
    /// the service answers 406 itself.
    pub fn agreed(&self) -> Negotiated {
        self.agreed
    }
}

/// A compressor on loan.
pub(super) struct Lease {
    /// Taken by the drop alone.
    compressor: Option<Compressor>,
    shared: Rc<Shared>,
}

impl Lease {
    pub(super) fn compressor(&self) -> Option<&Compressor> {
        self.compressor.as_ref()
    }

    /// The compressor, and [`STEP`] bytes for its output.
    pub(super) fn with_buffer<R>(
        &mut self,
        work: impl FnOnce(&mut Compressor, &mut [u8]) -> R,
    ) -> Option<R> {
        let compressor = self.compressor.as_mut()?;
        let mut buffer = self.shared.buffer.borrow_mut();
        if buffer.len() < STEP {
            buffer.resize(STEP, 0);
        }
        Some(work(compressor, &mut buffer[..STEP]))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shared.streams.set(self.shared.streams.get() - 1);
        if let Some(compressor) = self.compressor.take() {
            self.shared.keep(compressor);
        }
    }
}

impl Shared {
    fn compressor(&self, coding: Coding) -> Compressor {
        let mut idle = self.idle.borrow_mut();
        match idle.iter().position(|compressor| compressor.coding() == coding) {
            Some(at) => idle.swap_remove(at),
            None => Compressor::new(coding, self.rules.level),
        }
    }

    fn keep(&self, mut compressor: Compressor) {
        let (coding, mut idle) = (compressor.coding(), self.idle.borrow_mut());
        // One of brotli has nothing that could be kept.
        if coding != Coding::Brotli
            && idle.iter().filter(|idle| idle.coding() == coding).count() < IDLE_MOST
        {
            compressor.reset();
            idle.push(compressor);
        }
    }
}

impl Default for Codings {
    fn default() -> Self {
        Codings::new(Rules::DEFAULT)
    }
}

impl fmt::Debug for Codings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codings")
            .field("rules", &self.0.rules)
            .field("streams", &self.0.streams.get())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({:?})", self.compressor)
    }
}
