//! The limit: an echo server on epoll with no framework, no limits and no timers.
//!
//! One buffer for all connections. Bytes are kept per connection only while the kernel refuses
//! them.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use readily_benches::cli;
use readily_benches::failure::Failure;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with, sockopt};
use signal_hook::consts::SIGTERM;

const LISTENER: u64 = u64::MAX;
const SIGNAL: u64 = u64::MAX - 1;

/// Events taken from the kernel at once.
const EVENTS: usize = 1024;
const BUFFER: usize = 64 * 1024;

fn main() -> ExitCode {
    cli::run("raw_epoll_echo --listen ADDR", |arguments| arguments.required("--listen"), serve)
}

fn serve(listen: SocketAddr) -> Result<(), Failure> {
    let listener = TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    let (terminate, on_signal) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(SIGTERM, on_signal)?;

    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    epoll::add(&epoll, &terminate, EventData::new_u64(SIGNAL), EventFlags::IN)?;
    cli::announce(listener.local_addr()?)?;

    // Indexed by descriptor, which is what epoll hands back.
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut events = Vec::with_capacity(EVENTS);
    let mut buffer = vec![0; BUFFER];
    loop {
        echo_until_other(&epoll, &mut events, &mut connections, &mut buffer)?;
        for event in &events {
            match event.data.u64() {
                LISTENER => accept_all(&listener, &epoll, &mut connections)?,
                SIGNAL => return Ok(()),
                _ => {}
            }
        }
    }
}

/// Serves connections until `events` holds one that is for somebody else.
// Alone, so that its registers hold nothing of the set-up: this is to be the lowest count there is.
#[inline(never)]
fn echo_until_other(
    epoll: &OwnedFd,
    events: &mut Vec<Event>,
    connections: &mut [Option<Connection>],
    buffer: &mut [u8],
) -> Result<(), Failure> {
    let mut others = false;
    while !others {
        events.clear();
        match epoll::wait(epoll, spare_capacity(events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        for event in events.iter() {
            let Some(slot) = connections.get_mut(event.data.u64() as usize) else {
                others = true;
                continue;
            };
            if let Some(connection) = slot
                && connection.echo(event.flags, buffer) == After::Close
            {
                *slot = None;
            }
        }
    }
    Ok(())
}

fn accept_all(
    listener: &TcpListener,
    epoll: &OwnedFd,
    connections: &mut Vec<Option<Connection>>,
) -> Result<(), Failure> {
    loop {
        let stream = match accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
            Ok(stream) => stream,
            Err(Errno::AGAIN) => return Ok(()),
            Err(Errno::INTR | Errno::CONNABORTED) => continue,
            Err(errno) => return Err(errno.into()),
        };
        sockopt::set_tcp_nodelay(&stream, true)?;
        let descriptor = stream.as_raw_fd() as usize;
        let interest = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(epoll, &stream, EventData::new_u64(descriptor as u64), interest)?;
        if connections.len() <= descriptor {
            connections.resize_with(descriptor + 1, || None);
        }
        connections[descriptor] = Some(Connection { stream, refused: Vec::new() });
    }
}

struct Connection {
    stream: OwnedFd,
    /// Bytes read that the kernel would not take back yet.
    refused: Vec<u8>,
}

#[derive(PartialEq, Eq)]
enum After {
    Keep,
    Close,
}

impl Connection {
    /// Reads and writes until one of the two would block.
    // A call costs a quarter of the whole.
    #[inline(always)]
    fn echo(&mut self, ready: EventFlags, buffer: &mut [u8]) -> After {
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

    /// Writes until the kernel refuses, which arms the next edge, and keeps what is left.
    #[cold]
    fn write_rest(&mut self, mut bytes: &[u8]) -> After {
        while !bytes.is_empty() {
            match rustix::io::write(&self.stream, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::AGAIN) => break,
                Err(_) => return After::Close,
            }
        }
        self.refused = bytes.to_vec();
        After::Keep
    }
}
