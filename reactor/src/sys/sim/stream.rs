//! The loop's calls on a stream, each as a kernel answers it.

use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;

use rustix::io::Errno;

use super::super::{Close, Token};
use super::ends::{EndRef, Holder};
use super::{Sim, error};

/// The most that [`Sys::send_file`](super::super::Sys::send_file) sends at once, in bytes.
const PAGE: usize = 4096;

impl Sim {
    pub(super) fn register_end(&mut self, end: EndRef, token: Token) {
        self.ends[end.index].token = Some(token);
        let state = self.ends.state(end.index);
        self.raise(end, state);
    }

    #[inline]
    pub(super) fn read_end(&mut self, end: EndRef, into: &mut [u8]) -> io::Result<usize> {
        let this = &mut self.ends[end.index];
        if this.failure != 0 {
            return Err(io::Error::from_raw_os_error(this.failure));
        }
        if this.arrived == 0 {
            return match (this.ended, this.reset) {
                (true, _) => Ok(0),
                (_, true) => Err(error(Errno::CONNRESET)),
                _ => {
                    this.armed = true;
                    Err(error(Errno::AGAIN))
                }
            };
        }
        let most = if this.urgent { self.before_mark(end) } else { u32::MAX };
        let this = &mut self.ends[end.index];
        let n = this.arrived.min(most).min(into.len() as u32);
        this.armed |= (n as usize) < into.len();
        let mut at = 0;
        self.ends.take(end.index, n, |bytes| {
            into[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        });
        self.pass_mark(end, n);
        self.opened(end);
        Ok(n as usize)
    }

    #[inline]
    pub(super) fn write_end(&mut self, end: EndRef, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let this = &mut self.ends[end.index];
        if !this.is_sound() {
            let first = !std::mem::replace(&mut this.told, true) && !this.ended;
            return Err(error(if first { Errno::CONNRESET } else { Errno::PIPE }));
        }
        if this.finished {
            return Err(error(Errno::PIPE));
        }
        let (to, connecting) = (end.other(), this.connecting);
        let space = if connecting { 0 } else { self.ends[to.index].space() as usize };
        let mut written = 0;
        for slice in slices {
            let n = slice.len().min(space - written);
            self.ends.push(to.index, &slice[..n]);
            written += n;
            if n < slice.len() {
                self.ends[end.index].refused = true;
                break;
            }
        }
        if written == 0 {
            return Err(error(Errno::AGAIN));
        }
        self.pump(to);
        Ok(written)
    }

    /// As much of a file as there is space for, and no more than a page of it at once: a kernel
    /// sends as few bytes as it likes.
    pub(super) fn send_file_end(
        &mut self,
        end: EndRef,
        file: &std::fs::File,
        at: u64,
        n: usize,
    ) -> io::Result<usize> {
        let mut page = [0; PAGE];
        let n = n.min(1 + self.rng.below(PAGE as u64) as usize);
        let read = file.read_at(&mut page[..n], at)?;
        if read == 0 {
            return Ok(0);
        }
        self.write_end(end, &[IoSlice::new(&page[..read])])
    }

    pub(super) fn shutdown_end(&mut self, end: EndRef) -> io::Result<()> {
        let this = &self.ends[end.index];
        if !this.is_sound() || this.connecting {
            return Err(error(Errno::NOTCONN));
        }
        if !this.finished {
            self.finish(end.other());
        }
        Ok(())
    }

    pub(super) fn close_stream(&mut self, end: EndRef, how: Close) {
        debug_assert_eq!(self.ends[end.index].holder, Holder::Loop);
        self.host.streams -= 1;
        if let Some(token) = self.ends[end.index].token {
            self.closed[self.closings % self.closed.len()] = Some(token);
            self.closings += 1;
        }
        self.close_end(end, how);
    }

    /// How many bytes may be read before the mark of urgent data.
    fn before_mark(&mut self, end: EndRef) -> u32 {
        // A read that begins at the mark passes it.
        self.urgent.retain(|(at, before)| *at != end || *before > 0);
        let marks = self.urgent.iter().filter(|(at, _)| *at == end);
        let nearest = marks.map(|(_, before)| *before).min();
        self.ends[end.index].urgent = nearest.is_some();
        nearest.unwrap_or(u32::MAX)
    }

    fn pass_mark(&mut self, end: EndRef, n: u32) {
        if self.ends[end.index].urgent {
            let marks = self.urgent.iter_mut().filter(|(at, _)| *at == end);
            marks.for_each(|(_, before)| *before -= n);
        }
    }
}
