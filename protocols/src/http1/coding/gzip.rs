//! gzip (RFC 1952) by zlib-rs.

use flate2::{Compress, Compression, FlushCompress, Status};

use super::compressor::{Broken, Level, Progress, Until};

/// The largest window of the format; what a smaller one saves is a tenth of the memory.
const WINDOW_BITS: u8 = 15;

pub(super) struct Gzip(Compress);

impl Gzip {
    /// What zlib-rs takes in its one allocation: two windows, two tables of 16-bit positions, and
    /// 112 KiB of symbols and output.
    pub(super) const HELD: usize = 372 * 1024;

    pub(super) fn new(level: Level) -> Gzip {
        // Level 1 writes fixed codes, which make some contents an eighth longer.
        let level = match level {
            Level::Fast => 2,
            Level::Balanced => 4,
            Level::Small => 6,
        };
        Gzip(Compress::new_gzip(Compression::new(level), WINDOW_BITS))
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        out: &mut [u8],
        until: Until,
    ) -> Result<Progress, Broken> {
        let flush = match until {
            Until::Taken => FlushCompress::None,
            Until::Flushed => FlushCompress::Sync,
            Until::Ended => FlushCompress::Finish,
        };
        let (taken, made) = (self.0.total_in(), self.0.total_out());
        let status = self.0.compress(input, out, flush).map_err(|_| Broken)?;
        let read = (self.0.total_in() - taken) as usize;
        let written = (self.0.total_out() - made) as usize;
        let is_done = match until {
            Until::Taken => read == input.len(),
            // With room left nothing waits inside.
            Until::Flushed => written < out.len(),
            Until::Ended => status == Status::StreamEnd,
        };
        Ok(Progress { read, written, is_done })
    }

    pub(super) fn reset(&mut self) {
        self.0.reset();
    }

    pub(super) fn held(&self) -> usize {
        Gzip::HELD
    }
}
