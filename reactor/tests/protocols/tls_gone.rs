//! A peer that is gone, on the kernel's sockets: what it said before is heard through TLS as well.

use std::cell::RefCell;
use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use readily::{Address, Connect, End, Reactor, Step, tls};
use rustls::{ServerConnection, StreamOwned};

use crate::keys::{self, BOTH, NAME};
use crate::town::{Conn, Town};

const TURNS_MAX: usize = 10_000;
const WORDS: &[u8] = b"it is over";

/// Turns until that gives something.
fn turn_until<T>(reactor: &mut Reactor<Town>, mut until: impl FnMut(&Town) -> Option<T>) -> T {
    for _ in 0..TURNS_MAX {
        if let Some(found) = until(reactor.app()) {
            return found;
        }
        reactor.turn(Some(Duration::from_millis(5))).expect("the wait");
        reactor.check();
    }
    panic!("it never is so: {:?}", reactor.counters());
}

#[test]
fn what_a_peer_said_before_it_was_gone_is_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = Address::Ip(listener.local_addr().expect("a socket"));
    let mut reactor = Reactor::new(Town::default()).expect("a loop");
    let heard = Rc::new(RefCell::new(Vec::new()));
    let notes = Rc::clone(&heard);
    let shout = Conn::act(move |io| {
        notes.borrow_mut().extend_from_slice(io.rx.bytes());
        io.rx.consume(io.rx.len());
        // More than the kernel takes, so that there is no room, and it is not read from.
        while io.tx.room() > 0 {
            io.tx.write(&[b'!'; 16 * 1024]);
        }
        Ok(Step::Wait)
    });
    let client = tls::Client::new(keys::client(&BOTH));
    reactor.connect(Connect::to(at).tls(&client, NAME), shout).expect("a place");
    let (stream, _) = listener.accept().expect("the kernel has made it");
    stream.set_nonblocking(true).expect("a socket");
    // What waits to be sent is dropped by a reset.
    stream.set_nodelay(true).expect("a socket");
    let session = ServerConnection::new(keys::server(&BOTH)).expect("a session");
    let mut server = StreamOwned::new(session, stream);
    turn_until(&mut reactor, |_| shake(&mut server));
    // It has said all that there was room for, and waits.
    let before = reactor.counters().turns;
    while reactor.counters().turns < before + 50 {
        reactor.turn(Some(Duration::from_millis(1))).expect("the wait");
    }
    server.write_all(WORDS).and_then(|()| server.flush()).expect("the kernel has room");
    // With bytes that it has not read, so that it is a reset.
    drop(server);
    let end = turn_until(&mut reactor, |town| town.ends().first().copied());
    assert_eq!(end, End::Transport(ErrorKind::ConnectionReset));
    assert_eq!(*heard.borrow(), WORDS);
}

/// Goes on with the handshake; whether it is done.
fn shake(server: &mut StreamOwned<ServerConnection, TcpStream>) -> Option<()> {
    match server.conn.complete_io(&mut server.sock) {
        Ok(_) => (!server.conn.is_handshaking()).then_some(()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            (!server.conn.is_handshaking()).then_some(())
        }
        Err(error) => panic!("{error}"),
    }
}
