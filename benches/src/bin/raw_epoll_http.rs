//! The limit: an HTTP/1.1 server on epoll and httparse that has one answer, written in advance.
//!
//! It has no routes, no bodies, no `Date`, no limits and no timers.

use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use httparse::{Request, Status};
use readily_benches::cli;
use readily_benches::failure::Failure;
use readily_benches::page::PAGE;
use readily_benches::raw_epoll::{After, Connection, serve, write_rest};
use rustix::event::epoll::EventFlags;
use rustix::io::Errno;

const HEADERS: usize = 32;

fn main() -> ExitCode {
    cli::run("raw_epoll_http --listen ADDR", |arguments| arguments.required("--listen"), run)
}

fn run(listen: SocketAddr) -> Result<(), Failure> {
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n\
         content-length: {}\r\n\r\n{PAGE}",
        PAGE.len()
    );
    let answer = answer.leak().as_bytes();
    serve(listen, |stream| Http { stream, answer, partial: Vec::new(), refused: Vec::new() })
}

struct Http {
    stream: OwnedFd,
    answer: &'static [u8],
    /// The beginning of a request whose end has not come yet.
    partial: Vec<u8>,
    /// Answers that the kernel would not take yet.
    refused: Vec<u8>,
}

impl Connection for Http {
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
            let after = if self.partial.is_empty() {
                self.answer(&buffer[..read])
            } else {
                self.answer_joined(&buffer[..read])
            };
            if after == After::Close {
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

impl Http {
    /// Answers every request in `bytes`, and keeps a beginning of the next one.
    #[inline(always)]
    fn answer(&mut self, mut bytes: &[u8]) -> After {
        while !bytes.is_empty() {
            let mut headers = [const { MaybeUninit::uninit() }; HEADERS];
            match Request::new(&mut []).parse_with_uninit_headers(bytes, &mut headers) {
                Ok(Status::Complete(head)) => bytes = &bytes[head..],
                Ok(Status::Partial) => {
                    self.partial = bytes.to_vec();
                    return After::Keep;
                }
                Err(_) => return After::Close,
            }
            if !self.refused.is_empty() {
                self.refused.extend_from_slice(self.answer);
                continue;
            }
            let written = rustix::io::write(&self.stream, self.answer).unwrap_or(0);
            if written < self.answer.len()
                && self.write_rest(&self.answer[written..]) == After::Close
            {
                return After::Close;
            }
        }
        After::Keep
    }

    #[cold]
    fn answer_joined(&mut self, bytes: &[u8]) -> After {
        let mut joined = std::mem::take(&mut self.partial);
        joined.extend_from_slice(bytes);
        self.answer(&joined)
    }

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
