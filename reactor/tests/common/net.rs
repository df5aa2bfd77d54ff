//! The real loop on real sockets: turned by the test, so that nothing sleeps.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use readily::{Address, Config, Io, Mio, Reactor};

use crate::troupe::{Actor, Cue, Does, Troupe};

/// More turns than any test needs.
const TURNS_MAX: usize = 100_000;

pub(crate) fn reactor() -> Reactor<Troupe> {
    reactor_with(Config::default())
}

pub(crate) fn reactor_with(config: Config) -> Reactor<Troupe> {
    let mio = Mio::new().expect("a wait");
    Reactor::with(Troupe::default(), mio, config).expect("a loop")
}

/// A port of the system's choice on the loopback device.
pub(crate) fn here() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

/// Listens, and says where.
pub(crate) fn listen(
    reactor: &mut Reactor<Troupe>,
    act: fn(&mut Io<'_, Troupe>, Cue) -> Does,
) -> SocketAddr {
    let listening = reactor.listen(&here().into(), move |_, _| Some(Actor::new(act)));
    ip(&listening.expect("a listener"))
}

pub(crate) fn ip(address: &Address) -> SocketAddr {
    address.ip().expect("an IP address")
}

/// Turns until it is so.
pub(crate) fn until(reactor: &mut Reactor<Troupe>, mut so: impl FnMut(&Reactor<Troupe>) -> bool) {
    for _ in 0..TURNS_MAX {
        if so(reactor) {
            return;
        }
        reactor.turn(Some(Duration::from_millis(5))).expect("the wait");
        reactor.check();
    }
    panic!("it never is so: {:?}", reactor.counters());
}

/// A client that has been accepted.
pub(crate) fn connect(reactor: &mut Reactor<Troupe>, at: SocketAddr) -> TcpStream {
    let accepted = reactor.counters().accepted;
    let stream = TcpStream::connect(at).expect("a connection");
    until(reactor, |reactor| reactor.counters().accepted > accepted);
    stream
}

/// Sends all of it while the loop turns, and gives back what was answered: as much as was asked
/// for, or all until the end.
pub(crate) fn talk<S: Read + Write>(
    reactor: &mut Reactor<Troupe>,
    stream: &mut S,
    mut said: &[u8],
    wanted: usize,
) -> Vec<u8> {
    let (mut got, mut buffer) = (Vec::new(), vec![0; 65_536]);
    for _ in 0..TURNS_MAX {
        while !said.is_empty() {
            match stream.write(said) {
                Ok(n) => said = &said[n..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error} with {} bytes unsent", said.len()),
            }
        }
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return got,
                Ok(n) => got.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error} after {} bytes", got.len()),
            }
        }
        if said.is_empty() && got.len() >= wanted {
            return got;
        }
        reactor.turn(Some(Duration::from_millis(1))).expect("the wait");
    }
    panic!("{} bytes of {wanted}: {:?}", got.len(), reactor.counters());
}
