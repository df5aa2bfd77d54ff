//! The limit of an echo server: epoll with no framework, no limits and no timers.
//!
//! Bytes are kept per connection only while the kernel refuses them.

use std::os::fd::OwnedFd;

use readily_benches::cli::Subcommand;
use readily_benches::raw_epoll::{After, Connection, serve, write_rest};
use rustix::event::epoll::EventFlags;
use rustix::io::Errno;

pub(crate) const ECHO: Subcommand = Subcommand {
    usage: "echo --listen ADDR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        Ok(Box::new(move || serve(listen, |stream| Echo { stream, refused: Vec::new() })))
    },
};

struct Echo {
    stream: OwnedFd,
    /// Bytes read that the kernel would not take back yet.
    refused: Vec<u8>,
}

impl Connection for Echo {
    // A call costs a quarter of the whole.
    #[inline(always)]
    fn serve(&mut self, ready: EventFlags, buffer: &mut [u8]) -> After {
        if !self.refused.is_empty() {
            let refused = std::mem::take(&mut self.refused);
            if self.write_rest(&refused) == After::Close {
                return After::Close;
            }
        }
        while self.refused.is_empty() {
            let read = match rustix::io::read(&self.stream, &mut *buffer) {
                Ok(0) => return After::Close,
                Ok(read) => read,
                Err(Errno::AGAIN) => return After::Keep,
                Err(_) => return After::Close,
            };
            let written = rustix::io::write(&self.stream, &buffer[..read]).unwrap_or(0);
            if written < read && self.write_rest(&buffer[written..read]) == After::Close {
                return After::Close;
            }
            // A short read emptied the socket; only an end of stream can stand behind it.
            if read < buffer.len() && !ready.contains(EventFlags::RDHUP) {
                return After::Keep;
            }
        }
        After::Keep
    }
}

impl Echo {
    /// Writes until the kernel refuses, and keeps what is left.
    #[cold]
    fn write_rest(&mut self, bytes: &[u8]) -> After {
        match write_rest(&self.stream, bytes) {
            Some(refused) => {
                self.refused = refused.to_vec();
                After::Keep
            }
            None => After::Close,
        }
    }
}
