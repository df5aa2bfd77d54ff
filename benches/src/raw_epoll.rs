//! The loop of the limits: epoll with no framework, no limits and no timers.
//!
//! One buffer for all connections.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with, sockopt};
use signal_hook::consts::SIGTERM;

use crate::cli;
use crate::failure::Failure;

const LISTENER: u64 = u64::MAX;
const SIGNAL: u64 = u64::MAX - 1;

/// Events taken from the kernel at once.
const EVENTS: usize = 1024;
const BUFFER: usize = 64 * 1024;
/// Some processors copy many times slower to an address that is a few bytes ahead of its source
/// within a page; where the allocator put the buffer would decide about it.
const PAGE: usize = 4096;

/// What a server does with one connection.
pub trait Connection {
    /// Reads and writes until one of the two would block; `buffer` is anybody's.
    fn serve(&mut self, ready: EventFlags, buffer: &mut [u8]) -> After;
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It stays.
    Keep,
    /// It is closed.
    Close,
}

/// Serves until SIGTERM; `open` makes what each connection needs beside its socket.
pub fn serve<C: Connection>(
    listen: SocketAddr,
    open: impl Fn(OwnedFd) -> C,
) -> Result<(), Failure> {
    let listener = TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    let (terminate, on_signal) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(SIGTERM, on_signal)?;

    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    epoll::add(&epoll, &terminate, EventData::new_u64(SIGNAL), EventFlags::IN)?;
    cli::announce(listener.local_addr()?)?;

    // Indexed by descriptor, which is what epoll hands back.
    let mut connections: Vec<Option<C>> = Vec::new();
    let mut events = Vec::with_capacity(EVENTS);
    let mut memory = vec![0; BUFFER + PAGE];
    let start = memory.as_ptr().align_offset(PAGE);
    let buffer = &mut memory[start..][..BUFFER];
    loop {
        serve_until_other(&epoll, &mut events, &mut connections, buffer)?;
        for event in &events {
            match event.data.u64() {
                LISTENER => accept_all(&listener, &epoll, &mut connections, &open)?,
                SIGNAL => return Ok(()),
                _ => {}
            }
        }
    }
}

/// Sends `bytes` until the kernel refuses, which arms the next edge; what it refused, or `None`
/// where the connection is lost.
#[cold]
pub fn write_rest<'a>(stream: &OwnedFd, mut bytes: &'a [u8]) -> Option<&'a [u8]> {
    while !bytes.is_empty() {
        match rustix::io::write(stream, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::AGAIN) => break,
            Err(_) => return None,
        }
    }
    Some(bytes)
}

/// Serves connections until `events` holds one that is for somebody else.
// Alone, so that its registers hold nothing of the set-up: this is to be the lowest count there is.
#[inline(never)]
fn serve_until_other<C: Connection>(
    epoll: &OwnedFd,
    events: &mut Vec<Event>,
    connections: &mut [Option<C>],
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
                && connection.serve(event.flags, buffer) == After::Close
            {
                *slot = None;
            }
        }
    }
    Ok(())
}

fn accept_all<C: Connection>(
    listener: &TcpListener,
    epoll: &OwnedFd,
    connections: &mut Vec<Option<C>>,
    open: impl Fn(OwnedFd) -> C,
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
        connections[descriptor] = Some(open(stream));
    }
}
