//! `tcp_echo`: half-close, partial writes, Unix sockets, several loops.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;

use crate::client::{Client, Noise, checksum};
use crate::server::{PATIENCE, Server, socket_path};

const NAME: &str = "tcp_echo";
const MUCH: u64 = 4 << 20;

#[test]
fn all_that_was_sent_before_the_end_is_sent_back() {
    let server = Server::on_loopback(NAME, &[]);
    let mut client = Client::connect(server.ip());
    client.send("one\n").reads("one\n").send("two").end();
    assert_eq!(client.rest(), b"two");
    server.stop();
}

#[test]
fn more_than_any_buffer_holds_is_sent_back_whole() {
    let server = Server::on_loopback(NAME, &[]);
    let (mut sender, receiver) = Client::connect(server.ip()).halves();
    let sends = thread::spawn(move || {
        std::io::copy(&mut Noise::new(1).take(MUCH), &mut sender).expect("it is read");
        sender.shutdown(Shutdown::Write).expect("a connection");
    });
    assert_eq!(checksum(receiver), checksum(Noise::new(1).take(MUCH)));
    sends.join().expect("it sent all");
    server.stop();
}

#[test]
fn a_unix_socket_is_removed_with_the_server() {
    let path = socket_path("echo");
    let address = format!("unix:{}", path.display());
    let server = Server::start(NAME, &["--listen", &address]);
    assert_eq!(server.address, address);
    let mut client = UnixStream::connect(&path).expect("somebody listens");
    client.set_read_timeout(Some(PATIENCE)).expect("a socket");
    client.write_all(b"over a path").expect("it is read");
    client.shutdown(Shutdown::Write).expect("a connection");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("an end in order");
    assert_eq!(answer, b"over a path");
    server.stop();
    assert!(!path.exists());
}

#[test]
fn several_loops_share_a_port() {
    let server = Server::on_loopback(NAME, &["--loops", "3", "--trace"]);
    let mut clients: Vec<Client> = (0..64).map(|_| Client::connect(server.ip())).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        client.send(format!("{n}\n")).reads(&format!("{n}\n"));
    }
    server.terminate();
    clients.iter_mut().for_each(|client| client.end().ends());
    let printed = server.ends();
    // 64 connections that all fall to one loop of three would be chance once in 3^63 runs.
    let with = |part: &str| printed.iter().filter(|line| line.contains(part)).count();
    assert_eq!(with(" accepted from "), 64);
    assert!((0..3).filter(|n| with(&format!("loop {n}: ")) > 0).count() > 1, "{printed:#?}");
}

#[test]
fn a_silent_client_does_not_hold_up_the_end() {
    let server = Server::on_loopback(NAME, &[]);
    let mut client = Client::connect(server.ip());
    client.send("there\n").reads("there\n");
    server.terminate();
    client.ends();
    drop(client);
    server.ends();
}

#[test]
fn the_trace_names_the_state() {
    let server = Server::on_loopback(NAME, &["--trace"]);
    let mut client = Client::connect(server.ip());
    client.send("12345").reads("12345");
    server.until(&["loop 0: ", "accepted from 127.0.0.1:"]);
    server.until(&[" Echo [", "in=5 out=5 -> Echo"]);
    client.end().ends();
    server.until(&["ended: finished"]);
    server.stop();
}
