//! The other side of each transport.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use readily::echo::Echo;
use readily::quic::{self, Quic, Secrets};
use readily::sys::sim::Sim;
use readily::{
    Address, Alone, App, Bind, Config, Connect, End, Fault, Id, Io, Machine, Never, Reactor, State,
    Step, Turn,
};
use rustls::pki_types::ServerName;
use tungstenite::Message;

use crate::town::{ALPN, Doors};

/// How much is sent before it is waited for.
const PIECE: usize = 50_000;

pub(crate) fn tcp(doors: &Doors, text: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(doors.tcp).expect("a connection");
    let mut heard = to_and_fro(&mut stream, text);
    stream.shutdown(Shutdown::Write).expect("a half-close");
    stream.read_to_end(&mut heard).expect("an end in order");
    heard
}

pub(crate) fn unix(doors: &Doors, text: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(&doors.unix).expect("a connection");
    let mut heard = to_and_fro(&mut stream, text);
    stream.shutdown(Shutdown::Write).expect("a half-close");
    stream.read_to_end(&mut heard).expect("an end in order");
    heard
}

pub(crate) fn tls(doors: &Doors, text: &[u8]) -> Vec<u8> {
    let name = ServerName::try_from("localhost").expect("a name");
    let session = rustls::ClientConnection::new(trusting(doors), name).expect("a session");
    let stream = TcpStream::connect(doors.tls).expect("a connection");
    let mut stream = rustls::StreamOwned::new(session, stream);
    let mut heard = to_and_fro(&mut stream, text);
    stream.conn.send_close_notify();
    stream.flush().expect("our end");
    // rustls makes an error of an end without `close_notify`.
    stream.read_to_end(&mut heard).expect("an end in order");
    heard
}

pub(crate) fn websocket(doors: &Doors, text: &[u8]) -> Vec<u8> {
    let stream = TcpStream::connect(doors.http).expect("a connection");
    let (mut socket, _) =
        tungstenite::client("ws://localhost/", stream).expect("an upgraded connection");
    let mut heard = Vec::new();
    for piece in text.chunks(PIECE) {
        socket.send(Message::binary(piece.to_vec())).expect("a message");
        let until = heard.len() + piece.len();
        while heard.len() < until {
            heard.extend(socket.read().expect("a message").into_data());
        }
    }
    socket.close(None).expect("a close");
    while let Ok(message) = socket.read() {
        assert!(message.is_close(), "{message:?}");
    }
    heard
}

fn to_and_fro(stream: &mut (impl Read + Write), text: &[u8]) -> Vec<u8> {
    let mut heard = vec![0; text.len()];
    for (piece, into) in text.chunks(PIECE).zip(heard.chunks_mut(PIECE)) {
        stream.write_all(piece).expect("a server that reads");
        stream.read_exact(into).expect("a server that answers");
    }
    heard
}

fn trusting(doors: &Doors) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(doors.certificate.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    Arc::new(config)
}

/// A client of the same kind: its machine does not know either that its stream is one of QUIC.
pub(crate) fn quic(doors: &Doors, text: &[u8]) -> Vec<u8> {
    let config = trusting(doors);
    let secrets = Secrets::draw(config.crypto_provider()).expect("randomness");
    let quic = Quic::client(config, secrets, quic::Limits::default()).expect("an endpoint");
    let mut reactor = Reactor::new(Caller::default()).expect("a loop");
    let bound =
        reactor.bind_streams(([127, 0, 0, 1], 0).into(), Bind::default(), quic, |_, _| None);
    let (endpoint, _) = bound.expect("a port");
    let to = Connect::to(doors.quic).over(endpoint, "localhost");
    reactor.connect(to, Ask { text: text.to_vec(), sent: 0 }).expect("a place");
    while reactor.app().ended.is_none() {
        reactor.turn(None).expect("the wait");
    }
    assert_eq!(reactor.app().ended, Some(End::Finished));
    reactor.drain();
    while reactor.turn(None).expect("the wait") == Turn::More {}
    std::mem::take(&mut reactor.app_mut().heard)
}

/// What a call came to.
#[derive(Debug, Default)]
struct Caller {
    heard: Vec<u8>,
    ended: Option<End>,
}

impl App for Caller {
    type Mail = Never;
    type Conn = Ask;

    fn gone(&mut self, _: Id, why: End, _: &mut readily::Effects<Self>) {
        self.ended = Some(why);
    }
}

/// Sends a text and ends its half, and hears what comes back.
#[derive(Machine)]
#[machine(app = Caller)]
struct Ask {
    text: Vec<u8>,
    sent: usize,
}

impl State<Ask> for Ask {
    fn advance(&mut self, io: &mut Io<'_, Caller>) -> Result<Step<Self, Ask>, Fault> {
        io.app.heard.extend_from_slice(io.rx.bytes());
        io.rx.consume(io.rx.len());
        let n = io.tx.room().min(self.text.len() - self.sent);
        io.tx.write(&self.text[self.sent..self.sent + n]);
        self.sent += n;
        if self.sent == self.text.len() {
            io.tx.finish();
        }
        Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
    }
}

/// The echo as a whole machine.
#[derive(Machine)]
enum OnlyEcho {
    Echo(Echo),
}

pub(crate) fn simulated(text: &[u8]) -> Vec<u8> {
    let mut reactor = Reactor::with(Alone::new(), Sim::new(7), Config::default()).expect("a loop");
    let at = Address::Ip(([10, 0, 0, 1], 80).into());
    reactor.listen(&at, |_, _| Some(OnlyEcho::Echo(Echo))).expect("a listener");
    let client = reactor.sys_mut().connect(&at);
    reactor.sys_mut().send(client, text);
    reactor.sys_mut().shutdown(client);
    while !reactor.sys_mut().is_ended(client) {
        reactor.turn(Some(std::time::Duration::from_secs(1))).expect("the wait");
        reactor.check();
    }
    reactor.sys_mut().take(client)
}
