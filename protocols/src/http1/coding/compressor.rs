//! Bytes in, bytes of a coding out.

use std::fmt;

use super::Coding;
use super::brotli::Brotli;
use super::gzip::Gzip;
use super::zstd::Zstd;

/// How much work a compressor does for how small an output.
///
/// | | gzip | brotli | zstd |
/// |---|---|---|---|
/// | `Fast` | level 2 | quality 2 | level 1, 64 KiB window |
/// | `Balanced` | level 4 | quality 3 | level 3, 128 KiB window |
/// | `Small` | level 6 | quality 5 | level 6, 128 KiB window |
///
/// The window of gzip is 32 KiB and that of brotli 256 KiB.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug)]
pub enum Level {
    /// The least work.
    Fast,
    /// For answers that are made for one client.
    #[default]
    Balanced,
    /// For what is compressed once and kept.
    Small,
}

/// The smallest `out` that [`Compressor::step`] may be given, in bytes.
pub const OUT_MIN: usize = 64;

/// How much the `Vec` of [`Compressor::write`] and its like grows at a time, in bytes.
const GROWTH: usize = 4 * 1024;

/// The most bytes that come out for `n` bytes in, of which parts were flushed `flushes` times:
/// what no coding can make smaller is stored as it is, with a few bytes around it.
pub const fn most(n: usize, flushes: usize) -> usize {
    n + n / 1024 + 64 + 16 * flushes
}

/// What a call is to do besides taking input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// Nothing: what is put in may come out later.
    Taken,
    /// Everything that was put in comes out, so that the client can read all of it.
    Flushed,
    /// That, and then the end of the coded content.
    Ended,
}

/// How far one call has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Bytes of the input that were taken.
    pub read: usize,
    /// Bytes that were written to the output.
    pub written: usize,
    /// Whether all that was asked is done; if not, the output is full.
    pub is_done: bool,
}

/// The library of the coding failed, as when it gets no memory: the content cannot be continued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken;

/// Turns one content after the other into a coding.
///
/// All memory is taken when it is made or soon after, and bounded by [`Compressor::held_most`]; a
/// call takes none in proportion to its input.
pub struct Compressor {
    engine: Engine,
    coding: Coding,
    level: Level,
    state: State,
}

enum Engine {
    Gzip(Gzip),
    Brotli(Brotli),
    Zstd(Zstd),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// All that was put in has come out.
    Flushed,
    /// Something may still be inside.
    Filled,
    /// A flush has begun, and more of it is to come out before more is put in.
    Flushing,
    /// The end has begun to come out.
    Ending,
    /// The end has come out.
    Ended,
    /// See [`Broken`].
    Broken,
}

impl Compressor {
    /// One for that coding, at the start of a content.
    pub fn new(coding: Coding, level: Level) -> Compressor {
        let engine = match coding {
            Coding::Gzip => Engine::Gzip(Gzip::new(level)),
            Coding::Brotli => Engine::Brotli(Brotli::new(level)),
            Coding::Zstd => Engine::Zstd(Zstd::new(level)),
        };
        Compressor { engine, coding, level, state: State::Flushed }
    }

    /// Takes as much of `input` as there is room for in `out`, and goes on until `until`.
    ///
    /// Call it again with the rest of the input while it is not done. After the end nothing is
    /// taken, and all is done.
    ///
    /// # Errors
    /// [`Broken`], and the same from then on until [`reset`](Compressor::reset).
    ///
    /// # Panics
    /// If `out` is shorter than [`OUT_MIN`].
    pub fn step(&mut self, input: &[u8], out: &mut [u8], until: Until) -> Result<Progress, Broken> {
        assert!(out.len() >= OUT_MIN, "an output too short for any progress");
        let (mut read, mut written) = (0, 0);
        while out.len() - written >= OUT_MIN {
            let rest = &input[read..];
            let (next, part) = match (self.state, until) {
                (State::Ended, _) => return Ok(Progress { read, written, is_done: true }),
                (State::Broken, _) => return Err(Broken),
                (State::Ending, _) => (Until::Ended, &[][..]),
                (State::Flushing, _) => (Until::Flushed, &[][..]),
                (_, _) if !rest.is_empty() => (Until::Taken, rest),
                (_, Until::Taken) | (State::Flushed, Until::Flushed) => {
                    return Ok(Progress { read, written, is_done: true });
                }
                (_, until) => (until, rest),
            };
            let progress = self.engine_step(part, &mut out[written..], next)?;
            read += progress.read;
            written += progress.written;
        }
        Ok(Progress { read, written, is_done: false })
    }

    /// Takes all of `input`; what comes out is put behind `out`.
    ///
    /// # Errors
    /// [`Broken`], as for [`step`](Compressor::step).
    pub fn write(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        self.all(input, out, Until::Taken)
    }

    /// Puts all that is inside behind `out`, so that the client can read what was written so far.
    ///
    /// It costs some bytes each time; without anything new inside it does nothing.
    ///
    /// # Errors
    /// [`Broken`], as for [`step`](Compressor::step).
    pub fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        self.all(&[], out, Until::Flushed)
    }

    /// Puts all that is inside and the end of the content behind `out`.
    ///
    /// # Errors
    /// [`Broken`], as for [`step`](Compressor::step).
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        self.all(&[], out, Until::Ended)
    }

    /// Begins another content, whatever became of the last one.
    pub fn reset(&mut self) {
        match &mut self.engine {
            Engine::Gzip(engine) => engine.reset(),
            Engine::Brotli(engine) => engine.reset(),
            Engine::Zstd(engine) => engine.reset(),
        }
        self.state = State::Flushed;
    }

    /// The coding.
    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// The level.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Bytes of memory that it holds, for [`State::held`](crate::contract::State::held).
    pub fn held(&self) -> usize {
        match &self.engine {
            Engine::Gzip(engine) => engine.held(),
            Engine::Brotli(engine) => engine.held(),
            Engine::Zstd(engine) => engine.held(),
        }
    }

    /// The most that one ever holds, in bytes, whatever it is given.
    pub const fn held_most(coding: Coding, level: Level) -> usize {
        match coding {
            Coding::Gzip => Gzip::HELD,
            Coding::Brotli => Brotli::held_most(level),
            Coding::Zstd => Zstd::held_most(level),
        }
    }

    /// One call of the library, and what becomes of the state by it.
    fn engine_step(
        &mut self,
        input: &[u8],
        out: &mut [u8],
        until: Until,
    ) -> Result<Progress, Broken> {
        let progress = match &mut self.engine {
            Engine::Gzip(engine) => engine.step(input, out, until),
            Engine::Brotli(engine) => engine.step(input, out, until),
            Engine::Zstd(engine) => engine.step(input, out, until),
        };
        self.state = match (&progress, until) {
            (Err(Broken), _) => State::Broken,
            (Ok(_), Until::Taken) => State::Filled,
            (Ok(Progress { is_done, .. }), Until::Flushed) if *is_done => State::Flushed,
            (Ok(_), Until::Flushed) => State::Flushing,
            (Ok(Progress { is_done, .. }), Until::Ended) if *is_done => State::Ended,
            (Ok(_), Until::Ended) => State::Ending,
        };
        progress
    }

    fn all(&mut self, mut input: &[u8], out: &mut Vec<u8>, until: Until) -> Result<(), Broken> {
        loop {
            let at = out.len();
            out.resize(at + GROWTH, 0);
            let step = self.step(input, &mut out[at..], until);
            out.truncate(at + step.map_or(0, |progress| progress.written));
            let Progress { read, is_done, .. } = step?;
            input = &input[read..];
            if is_done {
                return Ok(());
            }
        }
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compressor({}, {:?}, {:?})", self.coding, self.level, self.state)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the compression library failed")
    }
}

impl std::error::Error for Broken {}
