//! Unix sockets, by path and by abstract name.

use std::io::ErrorKind;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use readily::{Address, Reactor};

use crate::net::{reactor, talk, until};
use crate::troupe::{Actor, Troupe, echo};

/// A path that is this test's alone, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("readily-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Place(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn listen(reactor: &mut Reactor<Troupe>, at: &Path) -> std::io::Result<Address> {
    reactor.listen(&at.into(), |_, _| Some(Actor::new(echo)))
}

fn converse(reactor: &mut Reactor<Troupe>, mut stream: UnixStream) {
    stream.set_nonblocking(true).expect("a socket");
    let said = vec![b'u'; 300_000];
    assert!(talk(reactor, &mut stream, &said, said.len()) == said);
    stream.shutdown(Shutdown::Write).expect("a socket");
    assert_eq!(talk(reactor, &mut stream, b"", usize::MAX), b"");
    until(reactor, |reactor| reactor.counters().open == 0);
}

#[test]
fn a_path_is_served_and_removed() {
    let place = Place::new("path");
    let mut served = reactor();
    let at = listen(&mut served, &place.0).expect("a listener");
    assert_eq!(at, Address::Unix(place.0.clone()));
    converse(&mut served, UnixStream::connect(&place.0).expect("a connection"));
    served.drain();
    served.run().expect("the loop");
    assert!(!place.0.exists(), "the path is removed with the listener");

    let mut dropped = reactor();
    listen(&mut dropped, &place.0).expect("a listener");
    drop(dropped);
    assert!(!place.0.exists(), "the path is removed with the loop");
}

#[test]
fn a_stale_path_is_taken_over_and_a_live_one_is_not() {
    let place = Place::new("stale");
    drop(UnixListener::bind(&place.0).expect("a listener"));
    assert!(place.0.exists());
    let mut first = reactor();
    listen(&mut first, &place.0).expect("a listener");
    let error = listen(&mut reactor(), &place.0).expect_err("it is in use");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    converse(&mut first, UnixStream::connect(&place.0).expect("a connection"));
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let place = Place::new("file");
    std::fs::write(&place.0, "precious").expect("a file");
    assert!(listen(&mut reactor(), &place.0).is_err());
    assert_eq!(std::fs::read_to_string(&place.0).expect("a file"), "precious");
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_is_served() {
    use std::os::linux::net::SocketAddrExt;
    let name = format!("readily-{}-abstract", std::process::id());
    let at: Address = format!("unix:@{name}").parse().expect("an address");
    let mut reactor = reactor();
    let bound = reactor.listen(&at, |_, _| Some(Actor::new(echo))).expect("a listener");
    assert_eq!(bound, at);
    let name = std::os::unix::net::SocketAddr::from_abstract_name(name).expect("a name");
    converse(&mut reactor, UnixStream::connect_addr(&name).expect("a connection"));
}
