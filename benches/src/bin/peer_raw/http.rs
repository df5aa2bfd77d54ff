//! The limit of an HTTP/1.1 server: epoll, httparse, and answers written in advance.
//!
//! It has no `Date`, no chunked bodies, no limits and no timers.

use std::os::fd::OwnedFd;

use readily_benches::cli::Subcommand;
use readily_benches::raw_epoll::{After, Connection, serve, write_rest};
use rustix::event::epoll::EventFlags;
use rustix::io::Errno;

use crate::answers::Answers;
use crate::output::Output;
use crate::requests::{Next, Requests};

pub(crate) const HTTP: Subcommand = Subcommand {
    usage: "http --listen ADDR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        Ok(Box::new(move || {
            let answers: &Answers = Box::leak(Box::new(Answers::written()?));
            serve(listen, |stream| Http {
                stream,
                answers,
                requests: Requests::default(),
                refused: Vec::new(),
                next: Next::Requests,
            })
        }))
    },
};

struct Http {
    stream: OwnedFd,
    answers: &'static Answers,
    requests: Requests,
    /// Answers that the kernel would not take yet.
    refused: Vec<u8>,
    next: Next,
}

impl Connection for Http {
    #[inline(always)]
    fn serve(&mut self, ready: EventFlags, buffer: &mut [u8]) -> After {
        if !self.refused.is_empty() && self.write_refused() == After::Close {
            return After::Close;
        }
        let (input, output) = buffer.split_at_mut(buffer.len() / 2);
        while self.refused.is_empty() {
            if self.next == Next::End {
                return After::Close;
            }
            let read = match rustix::io::read(&self.stream, &mut *input) {
                Ok(0) => return After::Close,
                Ok(read) => read,
                Err(Errno::AGAIN) => return After::Keep,
                Err(_) => return After::Close,
            };
            let mut output = Output::new(&self.stream, output, &mut self.refused);
            self.next = self.requests.answer(&input[..read], self.answers, &mut output);
            if output.flush() == After::Close {
                return After::Close;
            }
            // A short read emptied the socket; only an end of stream can stand behind it.
            let emptied = read < input.len() && !ready.contains(EventFlags::RDHUP);
            if emptied && self.next == Next::Requests {
                return After::Keep;
            }
        }
        After::Keep
    }
}

impl Http {
    /// Writes until the kernel refuses again, and keeps what is left.
    #[cold]
    fn write_refused(&mut self) -> After {
        match write_rest(&self.stream, &self.refused).map(<[u8]>::len) {
            Some(left) => {
                self.refused.drain(..self.refused.len() - left);
                After::Keep
            }
            None => After::Close,
        }
    }
}
