//! A body that is compressed as it is sent.

use super::codings::Lease;
use super::{Broken, Coding, Compressor, OUT_MIN, Progress, Until};
use crate::http1::{Flow, Outgoing};

/// The most bytes of a body that one call takes: what is all alike needs hardly any room, and would
/// keep the loop busy for long.
pub const TAKEN_MOST: usize = 64 * 1024;

/// What stands between a service and the body of its answer: it compresses, or passes on.
///
/// It comes with the answer from [`Coded::stream`](super::Coded::stream). The service has one for
/// the exchange that goes on, and puts the default in its place when it has ended: a compressor is
/// not free for others before that.
///
/// ```text
/// fn send(&mut self, _: &mut Incoming<'_>, out: &mut Outgoing<'_>, _: &mut Desk<'_, A>) -> Flow {
///     if self.at == self.report.len() {
///         return self.squeeze.finish(out);
///     }
///     match self.squeeze.write(&self.report[self.at..], out) {
///         Ok(0) => Flow::Wait,
///         Ok(n) => {
///             self.at += n;
///             Flow::Yield
///         }
///         Err(Broken) => Flow::Abort,
///     }
/// }
/// ```
#[derive(Debug, Default)]
pub struct Squeeze(Option<Lease>);

/// What a write does where there is no room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    /// It waits.
    Kept,
    /// It goes on.
    Passed,
}

impl Squeeze {
    pub(super) fn new(lease: Lease) -> Squeeze {
        Squeeze(Some(lease))
    }

    /// The coding; none if what is written is passed on.
    pub fn coding(&self) -> Option<Coding> {
        self.compressor().map(Compressor::coding)
    }

    /// Takes as much of `data` as there is room for, at most [`TAKEN_MOST`], and says how much:
    /// nothing is the time to wait. To compress takes [`OUT_MIN`] bytes of room at least.
    ///
    /// What is compressed may come out later: see [`flush`](Squeeze::flush).
    ///
    /// # Errors
    /// [`Broken`]: the answer cannot be completed.
    pub fn write(&mut self, data: &[u8], out: &mut Outgoing<'_>) -> Result<usize, Broken> {
        let data = &data[..data.len().min(TAKEN_MOST)];
        if self.0.is_none() {
            let n = data.len().min(out.room());
            if n > 0 {
                out.write(&data[..n]);
            }
            return Ok(n);
        }
        self.pour(data, Until::Taken, Room::Kept, out).map(|(taken, _)| taken)
    }

    /// Takes all of `data`: for rows and events, of which half is of no use. Ask
    /// [`Outgoing::room`] before.
    ///
    /// What comes out with it of what was inside may be more than there is room for, by up to
    /// 256 KiB; that is far below the hard cap of a send buffer unless somebody lowered it.
    ///
    /// # Errors
    /// [`Broken`], as for [`write`](Squeeze::write).
    pub fn write_all(&mut self, data: &[u8], out: &mut Outgoing<'_>) -> Result<(), Broken> {
        if self.0.is_none() && !data.is_empty() {
            out.write(data);
        }
        self.pour(data, Until::Taken, Room::Passed, out).map(|_| ())
    }

    /// Sends all that was written, as events need that are read one by one; says whether all of it
    /// is out. If not, there is no room: call it again when there is.
    ///
    /// Each time costs some bytes, and what follows is compressed less well.
    ///
    /// # Errors
    /// [`Broken`], as for [`write`](Squeeze::write).
    pub fn flush(&mut self, out: &mut Outgoing<'_>) -> Result<bool, Broken> {
        self.pour(&[], Until::Flushed, Room::Kept, out).map(|(_, is_done)| is_done)
    }

    /// Sends all that was written and the end of it: what
    /// [`Service::send`](crate::http1::Service::send) returns, again until it is done.
    pub fn finish(&mut self, out: &mut Outgoing<'_>) -> Flow {
        match self.pour(&[], Until::Ended, Room::Kept, out) {
            Ok((_, true)) => {
                self.0 = None;
                Flow::Done
            }
            Ok((_, false)) => Flow::Wait,
            Err(Broken) => Flow::Abort,
        }
    }

    /// Bytes of memory that it holds.
    pub fn held(&self) -> usize {
        self.compressor().map_or(0, Compressor::held)
    }

    fn compressor(&self) -> Option<&Compressor> {
        self.0.as_ref().and_then(Lease::compressor)
    }

    /// How much of `data` was taken, and whether `until` was reached; if not, there is no room.
    fn pour(
        &mut self,
        data: &[u8],
        until: Until,
        room: Room,
        out: &mut Outgoing<'_>,
    ) -> Result<(usize, bool), Broken> {
        let Some(lease) = &mut self.0 else { return Ok((0, true)) };
        let poured = lease.with_buffer(|compressor, buffer| {
            let mut taken = 0;
            while room == Room::Passed || out.room() >= OUT_MIN {
                let most = match room {
                    Room::Kept => out.room().min(buffer.len()),
                    Room::Passed => buffer.len(),
                };
                let step = compressor.step(&data[taken..], &mut buffer[..most], until)?;
                let Progress { read, written, is_done } = step;
                if written > 0 {
                    out.write(&buffer[..written]);
                }
                taken += read;
                if is_done {
                    return Ok((taken, true));
                }
            }
            Ok((taken, false))
        });
        poured.unwrap_or(Err(Broken))
    }
}
