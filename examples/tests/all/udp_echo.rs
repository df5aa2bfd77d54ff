//! `udp_echo`: sizes at the limit, and what it counts.

use std::net::{SocketAddr, UdpSocket};

use crate::client::Noise;
use crate::server::{PATIENCE, Server};

const NAME: &str = "udp_echo";

fn client(to: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    socket.connect(to).expect("an address");
    socket
}

/// Sends datagrams of these sizes, then one that is answered: so each that is not is known at once.
fn answered(to: SocketAddr, sizes: &[usize]) -> Vec<usize> {
    let (socket, mut answer) = (client(to), vec![0; 65_536]);
    let mut answered = Vec::new();
    for (seed, size) in (1..).zip(sizes) {
        let datagram = Noise::bytes(seed, *size as u64);
        socket.send(&datagram).expect("it is sent");
        socket.send(b"next").expect("it is sent");
        loop {
            let n = socket.recv(&mut answer).expect("an answer");
            if &answer[..n] == b"next" {
                break;
            }
            assert!(answer[..n] == datagram, "{n} other bytes came back for {size}");
            answered.push(n);
        }
    }
    answered
}

#[test]
fn up_to_the_limit_datagrams_are_sent_back_and_counted() {
    for (limit, sizes, back, counted) in [
        ("1500", [0, 1, 1499, 1500].as_slice(), 4, "received 8, sent 8, dropped 0, lost 0"),
        ("1500", &[1501, 65_507], 0, "received 4, sent 2, dropped 2, lost 0"),
        ("65507", &[0, 65_506, 65_507], 3, "received 6, sent 6, dropped 0, lost 0"),
        ("4", &[0, 3, 4, 5], 3, "received 8, sent 7, dropped 1, lost 0"),
    ] {
        let server = Server::on_loopback(NAME, &["--max", limit]);
        assert_eq!(answered(server.ip(), sizes), sizes[..back], "at most {limit}");
        assert_eq!(server.stop(), [counted], "at most {limit}");
    }
}

#[test]
fn each_client_has_its_own_answers() {
    let server = Server::on_loopback(NAME, &[]);
    let clients: Vec<UdpSocket> = (0..32).map(|_| client(server.ip())).collect();
    for (n, client) in clients.iter().enumerate() {
        client.send(n.to_string().as_bytes()).expect("it is sent");
    }
    for (n, client) in clients.iter().enumerate() {
        let mut answer = [0; 16];
        let length = client.recv(&mut answer).expect("an answer");
        assert_eq!(answer[..length], *n.to_string().as_bytes());
    }
    assert_eq!(server.stop(), ["received 32, sent 32, dropped 0, lost 0"]);
}
