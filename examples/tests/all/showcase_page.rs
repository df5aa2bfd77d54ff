//! The page of `showcase`: in a real browser, and its feed as a client of any kind reads it.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::browser::{self, Browser};
use crate::client::Client;
use crate::server::{Server, socket_path};
use crate::showcase::{self, service};
use crate::web_socket::WebSocket;

const STATES: [&str; 15] = [
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
    "Notebook",
    "HttpEcho",
    "Files",
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
        return feed_tells_what_happens(start("no-browser"));
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
    browser.run("document.getElementById('visit').click()");
    browser.sees(&format!("{} === '2'", taken("Login", "Ready")));
    browser.sees(&format!("{} === '2'", taken("Dial", "Relay")));
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
    feed_tells_what_happens(start("feed"));
}

fn feed_tells_what_happens(server: Server) {
    let mut feed = WebSocket::open(server.ip(), "/live");
    let hello = until(&mut feed, "hello", r#""instance":"#);
    for state in STATES {
        assert!(hello.contains(&format!(r#"{{"name":"{state}","becomes":["#)), "{hello}");
    }
    until(&mut feed, "you", r#""id":""#);
    // In the order of the states: this client is the one in `Live`.
    until(&mut feed, "figures", r#""now":[0,1,0,0,0,0,0,0,0,0,0,0,0,0,0],"edges":[[1,0],"#);
    let mut echo = Client::connect(service(&server, "TCP echo"));
    echo.send("hello\n").reads("hello\n");
    until(&mut feed, "figures", r#""now":[0,1,0,1,0,0,0,0,0,0,0,0,0,0,0]"#);
    drop(echo);
    until(&mut feed, "figures", r#""now":[0,1,0,0,0,0,0,0,0,0,0,0,0,0,0]"#);
    // The first is told to all; those right after it are too many, and counted by name.
    (0..50).for_each(|n| {
        feed.text(&format!("\"line\" {n}"));
    });
    until(&mut feed, "line", r#""text":"\"line\" 0""#);
    until(&mut feed, "figures", r#"["showcase: a line came too soon","#);
    drop(feed);
    server.stop();
}

/// Reads until a message of that kind holds a part.
#[track_caller]
fn until(feed: &mut WebSocket, kind: &str, part: &str) -> String {
    let start = format!(r#"{{"kind":"{kind}","#);
    loop {
        let message = feed.hears();
        if message.starts_with(&start) && message.contains(part) {
            return message;
        }
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
