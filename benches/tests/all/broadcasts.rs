//! The broadcast servers: every message comes to every client, its sender included, in order.

use std::net::TcpStream;

use readily_benches::failure::Failure;
use readily_benches::scratch::Scratch;
use readily_benches::server::Server;
use tungstenite::{Message, WebSocket};

use crate::peers::{launch, start};
use crate::routes::connect;
use crate::{PEER_READILY, PEER_TOKIO};

const SIZES: [usize; 5] = [0, 1, 1 << 10, 1_025, 1 << 17];

type Client = WebSocket<TcpStream>;

#[test]
fn every_message_comes_to_every_client() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for (program, words) in
        [(PEER_TOKIO, "broadcast"), (PEER_TOKIO, "fast-broadcast"), (PEER_READILY, "broadcast")]
    {
        let server = start(launch(program, words), &scratch)?;
        let mut clients = (0..5).map(|_| join(&server)).collect::<Result<Vec<_>, _>>()?;
        for sender in 0..clients.len() {
            for size in SIZES {
                clients[sender].send(message(sender, size)).map_err(Failure::failed)?;
            }
            for client in &mut clients {
                for size in SIZES {
                    expect(client, &message(sender, size))?;
                }
            }
        }
        // One that leaves is not missed.
        let mut leaver = clients.remove(0);
        leaver.close(None).map_err(Failure::failed)?;
        clients[0].send(message(1, 9)).map_err(Failure::failed)?;
        for client in &mut clients {
            expect(client, &message(1, 9))?;
        }
        drop(clients);
        server.stop()?;
    }
    Ok(())
}

#[test]
fn a_ping_is_answered() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for words in ["broadcast", "fast-broadcast", "websocket", "fastwebsockets"] {
        let server = start(launch(PEER_TOKIO, words), &scratch)?;
        let mut client = join(&server)?;
        client.send(Message::Ping(b"1234"[..].into())).map_err(Failure::failed)?;
        expect(&mut client, &Message::Pong(b"1234"[..].into()))?;
        drop(client);
        server.stop()?;
    }
    Ok(())
}

fn join(server: &Server) -> Result<Client, Failure> {
    let stream = connect(server.address())?;
    stream.set_nodelay(true)?;
    let (client, _) = tungstenite::client("ws://localhost/", stream).map_err(Failure::failed)?;
    Ok(client)
}

fn message(sender: usize, size: usize) -> Message {
    Message::binary(vec![sender as u8; size])
}

fn expect(client: &mut Client, expected: &Message) -> Result<(), Failure> {
    let read = client.read().map_err(Failure::failed)?;
    assert!(read == *expected, "{} B instead of {} B", read.len(), expected.len());
    Ok(())
}
