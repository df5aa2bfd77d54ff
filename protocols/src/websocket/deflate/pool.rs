//! What the connections of one loop share.

use super::compress::Compressor;
use super::inflate::Inflater;

/// Compressors and inflaters that no connection holds now, and memory to work in.
#[derive(Debug, Default)]
pub(in super::super) struct Pool {
    #[expect(clippy::vec_box, reason = "they go to their messages and come back")]
    inflaters: Vec<Box<Inflater>>,
    compressors: Vec<Compressor>,
    scratch: Vec<u8>,
    output: Vec<u8>,
}

/// How many inflaters are kept for messages to come: more are needed only while messages arrive in
/// parts.
const INFLATERS_KEPT: usize = 8;
/// How many compressors are kept: one for each window and level in use.
const COMPRESSORS_KEPT: usize = 8;
/// How much is inflated at once, in bytes.
const SCRATCH: usize = 16 * 1024;
/// How much memory is kept for compressed messages, in bytes.
const OUTPUT_KEPT: usize = 256 * 1024;

impl Pool {
    /// One without context.
    pub(in super::super) fn inflater(&mut self) -> Box<Inflater> {
        self.inflaters.pop().unwrap_or_else(|| Box::new(Inflater::new()))
    }

    /// It is needed no more.
    pub(in super::super) fn put_back(&mut self, mut inflater: Box<Inflater>) {
        if self.inflaters.len() < INFLATERS_KEPT {
            inflater.reset();
            self.inflaters.push(inflater);
        }
    }

    /// A message that stands for itself, compressed; none if that is no smaller.
    pub(in super::super) fn compress<'a>(
        &'a mut self,
        window: u8,
        level: u8,
        payload: &[u8],
    ) -> Option<&'a [u8]> {
        let is_it = |one: &Compressor| (one.window, one.level) == (window, level);
        let mut compressor = match self.compressors.iter().position(is_it) {
            Some(at) => self.compressors.swap_remove(at),
            None => Compressor::new(window, level),
        };
        let out = self.output();
        compressor.run(payload, out);
        compressor.forget();
        if self.compressors.len() < COMPRESSORS_KEPT {
            self.compressors.push(compressor);
        }
        (self.output.len() < payload.len()).then_some(&self.output)
    }

    pub(super) fn scratch(&mut self) -> &mut [u8] {
        self.scratch.resize(SCRATCH, 0);
        &mut self.scratch
    }

    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        self.output.clear();
        &mut self.output
    }

    /// The message that was compressed is queued: what a large one took is given back.
    pub(in super::super) fn trim(&mut self) {
        if self.output.capacity() > OUTPUT_KEPT {
            self.output = Vec::new();
        }
    }
}
