//! A number for everything that the loop did and was told.

use std::io;

use super::rng::mix;
use crate::sys::faults::Call;

/// A running hash of calls and results: two runs that differ in one of them differ here.
#[derive(Clone, Default, Debug)]
pub(super) struct Trace {
    hash: u64,
    calls: u64,
}

impl Trace {
    /// Adds one call on one source and what came of it.
    #[inline]
    pub(super) fn note(&mut self, call: Call, source: u64, result: u64) {
        self.calls += 1;
        let word = (call as u64) << 56 ^ source.rotate_left(24) ^ result;
        self.hash = mix(self.hash ^ word);
    }

    /// The same for a result that has a length or an error.
    #[inline]
    pub(super) fn note_len(&mut self, call: Call, source: u32, result: &io::Result<usize>) {
        let result = match result {
            Ok(n) => *n as u64,
            Err(error) => 1 << 32 | error.raw_os_error().unwrap_or(0) as u64,
        };
        self.note(call, u64::from(source), result);
    }

    /// The same for a result that is only good or bad.
    pub(super) fn note_done<T>(&mut self, call: Call, source: u32, result: &io::Result<T>) {
        let result = result.as_ref().map(|_| 0).map_err(|error| error.raw_os_error().unwrap_or(0));
        let code = match result {
            Ok(n) => n,
            Err(errno) => 1 << 32 | errno as u64,
        };
        self.note(call, u64::from(source), code);
    }

    pub(super) fn hash(&self) -> u64 {
        mix(self.hash ^ self.calls)
    }
}
