//! The page of `showcase`: in a real browser, and its feed as a client of any kind reads it.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::browser::{self, Browser};
use crate::client::Client;
use crate::server::{Server, socket_path};
use crate::showcase::{self, service};

const STATES: [&str; 12] = [
    "Http",
    "Live",
    "Mirror",
    "Echo",
    "Dial",
    "Relay",
    "Login",
    "Ready",
    "Value",
    "Subscribed",
    "Quit",
    "Visitor",
];

fn start(name: &str) -> Server {
    showcase::start(&socket_path(name), &[])
}

#[test]
fn a_browser_shows_what_the_loop_does() {
    let Some(chromium) = browser::find() else {
        // Written past the capture of the test harness: nobody should take this for a look.
        let told = "\nNO BROWSER: the page of `showcase` was NOT looked at. Install chromium or \
                    name one in READILY_CHROMIUM; only its feed was read, by a plain client.\n";
        let _ = std::io::stderr().write_all(told.as_bytes());
        return feed_tells_what_happens(&start("no-browser"));
    };
    let mut server = start("page");
    let front = Front::to(server.ip());
    let mut browser = Browser::open(chromium, &format!("http://{}/", front.at));
    browser.sees("document.getElementById('status').textContent.startsWith('live')");
    let states = STATES.map(|state| format!("'{state}'")).join(",");
    browser.sees(&format!(
        "[{states}].every((name) => document.querySelector(`.diagram [data-state=${{name}}]`))"
    ));
    // It sees itself, and the way that it came.
    browser.sees(&format!("{} === '1'", now_in("Live")));
    browser.sees(&format!("{} === '1'", taken("Http", "Live")));
    browser.sees(&format!("{} === '0'", now_in("Echo")));
    let mut echo = Client::connect(service(&server, "TCP echo"));
    echo.send("hello\n").reads("hello\n");
    browser.sees(&format!("{} === '1'", now_in("Echo")));
    drop(echo);
    browser.sees(&format!("{} === '0'", now_in("Echo")));
    // Figures go on arriving.
    browser.run("window.then = before.uptime");
    browser.sees("before.uptime > then + 500 && before.count.turns > 2");
    // What can be tried in place.
    browser.run("document.querySelector('[data-open=\"10\"]').click()");
    browser.sees(&format!("{} === '10'", now_in("Mirror")));
    browser.run("document.getElementById('each').click()");
    browser.sees("document.getElementById('sockets').textContent.startsWith('10 came back')");
    browser.run("document.getElementById('close').click()");
    browser.sees(&format!("{} === '0'", now_in("Mirror")));
    browser.run("document.querySelector('[data-get=\"/health\"]').click()");
    browser.sees("document.getElementById('answer').textContent.includes('200 OK')");
    browser.run("$('words').value = 'héllo <b>'; $('say').requestSubmit()");
    browser.sees("document.getElementById('lines').textContent.includes('héllo <b>')");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    // Its server ends and another comes.
    server.stop();
    browser.sees("document.getElementById('notice').textContent.includes('has ended')");
    server = start("page");
    front.lead_to(server.ip());
    browser.sees("document.getElementById('notice').textContent.includes('new server')");
    browser.sees("document.getElementById('status').textContent.startsWith('live')");
    browser.sees(&format!("{} === '1'", now_in("Live")));
    drop(browser);
    server.stop();
}

/// What the diagram says of a state.
fn now_in(state: &str) -> String {
    format!("document.querySelector('.diagram [data-state={state}] .now').textContent")
}

/// What the diagram says of a transition.
fn taken(from: &str, to: &str) -> String {
    format!("document.querySelector('.diagram [data-edge=\"{from} {to}\"] .taken').textContent")
}

#[test]
fn the_feed_tells_any_client_what_happens() {
    feed_tells_what_happens(&start("feed"));
}

fn feed_tells_what_happens(server: &Server) {
    let mut watcher = Watcher::connect(server.ip());
    let hello = watcher.until(r#"{"kind":"hello","#);
    for state in STATES {
        assert!(hello.contains(&format!(r#"{{"name":"{state}","becomes":["#)), "{hello}");
    }
    watcher.until(r#"{"kind":"you","id":""#);
    // In the order of the states: this client is the one in `Live`.
    watcher.until_with("figures", r#""now":[0,1,0,0,0,0,0,0,0,0,0,0],"edges":[[1,0],"#);
    let mut echo = Client::connect(service(server, "TCP echo"));
    echo.send("hello\n").reads("hello\n");
    watcher.until_with("figures", r#""now":[0,1,0,1,0,0,0,0,0,0,0,0]"#);
    drop(echo);
    watcher.until_with("figures", r#""now":[0,1,0,0,0,0,0,0,0,0,0,0]"#);
    watcher.says("a \"line\"");
    watcher.until_with("line", r#""text":"a \"line\"""#);
    // One right after the other is one too many, and is counted by its name.
    watcher.says("one");
    watcher.says("two");
    watcher.until_with("figures", r#"["showcase: a line came too soon",1]"#);
}

/// A client of the feed: a WebSocket by hand.
struct Watcher(Client);

impl Watcher {
    fn connect(to: SocketAddr) -> Self {
        let mut client = Client::connect(to);
        client.send(format!(
            "GET /live HTTP/1.1\r\nHost: {to}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ));
        assert_eq!(client.line(), "HTTP/1.1 101 Switching Protocols\r");
        while client.line() != "\r" {}
        Watcher(client)
    }

    /// Reads until a message begins so.
    #[track_caller]
    fn until(&mut self, start: &str) -> String {
        loop {
            let message = self.message();
            if message.starts_with(start) {
                return message;
            }
        }
    }

    /// Reads until a message of that kind holds a part.
    #[track_caller]
    fn until_with(&mut self, kind: &str, part: &str) {
        while !self.until(&format!(r#"{{"kind":"{kind}","#)).contains(part) {}
    }

    /// One whole text message in one frame of a server.
    fn message(&mut self) -> String {
        let [first, second] = self.0.bytes(2)[..] else { panic!("two bytes") };
        assert_eq!(first, 0x81, "a whole text");
        let length = match second {
            126 => self.0.bytes(2).iter().fold(0, |all, byte| all * 256 + usize::from(*byte)),
            short => usize::from(short),
        };
        String::from_utf8(self.0.bytes(length)).expect("a text")
    }

    /// Sends a short text, under a mask that changes nothing.
    fn says(&mut self, text: &str) {
        let head = [0x81, 0x80 + text.len() as u8, 0, 0, 0, 0];
        self.0.send([&head, text.as_bytes()].concat());
    }
}

/// One address that leads to one server after the other: a port that was given back may be gone.
struct Front {
    at: SocketAddr,
    leads_to: Arc<Mutex<SocketAddr>>,
}

impl Front {
    fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("a socket");
        let leads_to = Arc::new(Mutex::new(server));
        let target = Arc::clone(&leads_to);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = *target.lock().expect("no panic");
                // A server that has ended refuses, and so does this.
                let Ok(server) = TcpStream::connect(server) else { continue };
                let half = |socket: &TcpStream| socket.try_clone().expect("a descriptor");
                let pairs = [(half(&client), half(&server)), (server, client)];
                for (mut from, mut to) in pairs {
                    thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Write);
                    });
                }
            }
        });
        Front { at, leads_to }
    }

    fn lead_to(&self, server: SocketAddr) {
        *self.leads_to.lock().expect("no panic") = server;
    }
}
