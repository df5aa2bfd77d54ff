//! The other side of a WebSocket, written by hand: it can say what no library would.

use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::http::Http;

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;
/// The bit of the last frame of a message.
pub(crate) const LAST: u8 = 0x80;

/// The key of the example in RFC 6455, section 1.3, and the answer to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A client whose upgrade was answered.
pub(crate) struct WebSocket {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

/// One frame of the server's, which is a whole message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Frame {
    Text(String),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
}

impl WebSocket {
    pub(crate) fn open(server: SocketAddr, path: &str) -> Self {
        WebSocket::over(Http::to(server), path)
    }

    /// Upgrades a connection.
    #[track_caller]
    pub(crate) fn over(mut http: Http, path: &str) -> Self {
        let answer = http.send(upgrade(path)).answer(true);
        assert_eq!((answer.status, answer.header("sec-websocket-accept")), (101, ACCEPT));
        let (stream, answers) = http.into_parts();
        WebSocket { stream, answers }
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.frame(LAST | TEXT, text.as_bytes())
    }

    pub(crate) fn binary(&mut self, bytes: &[u8]) -> &mut Self {
        self.frame(LAST | BINARY, bytes)
    }

    /// Sends one frame, masked.
    pub(crate) fn frame(&mut self, first: u8, payload: &[u8]) -> &mut Self {
        self.send(&frame(first, payload))
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> &mut Self {
        self.stream.write_all(bytes).expect("it is read");
        self
    }

    /// Reads one frame.
    #[track_caller]
    pub(crate) fn read(&mut self) -> Frame {
        let [first, length] = self.bytes();
        assert_eq!(length & 0x80, 0, "a server masks nothing");
        let length = match length {
            126 => u64::from(u16::from_be_bytes(self.bytes())),
            127 => u64::from_be_bytes(self.bytes()),
            length => u64::from(length),
        };
        let mut payload = vec![0; usize::try_from(length).expect("a length")];
        self.answers.read_exact(&mut payload).expect("the whole frame");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        match (first & LAST, first & 0x7f) {
            (LAST, TEXT) => Frame::Text(text(payload)),
            (LAST, BINARY) => Frame::Binary(payload),
            (LAST, PONG) => Frame::Pong(payload),
            (LAST, CLOSE) if payload.len() >= 2 => {
                let why = payload.split_off(2);
                Frame::Close(u16::from_be_bytes([payload[0], payload[1]]), text(why))
            }
            _ => panic!("frame {first:#04x} with {payload:?}"),
        }
    }

    /// Reads one frame, which is a text.
    #[track_caller]
    pub(crate) fn hears(&mut self) -> String {
        match self.read() {
            Frame::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    /// Reads a close, answers it, and reads the end.
    #[track_caller]
    pub(crate) fn closes(&mut self) -> (u16, String) {
        let Frame::Close(code, why) = self.read() else { panic!("no close") };
        // It may be in the middle of leaving: then nobody reads this.
        let _ = self.stream.write_all(&frame(LAST | CLOSE, &code.to_be_bytes()));
        self.ends();
        (code, why)
    }

    /// Nothing comes but the end, and then we end as well.
    #[track_caller]
    pub(crate) fn ends(&mut self) {
        let mut rest = Vec::new();
        self.answers.read_to_end(&mut rest).expect("an end in order");
        assert_eq!(rest, [0_u8; 0]);
        // The server may have gone altogether.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.answers.read_exact(&mut bytes).expect("a frame");
        bytes
    }
}

/// The request of an upgrade.
pub(crate) fn upgrade(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: keep-alive, Upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n\r\n"
    )
}

/// One frame, masked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
