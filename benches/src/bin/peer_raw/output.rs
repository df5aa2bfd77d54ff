//! Answers on their way: gathered, so that those to pipelined requests go out in one write.

use std::os::fd::OwnedFd;

use readily_benches::raw_epoll::{After, write_rest};

/// What a connection writes in one turn.
pub(crate) struct Output<'a> {
    stream: &'a OwnedFd,
    /// Anybody's; empty between turns.
    buffer: &'a mut [u8],
    filled: usize,
    /// What the kernel would not take yet: it goes before all else.
    refused: &'a mut Vec<u8>,
    after: After,
}

impl<'a> Output<'a> {
    pub(crate) fn new(stream: &'a OwnedFd, buffer: &'a mut [u8], refused: &'a mut Vec<u8>) -> Self {
        Self { stream, buffer, filled: 0, refused, after: After::Keep }
    }

    /// Adds `bytes`, which are fewer than the buffer takes.
    #[inline(always)]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.buffer.len() - self.filled < bytes.len() {
            self.flush();
        }
        self.buffer[self.filled..][..bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
    }

    /// Writes what is there; a connection that is lost by then is closed.
    #[inline(always)]
    pub(crate) fn flush(&mut self) -> After {
        let filled = std::mem::take(&mut self.filled);
        if filled > 0 {
            let written = match self.refused.is_empty() {
                true => rustix::io::write(self.stream, &self.buffer[..filled]).unwrap_or(0),
                false => 0,
            };
            if written < filled {
                self.keep(written, filled);
            }
        }
        self.after
    }

    /// Writes until the kernel refuses, and keeps what is left.
    #[cold]
    fn keep(&mut self, from: usize, to: usize) {
        let bytes = &self.buffer[from..to];
        if !self.refused.is_empty() {
            self.refused.extend_from_slice(bytes);
            return;
        }
        match write_rest(self.stream, bytes) {
            Some(rest) => self.refused.extend_from_slice(rest),
            None => self.after = After::Close,
        }
    }
}
