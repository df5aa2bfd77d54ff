//! `ws_echo`: messages come back, and what is none is refused.

use crate::client::Noise;
use crate::http::Http;
use crate::server::Server;
use crate::web_socket::{BINARY, CLOSE, Frame, LAST, PING, TEXT, WebSocket, upgrade};

const NAME: &str = "ws_echo";
/// The longest message.
const MESSAGE_MAX: usize = 1 << 20;

#[test]
fn messages_come_back_as_what_they_are() {
    let server = Server::on_loopback(NAME, &[]);
    let mut socket = WebSocket::open(server.ip(), "/any/path?and=query");
    for size in [0, 1, 125, 126, 127, 65_535, 65_536, 300_000, MESSAGE_MAX - 1, MESSAGE_MAX] {
        let bytes = Noise::bytes(size as u64, size as u64);
        assert!(socket.binary(&bytes).read() == Frame::Binary(bytes), "{size} bytes");
        let text = "x".repeat(size);
        assert!(socket.text(&text).hears() == text, "{size} letters");
    }
    // In parts, and with a question in the middle.
    let parts = [(TEXT, "\u{fc}"), (0, ""), (LAST | PING, "there?"), (0, "\u{20ac}"), (LAST, "")];
    for (first, part) in parts {
        socket.frame(first, part.as_bytes());
    }
    assert_eq!(socket.read(), Frame::Pong(b"there?".to_vec()));
    assert_eq!(socket.hears(), "\u{fc}\u{20ac}");
    socket.frame(LAST | CLOSE, &[0x0f, 0xa0, b'!']);
    assert_eq!(socket.read(), Frame::Close(4000, String::new()));
    socket.ends();
    let printed = server.stop();
    assert!(printed[0].starts_with("WebSockets 1, messages 21, bytes "), "{printed:#?}");
}

#[test]
fn what_follows_the_upgrade_in_one_piece_is_not_lost() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    // An empty text, masked with nothing.
    let first = [LAST | TEXT, 0x80, 0, 0, 0, 0];
    http.send([upgrade("/").as_bytes(), &first].concat());
    assert_eq!(http.answer(true).status, 101);
    let (_, mut answers) = http.into_parts();
    let mut echo = [0; 2];
    std::io::Read::read_exact(&mut answers, &mut echo).expect("an echo");
    assert_eq!(echo, [LAST | TEXT, 0]);
    drop(answers);
    server.stop();
}

#[test]
fn what_breaks_the_rules_is_closed_with_its_code_and_counted() {
    let server = Server::on_loopback(NAME, &[]);
    let mut other = WebSocket::open(server.ip(), "/");
    let close = |code: u16| (LAST | CLOSE, code.to_be_bytes().to_vec());
    for ((first, payload), code) in [
        ((LAST | TEXT, b"\xc3\x28".to_vec()), 1007),
        ((LAST | BINARY, vec![0; MESSAGE_MAX + 1]), 1009),
        ((LAST | 0x40 | TEXT, vec![]), 1002),
        ((LAST | 3, vec![]), 1002),
        ((LAST, vec![]), 1002),
        ((PING, vec![]), 1002),
        ((LAST | PING, vec![0; 126]), 1002),
        (close(1005), 1002),
    ] {
        let mut socket = WebSocket::open(server.ip(), "/");
        assert_eq!(socket.frame(first, &payload).closes().0, code, "{first:#04x}");
        assert_eq!(other.text("still here?").hears(), "still here?");
    }
    let mut socket = WebSocket::open(server.ip(), "/");
    assert_eq!(socket.send(&[LAST | TEXT, 1, b'a']).closes().0, 1002, "it is not masked");
    drop(other);
    let printed = server.stop();
    let counted = printed.iter().filter(|line| line.contains(" websocket: "));
    // Whoever left without a word is the tenth.
    assert_eq!(counted.count(), 10, "{printed:#?}");
}

#[test]
fn a_request_that_is_no_upgrade_is_answered() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    let page = http.ask("GET /", "", b"");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.text().contains("new WebSocket("));
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\n";
    let version = "sec-websocket-version: 13\r\n";
    for (line, headers, status) in [
        ("HEAD /", String::new(), 200),
        ("GET /other", String::new(), 426),
        ("GET /", format!("{upgrade}sec-websocket-version: 8\r\n"), 426),
        ("GET /", format!("{upgrade}{version}"), 400),
        ("GET /", format!("{upgrade}{version}sec-websocket-key: short\r\n"), 400),
        ("POST /", String::new(), 405),
    ] {
        let answer = http.ask(line, &headers, b"");
        assert_eq!(answer.status, status, "{line} {headers}");
        if status == 426 {
            assert_eq!(answer.header("sec-websocket-version"), "13");
        }
    }
    // Nothing is known here and nothing hidden: any page may ask.
    let origin = upgrade_from("https://elsewhere.example");
    assert_eq!(http.send(origin).answer(true).status, 101);
    drop(http);
    server.stop();
}

#[test]
fn a_drain_says_that_the_server_goes_away() {
    let server = Server::on_loopback(NAME, &[]);
    let mut socket = WebSocket::open(server.ip(), "/");
    assert_eq!(socket.text("hello").hears(), "hello");
    server.terminate();
    assert_eq!(socket.closes().0, 1001);
    server.ends();
}

fn upgrade_from(origin: &str) -> String {
    upgrade("/").replace("\r\n\r\n", &format!("\r\norigin: {origin}\r\n\r\n"))
}
