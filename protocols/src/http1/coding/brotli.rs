//! Brotli (RFC 7932).

use std::cell::Cell;
use std::rc::Rc;

use brotli::enc::BrotliAlloc;
use brotli::enc::encode::{
    BrotliEncoderOperation as Operation, BrotliEncoderParameter as Parameter,
    BrotliEncoderStateStruct as Encoder,
};
use brotli::{Allocator, SliceWrapper, SliceWrapperMut};

use super::compressor::{Broken, Level, Progress, Until};

/// A window of 256 KiB. Below it, and from quality 9 on at any window, the library chooses tables
/// of 32 MiB.
const WINDOW_LOG: u32 = 18;

/// Blocks of 64 KiB: what is put in comes out after at most that much more.
const BLOCK_LOG: u32 = 16;

pub(super) struct Brotli {
    encoder: Box<Encoder<Meter>>,
    meter: Meter,
    level: Level,
}

impl Brotli {
    pub(super) fn new(level: Level) -> Brotli {
        let meter = Meter::default();
        Brotli { encoder: encoder(level, &meter), meter, level }
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        out: &mut [u8],
        until: Until,
    ) -> Result<Progress, Broken> {
        let operation = match until {
            Until::Taken => Operation::BROTLI_OPERATION_PROCESS,
            Until::Flushed => Operation::BROTLI_OPERATION_FLUSH,
            Until::Ended => Operation::BROTLI_OPERATION_FINISH,
        };
        let (mut unread, mut read) = (input.len(), 0);
        let (mut free, mut written) = (out.len(), 0);
        let is_well = self.encoder.compress_stream(
            operation,
            &mut unread,
            input,
            &mut read,
            &mut free,
            out,
            &mut written,
            &mut None,
            &mut |_, _, _, _| (),
        );
        if !is_well {
            return Err(Broken);
        }
        let is_done = match until {
            Until::Taken => unread == 0,
            Until::Flushed => !self.encoder.has_more_output() && free > 0,
            Until::Ended => self.encoder.is_finished(),
        };
        Ok(Progress { read, written, is_done })
    }

    /// The library cannot begin anew, so its memory is taken anew.
    pub(super) fn reset(&mut self) {
        self.encoder = encoder(self.level, &self.meter);
    }

    pub(super) fn held(&self) -> usize {
        size_of::<Encoder<Meter>>() + self.meter.0.get()
    }

    /// Twice the window, hash tables, commands, and a block on its way out; found by the test that
    /// feeds it the worst.
    pub(super) const fn held_most(level: Level) -> usize {
        match level {
            Level::Fast | Level::Balanced => 2304 * 1024,
            Level::Small => 5 * 1024 * 1024,
        }
    }
}

fn encoder(level: Level, meter: &Meter) -> Box<Encoder<Meter>> {
    let quality = match level {
        Level::Fast => 2,
        Level::Balanced => 3,
        Level::Small => 5,
    };
    let mut encoder = Box::new(Encoder::new(meter.clone()));
    encoder.set_parameter(Parameter::BROTLI_PARAM_QUALITY, quality);
    encoder.set_parameter(Parameter::BROTLI_PARAM_LGWIN, WINDOW_LOG);
    encoder.set_parameter(Parameter::BROTLI_PARAM_LGBLOCK, BLOCK_LOG);
    encoder
}

/// The memory of the library, counted: bytes that are taken.
#[derive(Clone, Default)]
struct Meter(Rc<Cell<usize>>);

impl BrotliAlloc for Meter {}

impl<T: Clone + Default> Allocator<T> for Meter {
    type AllocatedMemory = Metered<T>;

    fn alloc_cell(&mut self, n: usize) -> Metered<T> {
        let cells = vec![T::default(); n].into_boxed_slice();
        self.0.set(self.0.get() + size_of_val(&*cells));
        Metered { cells, meter: Some(self.clone()) }
    }

    fn free_cell(&mut self, _: Metered<T>) {}
}

struct Metered<T> {
    cells: Box<[T]>,
    /// None for no cells, of which the library makes many.
    meter: Option<Meter>,
}

impl<T> Drop for Metered<T> {
    fn drop(&mut self) {
        let Some(Meter(taken)) = &self.meter else { return };
        taken.set(taken.get() - size_of_val(&*self.cells));
    }
}

impl<T> Default for Metered<T> {
    fn default() -> Self {
        Metered { cells: Box::default(), meter: None }
    }
}

impl<T> SliceWrapper<T> for Metered<T> {
    fn slice(&self) -> &[T] {
        &self.cells
    }
}

impl<T> SliceWrapperMut<T> for Metered<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.cells
    }
}
