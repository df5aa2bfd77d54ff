//! `chat`: who hears what, and what becomes of those who do not listen.

use std::net::{SocketAddr, TcpStream};

use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::net::{AddressFamily, SocketType, connect, socket};

use crate::http::Http;
use crate::server::{Server, example, run};
use crate::web_socket::{CLOSE, Frame, LAST, WebSocket, upgrade};

const NAME: &str = "chat";
/// The longest line, in characters.
const LINE_MAX: usize = 500;
/// How many lines one person may say at once.
const LINES_AT_ONCE: usize = 20;

/// Somebody who came in under that name; what they were told of it.
fn join(server: &Server, name: &str) -> (WebSocket, String) {
    let mut socket = WebSocket::open(server.ip(), "/chat");
    let welcome = socket.text(name).hears();
    assert!(welcome.starts_with(&format!(r#"{{"event":"welcome","name":"{name}","#)), "{welcome}");
    (socket, welcome)
}

/// An event without its time.
fn event(socket: &mut WebSocket) -> String {
    let event = socket.hears();
    let timeless = event.split_once(r#","at":"#).map(|(start, _)| format!("{start}}}"));
    timeless.unwrap_or(event)
}

fn said(name: &str, text: &str) -> String {
    format!(r#"{{"event":"said","name":"{name}","text":"{text}"}}"#)
}

fn came_or_went(what: &str, name: &str, people: usize) -> String {
    format!(r#"{{"event":"{what}","name":"{name}","people":{people}}}"#)
}

fn refused(why: &str) -> String {
    format!(r#"{{"event":"refused","why":"{why}"}}"#)
}

#[test]
fn everybody_hears_what_is_said_and_who_comes_and_goes() {
    let server = Server::on_loopback(NAME, &[]);
    let (mut ada, welcome) = join(&server, "Ada");
    assert_eq!(welcome, r#"{"event":"welcome","name":"Ada","people":1,"history":[]}"#);
    let (mut bob, _) = join(&server, "Bob");
    assert_eq!(event(&mut ada), came_or_went("joined", "Bob", 2));
    ada.text(" a \"quote\"\u{7} and an \u{fc} ");
    for socket in [&mut ada, &mut bob] {
        assert_eq!(event(socket), said("Ada", r#"a \"quote\"  and an ü"#));
    }
    // Whoever comes later hears what was said, and nothing twice.
    let (mut cy, welcome) = join(&server, "Cy");
    assert!(
        welcome.contains(r#""people":3,"history":[{"event":"said","name":"Ada","#),
        "{welcome}"
    );
    for socket in [&mut ada, &mut bob] {
        assert_eq!(event(socket), came_or_went("joined", "Cy", 3));
    }
    // One leaves in order, one is cut off.
    bob.frame(LAST | CLOSE, &1001u16.to_be_bytes());
    assert_eq!(bob.read(), Frame::Close(1001, String::new()));
    bob.ends();
    for socket in [&mut ada, &mut cy] {
        assert_eq!(event(socket), came_or_went("left", "Bob", 2));
    }
    drop(cy);
    assert_eq!(event(&mut ada), came_or_went("left", "Cy", 1));
    server.terminate();
    assert_eq!(ada.closes().0, 1001);
    let printed = server.ends();
    let closing = "joined 3, lines 1, delivered 8, dropped newest 0, dropped oldest 0, \
                   coalesced 0, closed for reading too slowly 0";
    assert_eq!(printed[0], closing);
}

#[test]
fn a_name_is_somebodys_own_and_of_a_length() {
    let server = Server::on_loopback(NAME, &[]);
    let mut socket = WebSocket::open(server.ip(), "/chat");
    let (ada, _) = join(&server, "Ada");
    for (name, why) in [
        ("", "a name is needed"),
        (" \t\r\n", "a name is needed"),
        ("Ada", "the name is taken"),
        (" aDA ", "the name is taken"),
        (&"\u{fc}".repeat(25), "the name is too long"),
    ] {
        assert_eq!(socket.text(name).hears(), refused(why), "{name:?}");
    }
    assert_eq!(socket.binary(b"Bob").hears(), refused("only text is spoken here"));
    let longest = "\u{fc}".repeat(24);
    let welcome = socket.text(&longest).hears();
    assert!(welcome.contains(&format!(r#""name":"{longest}","people":2,"#)), "{welcome}");
    drop((socket, ada));
    server.stop();
}

#[test]
fn names_are_tried_as_slowly_as_lines_are_said() {
    let server = Server::on_loopback(NAME, &[]);
    let (ada, _) = join(&server, "Ada");
    let mut socket = WebSocket::open(server.ip(), "/chat");
    for _ in 0..2 * LINES_AT_ONCE {
        socket.text("Ada");
    }
    let answers: Vec<String> = (0..2 * LINES_AT_ONCE).map(|_| event(&mut socket)).collect();
    let of = |why| answers.iter().filter(|answer| **answer == refused(why)).count();
    let [taken, fast] = ["the name is taken", "not so fast"].map(of);
    // Some time has passed: one more may have been allowed now and then.
    assert!((LINES_AT_ONCE..2 * LINES_AT_ONCE).contains(&taken), "{answers:?}");
    assert_eq!(taken + fast, 2 * LINES_AT_ONCE, "{answers:?}");
    drop((socket, ada));
    server.stop();
}

#[test]
fn a_line_is_of_a_length_and_there_are_so_many_at_once() {
    let server = Server::on_loopback(NAME, &[]);
    let (mut ada, _) = join(&server, "Ada");
    for length in [LINE_MAX - 1, LINE_MAX] {
        // Characters are counted, not bytes.
        let line = "\u{20ac}".repeat(length);
        ada.text(&line);
        assert_eq!(event(&mut ada), said("Ada", &line));
    }
    assert_eq!(ada.text(&"x".repeat(LINE_MAX + 1)).hears(), refused("the line is too long"));
    // Nothing said is nothing heard.
    ada.text("   ").text("that was nothing");
    assert_eq!(event(&mut ada), said("Ada", "that was nothing"));
    for _ in 0..2 * LINES_AT_ONCE {
        ada.text("spam");
    }
    let heard = (0..2 * LINES_AT_ONCE).filter(|_| event(&mut ada) == said("Ada", "spam")).count();
    // Some time has passed: a line more may have been allowed now and then.
    assert!((LINES_AT_ONCE - 3..2 * LINES_AT_ONCE).contains(&heard), "{heard}");
    // Nobody's page sends so much at once.
    assert_eq!(ada.text(&"x".repeat(4 * LINE_MAX + 1)).closes().0, 1009);
    let printed = server.stop();
    let told = printed.iter().any(|line| line.ends_with("chat: something was refused"));
    assert!(told, "{printed:#?}");
}

#[test]
fn the_last_fifty_lines_are_kept() {
    let server = Server::on_loopback(NAME, &[]);
    // Nobody leaves: the others would hear of it among the lines.
    let (mut told, mut there) = (0, Vec::new());
    for name in ["Ada", "Bob", "Cy"] {
        let (mut socket, _) = join(&server, name);
        for _ in 0..LINES_AT_ONCE {
            socket.text(&format!("line {told}"));
            assert_eq!(event(&mut socket), said(name, &format!("line {told}")));
            told += 1;
        }
        there.push(socket);
    }
    let (_, welcome) = join(&server, "Dee");
    assert_eq!(welcome.matches(r#""event":"said""#).count(), 50);
    let first = welcome.split_once(r#""text":""#).expect("a line").1;
    assert!(first.starts_with("line 10\""), "{welcome}");
    server.stop();
}

/// Somebody who does not read, and twenty who do.
fn crowd(server: &Server) -> (WebSocket, Vec<WebSocket>) {
    let mut slow = WebSocket::over(Http::over(narrow(server.ip())), "/chat");
    slow.text("Slow").hears();
    let mut talkers: Vec<WebSocket> = Vec::new();
    for n in 0..20 {
        let (socket, _) = join(server, &format!("talker {n}"));
        for other in &mut talkers {
            event(other);
        }
        talkers.push(socket);
    }
    (slow, talkers)
}

/// All say all that they may. Each line is heard by all before the next is said, until they hear
/// of something else; how many were said.
fn talk(talkers: &mut [WebSocket], until: &str) -> usize {
    let line = "\u{1f600}".repeat(LINE_MAX);
    let all = LINES_AT_ONCE * talkers.len();
    for nth in 0..all {
        let who = nth % talkers.len();
        talkers[who].text(&line);
        let expected = said(&format!("talker {who}"), &line);
        let heard: Vec<String> = talkers.iter_mut().map(event).collect();
        if heard.iter().any(|heard| heard == until) {
            return nth + 1;
        }
        assert!(heard.iter().all(|heard| *heard == expected));
    }
    all
}

#[test]
fn who_does_not_listen_is_closed_and_holds_up_nobody() {
    let server = Server::on_loopback(NAME, &[]);
    let (mut slow, mut talkers) = crowd(&server);
    let said = talk(&mut talkers, &came_or_went("left", "Slow", 20));
    assert!(said < LINES_AT_ONCE * talkers.len(), "the slow one was never closed");
    // It is told why, behind what waited for it.
    let last = loop {
        match slow.read() {
            Frame::Text(_) => {}
            last => break last,
        }
    };
    assert_eq!(last, Frame::Close(1013, "you read too slowly".to_owned()));
    drop((slow, talkers));
    let printed = server.stop();
    assert!(printed[0].ends_with("closed for reading too slowly 1"), "{printed:#?}");
    let counted = "  1 chat: somebody read too slowly and was closed";
    assert!(printed.iter().any(|line| line == counted), "{printed:#?}");
}

#[test]
fn who_does_not_listen_misses_something_where_that_is_asked_for() {
    for (policy, missed) in [("drop-oldest", "dropped oldest "), ("coalesce", "coalesced ")] {
        let server = Server::on_loopback(NAME, &["--slow", policy]);
        let (mut slow, mut talkers) = crowd(&server);
        assert_eq!(talk(&mut talkers, ""), 400, "nobody left");
        slow.text("I am back");
        while event(&mut slow) != said("Slow", "I am back") {}
        drop((slow, talkers));
        let printed = server.stop();
        let missed = printed[0].split_once(missed).and_then(|(_, rest)| rest.split_once(','));
        let missed: Option<u32> = missed.and_then(|(number, _)| number.parse().ok());
        assert!(missed.is_some_and(|missed| missed > 10), "{policy}: {}", printed[0]);
        assert!(printed[0].ends_with("closed for reading too slowly 0"), "{}", printed[0]);
    }
}

#[test]
fn a_policy_that_is_none_is_one_line_and_exit_code_2() {
    let output = run(example(NAME).args(["--slow", "down"]));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), told.lines().count()), (Some(2), 1), "{told}");
    assert!(told.contains("--slow `down`: it is close, drop-newest, "), "{told}");
}

#[test]
fn only_its_own_page_may_talk() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    let page = http.ask("GET /", "", b"");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; "));
    for (line, status) in [
        ("HEAD /", 200),
        ("POST /", 405),
        ("GET /none", 404),
        ("GET /chat", 426),
        ("POST /chat", 405),
    ] {
        assert_eq!(http.ask(line, "", b"").status, status, "{line}");
    }
    drop(http);
    let of = |host: &str, origin: &str| {
        let host = format!("host: {host}\r\norigin: {origin}");
        upgrade("/chat").replace("host: localhost", &host)
    };
    for (host, origin, status) in [
        ("localhost:7007", "http://localhost:7007", 101),
        ("localhost:7007", "https://elsewhere.example", 403),
        // Another name, bent to this machine.
        ("elsewhere.example", "http://elsewhere.example", 403),
    ] {
        let mut http = Http::to(server.ip());
        assert_eq!(http.send(of(host, origin)).answer(true).status, status, "{host} {origin}");
    }
    server.stop();
}

/// A connection whose client takes little that is not read.
fn narrow(to: SocketAddr) -> TcpStream {
    let narrow = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    set_socket_recv_buffer_size(&narrow, 4096).expect("a socket");
    connect(&narrow, &to).expect("somebody listens");
    narrow.into()
}
