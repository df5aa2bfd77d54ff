//! What threads of the pool do for an answer.

use std::ops::Range;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use readily_protocols::contract::File;
use readily_protocols::http1::files::{Asked, Kept, Plan, Relative};

use super::lookup::{Found, Refusal, Site};
use super::pages::{first_window, warm};
use super::root::Patience;

/// A file that a thread finds and opens.
#[derive(Debug)]
pub(super) struct Opening {
    path: Relative<'static>,
    kept: Kept,
    found: OnceLock<Found>,
}

/// A part of a file that a thread reads.
#[derive(Debug)]
pub(super) struct Warming(AtomicU8);

/// How far a thread has come with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Warmth {
    /// It is at it.
    Wait,
    /// It is in memory.
    Warm,
    /// It cannot be read, or the thread did not end its work.
    Broken,
}

impl Opening {
    pub(super) fn new(path: Relative<'_>, asked: &Asked<'_>) -> Arc<Opening> {
        let kept = asked.keep();
        Arc::new(Opening { path: path.into_owned(), kept, found: OnceLock::new() })
    }

    /// What was asked for.
    pub(super) fn asked(&self) -> Asked<'_> {
        self.kept.asked()
    }

    /// What was found, once the thread is done.
    pub(super) fn found(&self) -> Option<&Found> {
        self.found.get()
    }

    /// Opens it, and reads the first window of what will be sent: on a thread of the pool.
    pub(super) fn run(self: Arc<Self>, site: &Site, now: SystemTime) {
        let answer = Answering(self);
        let opening = &answer.0;
        let asked = opening.asked();
        let found = site.find(&opening.path, &asked.accepted(), Patience::Wait);
        let found = found.unwrap_or(Found::Refused(Refusal::BROKEN));
        if let Found::Content(content) = &found {
            let first = match Plan::of(&asked, &content.about.facts, now) {
                Plan::Whole => first_window(&(0..content.about.facts.length)),
                Plan::Part(part) => first_window(&part),
                _ => 0..0,
            };
            // Whoever sends it finds out for itself that it cannot be read.
            let _ = warm(content.file.as_ref(), first);
        }
        let _ = opening.found.set(found);
    }
}

/// Answers in any case: a panic is answered by 500.
struct Answering(Arc<Opening>);

impl Drop for Answering {
    fn drop(&mut self) {
        let _ = self.0.found.set(Found::Refused(Refusal::BROKEN));
    }
}

impl Warming {
    const WAIT: u8 = 0;
    const WARM: u8 = 1;
    const BROKEN: u8 = 2;

    pub(super) fn new() -> Arc<Warming> {
        Arc::new(Warming(AtomicU8::new(Warming::WAIT)))
    }

    /// Reads it: on a thread of the pool.
    pub(super) fn run(self: Arc<Self>, file: &File, range: Range<u64>) {
        let mark = Marking(self);
        if warm(file.as_ref(), range).is_ok() {
            mark.0.0.store(Warming::WARM, Ordering::Release);
        }
    }

    pub(super) fn warmth(&self) -> Warmth {
        match self.0.load(Ordering::Acquire) {
            Warming::WAIT => Warmth::Wait,
            Warming::WARM => Warmth::Warm,
            _ => Warmth::Broken,
        }
    }
}

/// Says in any case that the thread is done.
struct Marking(Arc<Warming>);

impl Drop for Marking {
    fn drop(&mut self) {
        let (wait, broken) = (Warming::WAIT, Warming::BROKEN);
        let done = Ordering::AcqRel;
        let _ = self.0.0.compare_exchange(wait, broken, done, Ordering::Acquire);
    }
}
