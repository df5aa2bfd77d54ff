//! `wss://` in a real browser: two pages that came over TLS talk to each other.

use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};

use readily::http1::{Answer, Reply, Request, Server, Service};
use readily::websocket::{Encoded, Handler, Heard, Message, Socket, WebSocket, upgrade};
use readily::{Address, App, Desk, Fault, Handle, Id, Listen, Machine, Reactor};
use readily_examples::HTML;
use readily_examples::certificate::Identity;
use ring::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::browser::{self, Browser};

const PAGE: &str = "<!doctype html><meta charset=utf-8><link rel=icon href='data:,'><body><script>
    const heard = [];
    const socket = new WebSocket(location.origin.replace('https:', 'wss:') + '/');
    socket.onmessage = ({ data }) => heard.push(data);
    </script>";

#[derive(Machine)]
#[machine(app = Pages)]
enum Conn {
    #[becomes(Page)]
    Http(Server<Door>),
    Page(WebSocket<Page>),
}

/// All that are open: what one says the others hear.
#[derive(Default)]
struct Pages(Vec<Id>);

#[derive(Clone)]
struct Said(Encoded);

impl App for Pages {
    type Mail = Said;
    type Conn = Conn;
}

struct Door;

impl Service<Conn> for Door {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, Pages>,
    ) -> Answer<Self, Conn> {
        match request.header("upgrade") {
            Some(_) => upgrade(request, reply, Page),
            None => reply.ok(HTML, PAGE.as_bytes()),
        }
    }
}

struct Page;

/// By default pages of the same host alone may open one.
impl Handler<Pages> for Page {
    fn open(&mut self, socket: &mut Socket<'_, Pages>) -> Result<(), Fault> {
        let id = socket.id();
        socket.app.0.push(id);
        Ok(())
    }

    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, Pages>,
    ) -> Result<(), Fault> {
        let Message::Text(text) = message else { return Err(Fault::Peer("only text is spoken")) };
        let (me, said) = (socket.id(), Said(Encoded::text(text)));
        let others = socket.app.0.iter().copied().filter(|id| *id != me);
        socket.fx.publish(others, &said);
        Ok(())
    }

    fn mail(&mut self, Said(text): Said, socket: &mut Socket<'_, Pages>) -> Result<Heard, Fault> {
        socket.send(&text).map_err(|_| Fault::Local("no room for what was said"))?;
        Ok(Heard::Taken)
    }
}

/// A server in a thread of its own, which ends when it is told to.
fn start(identity: &Identity) -> (SocketAddr, Handle<Said>, JoinHandle<()>) {
    let server = identity.server(&["http/1.1"]).expect("a server");
    let (to, from) = channel();
    let thread = thread::spawn(move || {
        let mut reactor = Reactor::new(Pages::default()).expect("a loop");
        let listen = Listen { tls: Some(server.into()), ..Listen::default() };
        let at: Address = "127.0.0.1:0".parse().expect("an address");
        let listened = reactor.listen_with(&at, listen, |_, _| Some(Conn::Http(Server::new(Door))));
        let (_, bound) = listened.expect("a port");
        to.send((bound.ip().expect("an IP address"), reactor.handle())).expect("it waits");
        reactor.run().expect("nothing fails");
    });
    let (at, handle) = from.recv().expect("it listens");
    (at, handle, thread)
}

/// What Chromium knows a public key by: the digest of it, in base64.
fn pin(identity: &Identity) -> String {
    let certificate = CertificateDer::from_pem_slice(identity.chain()).expect("a certificate");
    let parsed = rustls::server::ParsedCertificate::try_from(&certificate).expect("a good one");
    base64(digest(&SHA256, &parsed.subject_public_key_info()).as_ref())
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            (0..3).fold(0, |bits, nth| bits << 8 | three.get(nth).map_or(0, |b| *b as usize));
        for nth in 0..4 {
            let letter = char::from(LETTERS[bits >> (18 - 6 * nth) & 63]);
            text.push(if nth <= three.len() { letter } else { '=' });
        }
    }
    text
}

#[test]
fn two_pages_talk_over_tls() {
    for (bytes, text) in [("", ""), ("M", "TQ=="), ("Ma", "TWE="), ("Man>", "TWFuPg==")] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
    let identity = Identity::make(&["localhost"]).expect("a certificate");
    let Some(chromium) = browser::find() else {
        return browser::missing("no page has opened a `wss://` URL");
    };
    let (at, handle, thread) = start(&identity);
    let url = format!("https://localhost:{}/", at.port());
    // The certificate is trusted by its key: of any other the page would not be shown.
    let trust = format!("--ignore-certificate-errors-spki-list={}", pin(&identity));
    let open = || Browser::open_with(chromium.clone(), &[&trust], &url);
    let (mut one, mut other) = (open(), open());
    for page in [&mut one, &mut other] {
        page.sees("location.protocol === 'https:' && isSecureContext");
        page.sees("socket.readyState === WebSocket.OPEN && socket.url.startsWith('wss://')");
    }
    one.run("socket.send('from one: \u{fc}\u{20ac}')");
    other.sees("heard.length === 1 && heard[0] === 'from one: \u{fc}\u{20ac}'");
    // In more than one record.
    other.run("socket.send('x'.repeat(60000))");
    one.sees("heard.length === 1 && heard[0] === 'x'.repeat(60000)");
    handle.drain();
    one.sees("socket.readyState === WebSocket.CLOSED");
    for mut page in [one, other] {
        assert_eq!(page.complaints(), [""; 0]);
    }
    thread.join().expect("no panic");
}
