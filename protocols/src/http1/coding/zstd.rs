//! Zstandard (RFC 8878) by the library of its authors.

use zstd::zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd::zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, ResetDirective};

use super::compressor::{Broken, Level, Progress, Until};

pub(super) struct Zstd {
    context: CCtx<'static>,
    /// A parameter was refused, or the context could not be begun anew.
    is_broken: bool,
}

/// The parameters of a level that decide how much memory it takes; those of the library take up to
/// 11 MB at level 9, and a browser refuses a window over 8 MiB (RFC 9659).
struct Parameters {
    level: i32,
    window_log: u32,
    hash_log: u32,
    chain_log: u32,
}

impl Zstd {
    pub(super) fn new(level: Level) -> Zstd {
        let Parameters { level, window_log, hash_log, chain_log } = parameters(level);
        let mut context = CCtx::create();
        let set = [
            CParameter::CompressionLevel(level),
            CParameter::WindowLog(window_log),
            CParameter::HashLog(hash_log),
            CParameter::ChainLog(chain_log),
        ]
        .map(|parameter| context.set_parameter(parameter));
        Zstd { context, is_broken: set.iter().any(Result::is_err) }
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        out: &mut [u8],
        until: Until,
    ) -> Result<Progress, Broken> {
        if self.is_broken {
            return Err(Broken);
        }
        let directive = match until {
            Until::Taken => ZSTD_EndDirective::ZSTD_e_continue,
            Until::Flushed => ZSTD_EndDirective::ZSTD_e_flush,
            Until::Ended => ZSTD_EndDirective::ZSTD_e_end,
        };
        let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(out));
        let left = self.context.compress_stream2(&mut to, &mut from, directive);
        let left = left.map_err(|_| Broken)?;
        let (read, written) = (from.pos(), to.pos());
        let is_done = if until == Until::Taken { read == input.len() } else { left == 0 };
        Ok(Progress { read, written, is_done })
    }

    pub(super) fn reset(&mut self) {
        self.is_broken |= self.context.reset(ResetDirective::SessionOnly).is_err();
    }

    pub(super) fn held(&self) -> usize {
        self.context.sizeof()
    }

    /// Window, one block in and one out, tables; found by the test that feeds it the worst.
    pub(super) const fn held_most(level: Level) -> usize {
        match level {
            Level::Fast => 640 * 1024,
            Level::Balanced => 1152 * 1024,
            Level::Small => 1536 * 1024,
        }
    }
}

const fn parameters(level: Level) -> Parameters {
    match level {
        Level::Fast => Parameters { level: 1, window_log: 16, hash_log: 14, chain_log: 14 },
        Level::Balanced => Parameters { level: 3, window_log: 17, hash_log: 14, chain_log: 14 },
        Level::Small => Parameters { level: 6, window_log: 17, hash_log: 16, chain_log: 16 },
    }
}
