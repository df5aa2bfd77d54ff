//! Whether the bytes of a file are in memory, and how they come there.

use std::fs::File;
use std::io::{self, ErrorKind, IoSliceMut};
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use rustix::fs::{Advice, fadvise, fstatfs};
use rustix::io::{Errno, ReadWriteFlags, preadv2};

use super::root::Patience;

/// How much of a file is looked at, and read ahead, at once, in bytes.
pub const WINDOW: u64 = 1024 * 1024;

/// How much of a file is queued at once that was found in memory: so much may be taken out of it
/// again before it is sent.
pub const AHEAD: u64 = 4 * WINDOW;

/// No page is smaller, in bytes.
const PAGE: u64 = 4096;

/// How much a thread of the pool reads with one call.
const READ: usize = 128 * 1024;

/// Up to this much is copied into the send buffer with the head, in bytes: less work than to send
/// it from the file, and one packet with the head if it fits.
pub(super) const SMALL: usize = 16 * 1024;

/// How many bytes from the start of the range on are in memory, as far as the two ends of each
/// window tell: at most [`AHEAD`].
///
/// The kernel reads ahead from front to back, so where both ends of a window are there, the middle
/// seldom is not. A byte that is not there is asked for by the look itself.
pub(super) fn resident(file: &File, range: Range<u64>) -> u64 {
    let end = range.end.min(range.start.saturating_add(AHEAD));
    let mut at = range.start;
    while at < end {
        // Windows begin at multiples of their size, so that two answers look at the same pages.
        let next = (at / WINDOW + 1).saturating_mul(WINDOW).min(end);
        let last = next - 1;
        if !is_there(file, at) || (last / PAGE > at / PAGE && !is_there(file, last)) {
            break;
        }
        at = next;
    }
    at - range.start
}

/// Reads all of `to` from that place on, if it can be had without waiting, or `patience` allows to
/// wait.
pub(super) fn read_whole(file: &File, at: u64, to: &mut [u8], patience: Patience) -> bool {
    if patience == Patience::None {
        match read_now(file, at, to) {
            Ok(n) => return n == to.len(),
            Err(errno) if errno != Errno::AGAIN && is_on_memory(file) => {}
            Err(_) => return false,
        }
    }
    file.read_exact_at(to, at).is_ok()
}

/// Whether that byte can be read without waiting. Where the file system cannot tell, it cannot:
/// some that lie over others or over a network.
fn is_there(file: &File, at: u64) -> bool {
    match read_now(file, at, &mut [0]) {
        // Past the end there is nothing to wait for: whoever sends finds it cut.
        Ok(_) => true,
        Err(Errno::AGAIN) => false,
        Err(_) => is_on_memory(file),
    }
}

/// Reads what is in memory of it.
fn read_now(file: &File, at: u64, to: &mut [u8]) -> Result<usize, Errno> {
    loop {
        match preadv2(file, &mut [IoSliceMut::new(to)], at, ReadWriteFlags::NOWAIT) {
            Err(Errno::INTR) => {}
            read => return read,
        }
    }
}

/// Whether a file is on a file system that is nowhere but in memory, which may not answer the
/// question above.
fn is_on_memory(file: &File) -> bool {
    const TMPFS: u64 = 0x0102_1994;
    const RAMFS: u64 = 0x8584_58f6;
    fstatfs(file).is_ok_and(|system| matches!(system.f_type as u64, TMPFS | RAMFS))
}

/// The first window of a range, or what there is of it.
pub(super) fn first_window(range: &Range<u64>) -> Range<u64> {
    let end = (range.start / WINDOW + 1).saturating_mul(WINDOW);
    range.start..end.min(range.end)
}

/// Reads it, so that it is in memory: on a thread of the pool.
pub(super) fn warm(file: &File, range: Range<u64>) -> io::Result<()> {
    // An advice, and the reads below do without.
    let _ = fadvise(file, range.start, NonZeroU64::new(range.end - range.start), Advice::WillNeed);
    let mut buffer = vec![0; READ];
    let mut at = range.start;
    while at < range.end {
        let n = (range.end - at).min(READ as u64) as usize;
        match file.read_at(&mut buffer[..n], at) {
            Ok(0) => break,
            Ok(read) => at += read as u64,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
