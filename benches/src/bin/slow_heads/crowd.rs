//! All clients, on one thread.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use readily_benches::driver::HOLDING;
use readily_benches::failure::Failure;
use readily_benches::slow::Slow;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

/// The head, whose last field goes on for ever.
const HEAD: &[u8] = b"GET /plaintext HTTP/1.1\r\nHost: localhost:8080\r\nX-Slow: ";

/// What begins the answer to a head that takes too long.
const TIMED_OUT: &[u8] = b"HTTP/1.1 408 ";

const EVENTS: usize = 1024;
/// Connections that are opened, and bytes that are sent, before ends are looked for: a write takes
/// up to 40 us, and what is seen late counts as late.
const AT_ONCE: usize = 32;
/// How long nothing is looked at but ends.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 2_000_000 };

/// What to do.
pub(crate) struct Plan {
    pub(crate) connect: SocketAddr,
    pub(crate) connections: usize,
    /// Between two bytes of a head.
    pub(crate) every: Duration,
    /// Between two connections.
    pub(crate) gap: Duration,
    /// From the last connection on.
    pub(crate) patience: Duration,
}

/// Clients that the server has not ended, and those that it has.
pub(crate) struct Crowd {
    plan: Plan,
    epoll: OwnedFd,
    events: Vec<Event>,
    clients: Vec<Client>,
    /// When the next byte of each client is due, in that order.
    due: VecDeque<(Instant, usize)>,
    told: u64,
    /// From the connection to its end, in seconds.
    lives: Vec<f64>,
}

struct Client {
    /// None once it is over.
    stream: Option<TcpStream>,
    began: Instant,
    written: usize,
}

impl Crowd {
    pub(crate) fn new(plan: Plan) -> Result<Self, Failure> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS),
            clients: Vec::with_capacity(plan.connections),
            due: VecDeque::with_capacity(plan.connections),
            told: 0,
            lives: Vec::with_capacity(plan.connections),
            plan,
        })
    }

    /// Until the last one is gone, or patience ends. Says `holding` when all are open.
    pub(crate) fn run(mut self) -> Result<Slow, Failure> {
        let began = Instant::now();
        let mut opened_at = None;
        loop {
            let now = Instant::now();
            self.open_until(now.saturating_duration_since(began))?;
            let is_open = self.clients.len() == self.plan.connections;
            if is_open && opened_at.is_none() {
                opened_at = Some(now);
                println!("{HOLDING}");
                std::io::stdout().flush()?;
            }
            self.drip(now);
            self.wait()?;
            self.look()?;
            let patience = self.plan.patience;
            if opened_at.is_some_and(|at| now.saturating_duration_since(at) > patience)
                || self.lives.len() == self.plan.connections
            {
                return Ok(Slow::of(self.clients.len() as u64, self.told, &self.lives));
            }
        }
    }

    /// Opens those that should be open after that time.
    fn open_until(&mut self, after: Duration) -> Result<(), Failure> {
        for _ in 0..AT_ONCE {
            let index = self.clients.len();
            if index == self.plan.connections || self.plan.gap * index as u32 > after {
                break;
            }
            let during = |error| Failure::from(error).during(&format!("connection {index}"));
            let stream = TcpStream::connect(self.plan.connect).map_err(during)?;
            let began = Instant::now();
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let interest = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
            epoll::add(&self.epoll, &stream, EventData::new_u64(index as u64), interest)?;
            self.clients.push(Client { stream: Some(stream), began, written: 0 });
            self.due.push_back((began, index));
        }
        Ok(())
    }

    /// Sends the bytes that are due.
    fn drip(&mut self, now: Instant) {
        for _ in 0..AT_ONCE {
            let Some((at, index)) = self.due.front().copied().filter(|(at, _)| *at <= now) else {
                break;
            };
            self.due.pop_front();
            let client = &mut self.clients[index];
            let Some(stream) = &mut client.stream else { continue };
            let byte = HEAD.get(client.written).copied().unwrap_or(b'x');
            // How it ended is read, not written.
            client.written += stream.write(&[byte]).unwrap_or(0);
            self.due.push_back((at + self.plan.every, index));
        }
    }

    /// Waits for ends, unless a byte is due.
    fn wait(&mut self) -> Result<(), Failure> {
        self.events.clear();
        let is_due = self.due.front().is_some_and(|(at, _)| *at <= Instant::now());
        let limit = if is_due { Timespec::default() } else { TICK };
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&limit)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Reads whatever has come.
    fn look(&mut self) -> Result<(), Failure> {
        for at in 0..self.events.len() {
            let index = self.events[at].data.u64() as usize;
            let client = &mut self.clients[index];
            while let Some(stream) = &mut client.stream {
                let mut some = [0; 1024];
                match stream.read(&mut some) {
                    Ok(n @ 1..) if some[..n].starts_with(TIMED_OUT) => self.told += 1,
                    Ok(1..) => return Err(unexpected(index, &some)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Ok(0) | Err(_) => {
                        self.lives.push(client.began.elapsed().as_secs_f64());
                        client.stream = None;
                    }
                }
            }
        }
        Ok(())
    }
}

fn unexpected(index: usize, said: &[u8]) -> Failure {
    let line = said.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).into_owned();
    Failure::failed(format!("connection {index} was answered {line:?}"))
}
