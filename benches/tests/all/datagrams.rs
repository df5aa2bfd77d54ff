//! The UDP peers: every datagram comes back to its sender, whatever its size.

use std::net::UdpSocket;
use std::time::Duration;

use readily_benches::failure::Failure;
use readily_benches::scratch::Scratch;

use crate::peers::{launch, start};
use crate::{PEER_BLOCKING, PEER_RAW, PEER_TOKIO};

/// The longest datagram of IPv4.
const LONGEST: usize = 65_507;
/// Of three clients more than a server takes at once, and fewer than its socket has room for.
const BURST: usize = 50;
const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn every_datagram_comes_back() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for program in [PEER_RAW, PEER_BLOCKING, PEER_TOKIO] {
        let server = start(launch(program, "udp"), &scratch)?;
        let clients = (0..3).map(|_| {
            let client = UdpSocket::bind("127.0.0.1:0")?;
            client.connect(server.address())?;
            client.set_read_timeout(Some(LIMIT))?;
            Ok(client)
        });
        let clients: Vec<UdpSocket> = clients.collect::<Result<_, Failure>>()?;
        for (turn, size) in [0, 1, 64, 1 << 10, LONGEST].into_iter().enumerate() {
            for client in &clients {
                client.send(&datagram(client, turn, size)?)?;
            }
            for client in &clients {
                assert!(next(client)? == datagram(client, turn, size)?, "{program}: {size} B");
            }
        }
        for turn in 0..BURST {
            for client in &clients {
                client.send(&datagram(client, turn, 16)?)?;
            }
        }
        for turn in 0..BURST {
            for client in &clients {
                assert_eq!(next(client)?, datagram(client, turn, 16)?, "{program}: {turn}");
            }
        }
        server.stop()?;
    }
    Ok(())
}

/// Bytes that no other socket sends, and this one only once.
fn datagram(client: &UdpSocket, turn: usize, size: usize) -> Result<Vec<u8>, Failure> {
    let unique = [client.local_addr()?.port().to_be_bytes(), (turn as u16).to_be_bytes()].concat();
    Ok(unique.into_iter().cycle().take(size).collect())
}

fn next(client: &UdpSocket) -> Result<Vec<u8>, Failure> {
    let mut buffer = vec![0; LONGEST];
    let read = client.recv(&mut buffer)?;
    buffer.truncate(read);
    Ok(buffer)
}
