//! `tcp_relay`: both directions, each half on its own, and the choice of a backend.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use readily::Reservation;
use rustix::net::{AddressFamily, SocketType, bind, connect, getsockname, listen, socket};

use crate::client::{Client, Noise, checksum};
use crate::server::{PATIENCE, Server, socket_path};

const NAME: &str = "tcp_relay";
const MUCH: u64 = 10 << 20;

/// A backend: one thread that hands each connection to `serve`, in turn, for ever.
fn backend(serve: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("a socket");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
            serve(stream);
        }
    });
    address
}

/// Says its name to each client, and ends.
fn named(name: &'static str) -> SocketAddr {
    backend(move |mut stream| stream.write_all(name.as_bytes()).expect("it is read"))
}

/// Answers each conversation when its client has ended it.
fn answers_at_the_end() -> SocketAddr {
    backend(|mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("an end in order");
        all.reverse();
        stream.write_all(&all).expect("it is read");
    })
}

/// A port that is taken and where nobody listens.
fn refusing() -> (Reservation, String) {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let reservation = Reservation::new(any).expect("a port");
    let address = reservation.address().to_string();
    (reservation, address)
}

fn relay(to: &[&str], others: &[&str]) -> Server {
    Server::on_loopback(NAME, &[&["--to", &to.join(",")], others].concat())
}

#[test]
fn ten_mebibytes_each_way_at_once() {
    let serve = |stream: TcpStream| {
        let mut back = stream.try_clone().expect("a descriptor");
        let sends = thread::spawn(move || {
            std::io::copy(&mut Noise::new(2).take(MUCH), &mut back).expect("it is read");
        });
        let got = checksum(&stream);
        sends.join().expect("it sent all");
        let told = format!("{got:?}");
        (&stream).write_all(told.as_bytes()).expect("it is read");
    };
    let server = relay(&[&backend(serve).to_string()], &[]);
    let (mut sender, mut receiver) = Client::connect(server.ip()).halves();
    let sends = thread::spawn(move || {
        std::io::copy(&mut Noise::new(1).take(MUCH), &mut sender).expect("it is read");
        sender.shutdown(Shutdown::Write).expect("a connection");
    });
    let came = checksum((&mut receiver).take(MUCH));
    assert_eq!(came, checksum(Noise::new(2).take(MUCH)), "to the client");
    let mut told = String::new();
    receiver.read_to_string(&mut told).expect("an end in order");
    assert_eq!(told, format!("{:?}", checksum(Noise::new(1).take(MUCH))), "to the backend");
    sends.join().expect("it sent all");
    drop(receiver);
    assert_eq!(server.stop(), ["clients 1, without a backend 0"]);
}

#[test]
fn the_end_of_one_half_leaves_the_other_open() {
    let server = relay(&[&answers_at_the_end().to_string()], &["--trace"]);
    let mut client = Client::connect(server.ip());
    client.send("abc").end();
    assert_eq!(client.rest(), b"cba");
    server.until(&[" Dial [", "asks connect,link -> Dial"]);
    server.until(&[" Dial [", "-> Relay"]);
    drop(client);
    let printed = server.stop();
    let finished = printed.iter().filter(|line| line.ends_with(" ended: finished")).count();
    assert_eq!(finished, 2, "{printed:#?}");
}

#[test]
fn the_next_backend_serves_when_one_refuses() {
    let (_kept, refuses) = refusing();
    let no_path = format!("unix:{}", socket_path("nobody").display());
    let good = named("good").to_string();
    for to in [[&refuses, &good], [&no_path, &good]] {
        let server = relay(&to.map(String::as_str), &[]);
        for _ in 0..4 {
            assert_eq!(Client::connect(server.ip()).end().rest(), b"good", "{to:?}");
        }
        assert_eq!(server.stop(), ["clients 4, without a backend 0"]);
    }
}

#[test]
fn a_client_without_a_backend_is_closed_in_order_and_counted() {
    let (_kept, refuses) = refusing();
    let no_path = format!("unix:{}", socket_path("nobody").display());
    for to in [[refuses.as_str(), &refuses], [&no_path, &refuses], [&no_path, &no_path]] {
        let server = relay(&to, &[]);
        Client::connect(server.ip()).ends();
        Client::connect(server.ip()).send("what was sent is discarded").ends();
        assert_eq!(server.stop(), ["clients 2, without a backend 2"], "{to:?}");
    }
}

#[test]
fn backends_take_turns() {
    let backends = ["a", "b", "c"].map(|name| named(name).to_string());
    let server = relay(&backends.each_ref().map(String::as_str), &[]);
    let answers: Vec<u8> = (0..7).flat_map(|_| Client::connect(server.ip()).end().rest()).collect();
    assert_eq!(answers, b"abcabca");
    server.stop();
}

#[test]
fn a_backend_that_does_not_answer_is_passed_over_in_time() {
    let (silent, _filled) = full_backlog();
    let good = named("good").to_string();
    let server = relay(&[&silent.to_string(), &good], &["--connect-within", "20ms"]);
    assert_eq!(Client::connect(server.ip()).end().rest(), b"good");
    server.stop();
}

#[test]
fn a_drain_lets_a_conversation_end() {
    let server = relay(&[&answers_at_the_end().to_string()], &["--trace"]);
    let mut client = Client::connect(server.ip());
    client.send("first ");
    server.until(&["in=6 out=6"]);
    server.terminate();
    client.send("second").end();
    assert_eq!(client.rest(), b"dnoces tsrif");
    drop(client);
    let last = server.ends().pop();
    assert_eq!(last.as_deref(), Some("clients 1, without a backend 0"));
}

/// A listener whose queue is full: Linux drops the first packet of whoever comes then.
fn full_backlog() -> (SocketAddr, impl Sized) {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&listener, &any).expect("a port");
    listen(&listener, 0).expect("a bound socket");
    let address = getsockname(&listener).expect("an address").try_into().expect("an IP address");
    let first = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    connect(&first, &address).expect("the one place in the queue");
    (address, (listener, first))
}
