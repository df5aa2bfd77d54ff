//! An echo server on mio as its own example and tutorials write one: a map of connections, a
//! buffer for each, and an interest that is registered again whenever it changes.
//!
//! It has no limits and no timers: a buffer grows to whatever has come.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Result, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use mio::event::Event;
use mio::net::{TcpListener, TcpStream, UnixStream};
use mio::{Events, Interest, Poll, Registry, Token};
use readily_benches::cli;
use readily_benches::failure::Failure;
use signal_hook::consts::SIGTERM;

const LISTENER: Token = Token(0);
const SIGNAL: Token = Token(1);
/// Those of connections come after it.
const FIRST: usize = 2;

/// Events taken from the kernel at once.
const EVENTS: usize = 1024;
/// Bytes read at once.
const CHUNK: usize = 4096;

fn main() -> ExitCode {
    cli::run("peer_mio --listen ADDR", |arguments| arguments.required("--listen"), serve)
}

fn serve(listen: SocketAddr) -> std::result::Result<(), Failure> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(listen)?;
    let (mut terminate, on_signal) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(SIGTERM, on_signal)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    poll.registry().register(&mut terminate, SIGNAL, Interest::READABLE)?;
    cli::announce(listener.local_addr()?)?;

    let mut events = Events::with_capacity(EVENTS);
    let mut connections = HashMap::new();
    let mut next = FIRST;
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            match event.token() {
                LISTENER => accept_all(&listener, poll.registry(), &mut connections, &mut next)?,
                SIGNAL => return Ok(()),
                token => {
                    let Some(connection) = connections.get_mut(&token) else { continue };
                    // An error is the end of this connection, not of the server.
                    if !matches!(connection.serve(event, poll.registry()), Ok(State::Open)) {
                        connections.remove(&token);
                    }
                }
            }
        }
    }
}

fn accept_all(
    listener: &TcpListener,
    registry: &Registry,
    connections: &mut HashMap<Token, Connection>,
    next: &mut usize,
) -> Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nodelay(true)?;
        let token = Token(*next);
        *next += 1;
        registry.register(&mut stream, token, Interest::READABLE)?;
        connections.insert(token, Connection { stream, unsent: Vec::new(), state: State::Open });
    }
}

struct Connection {
    stream: TcpStream,
    /// What was read and is not written yet.
    unsent: Vec<u8>,
    state: State,
}

/// Whether the client has more to say.
#[derive(Clone, Copy)]
enum State {
    Open,
    Ended,
}

impl Connection {
    /// Reads, or writes what was read: the interest says which.
    ///
    /// The connection is over once it has ended and everything is written.
    fn serve(&mut self, event: &Event, registry: &Registry) -> Result<State> {
        if event.is_readable() && self.unsent.is_empty() {
            self.state = self.read()?;
            if self.unsent.is_empty() {
                return Ok(self.state);
            }
            registry.reregister(&mut self.stream, event.token(), Interest::WRITABLE)?;
        } else if event.is_writable() {
            self.write()?;
            if self.unsent.is_empty() {
                registry.reregister(&mut self.stream, event.token(), Interest::READABLE)?;
                return Ok(self.state);
            }
        }
        Ok(State::Open)
    }

    /// Until there is no more for now, as edges demand.
    fn read(&mut self) -> Result<State> {
        let mut chunk = [0; CHUNK];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Ok(State::Ended),
                Ok(read) => self.unsent.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(State::Open),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// As much as the kernel takes.
    fn write(&mut self) -> Result<()> {
        let mut written = 0;
        while written < self.unsent.len() {
            match self.stream.write(&self.unsent[written..]) {
                Ok(more) => written += more,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.unsent.drain(..written);
        Ok(())
    }
}
