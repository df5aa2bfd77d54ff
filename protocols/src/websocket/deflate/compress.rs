//! What is sent compressed.

use std::fmt;

use flate2::{Compress, Compression, FlushCompress};

use super::pool::Pool;

/// A compressor of one window and level.
pub(in super::super) struct Compressor {
    stream: Compress,
    pub(super) window: u8,
    pub(super) level: u8,
}

/// The end of a flushed block, which is not sent (RFC 7692, section 7.2.1).
const TAIL: &[u8] = &[0x00, 0x00, 0xff, 0xff];

/// What a message becomes of which nothing is left: an empty block without its tail.
const EMPTY: u8 = 0x00;

/// What a compressor of any window and level has beside its window, in bytes: measured.
const TABLES: usize = 274 * 1024;

/// How much room there is at least for what a compressor writes at once.
const STEP: usize = 4 * 1024;

impl Compressor {
    pub(in super::super) fn new(window: u8, level: u8) -> Self {
        let stream = Compress::new_with_window_bits(Compression::new(level.into()), false, window);
        Compressor { stream, window, level }
    }

    /// Compresses a message that may refer to the ones before; none if that is no smaller.
    pub(in super::super) fn message<'a>(
        &mut self,
        payload: &[u8],
        pool: &'a mut Pool,
    ) -> Option<&'a [u8]> {
        let out = pool.output();
        self.run(payload, out);
        if out.len() < payload.len() {
            return Some(out);
        }
        // At level 1 it may be a twentieth longer, past what there is room for and what the peer
        // takes. It goes as it is, so that the peer's window will not know it.
        self.forget();
        None
    }

    /// Appends a message to `out`.
    pub(super) fn run(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        let start = self.stream.total_in();
        loop {
            if out.capacity() - out.len() < STEP {
                out.reserve(STEP.max(payload.len() / 4));
            }
            let done = (self.stream.total_in() - start) as usize;
            let before = out.len();
            // With room to write to it cannot fail; what it says of an empty flush means nothing.
            let _ = self.stream.compress_vec(&payload[done..], out, FlushCompress::Sync);
            let all = (self.stream.total_in() - start) as usize == payload.len();
            if (all && out.len() < out.capacity()) || out.len() == before {
                break;
            }
        }
        if out.ends_with(TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        if out.is_empty() {
            out.push(EMPTY);
        }
    }

    /// Forgets all messages so far.
    pub(in super::super) fn forget(&mut self) {
        self.stream.reset();
    }

    /// Bytes of memory that it holds beside itself, about: twice the window, what links each place
    /// in it to the one before, and the tables.
    pub(in super::super) fn held(&self) -> usize {
        (1 << (self.window + 2)) + TABLES
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compressor(window {}, level {})", self.window, self.level)
    }
}
