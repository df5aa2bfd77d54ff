//! One loop that serves `Echo` on everything.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use readily::echo::Echo;
use readily::http1::{self, Answer, Reply, Request};
use readily::quic::{self, Quic, Secrets};
use readily::sys::Sys;
use readily::websocket::{self, Handshake, Tunnel};
use readily::{Address, App, Bind, Counters, Desk, Handle, Listen, Machine, Never, Reactor, tls};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The application protocol of `Echo` on TLS and QUIC.
pub(crate) const ALPN: &[u8] = b"echo";

/// An application with nothing of its own.
#[derive(Debug, Default)]
pub(crate) struct Nothing;

impl App for Nothing {
    type Mail = Never;
    type Conn = Conn;
}

/// Every transport but the WebSocket has the first of these; that needs its handshake before.
#[derive(Machine)]
#[machine(app = Nothing)]
pub(crate) enum Conn {
    Echo(Echo),
    #[becomes(Tunnel)]
    Http(http1::Server<Gate>),
    Tunnel(Tunnel<Inside>),
}

/// What runs in the tunnel: a whole machine.
#[derive(Machine)]
#[machine(app = Nothing)]
pub(crate) enum Inside {
    Echo(Echo),
}

/// Lets everybody through to the echo.
#[derive(Debug)]
pub(crate) struct Gate;

impl http1::Service<Conn> for Gate {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, Nothing>,
    ) -> Answer<Self, Conn> {
        match Handshake::check(request, &websocket::Limits::DEFAULT) {
            Ok(handshake) => handshake.accept(reply, Tunnel::new(Inside::Echo(Echo))),
            Err(rejection) => rejection.answer(reply),
        }
    }
}

/// Where each transport is.
#[derive(Clone, Debug)]
pub(crate) struct Doors {
    pub(crate) tcp: SocketAddr,
    pub(crate) unix: PathBuf,
    pub(crate) tls: SocketAddr,
    pub(crate) quic: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) certificate: CertificateDer<'static>,
}

/// The loop, on a thread of its own.
pub(crate) struct Town {
    doors: Doors,
    handle: Handle<Never>,
    thread: JoinHandle<Counters>,
}

impl Town {
    pub(crate) fn open() -> Town {
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut reactor = Reactor::new(Nothing).expect("a loop");
            let doors = open_doors(&mut reactor);
            tell.send((doors, reactor.handle())).expect("a test that waits");
            reactor.run().expect("the wait");
            *reactor.counters()
        });
        let (doors, handle) = told.recv().expect("a loop");
        Town { doors, handle, thread }
    }

    pub(crate) fn doors(&self) -> &Doors {
        &self.doors
    }

    /// Drains, and says what was counted.
    pub(crate) fn close(self) -> Counters {
        self.handle.drain();
        self.thread.join().expect("a loop that ends")
    }
}

fn open_doors<S: Sys>(reactor: &mut Reactor<Nothing, S>) -> Doors {
    let here: SocketAddr = ([127, 0, 0, 1], 0).into();
    let (config, certificate) = credentials();
    let tls = Some(tls::Server::new(Arc::clone(&config)).into());
    let secrets = Secrets::draw(config.crypto_provider()).expect("randomness");
    let quic = Quic::server(config, secrets, quic::Limits::default()).expect("an endpoint");
    let ip = |at: Address| at.ip().expect("an IP address");
    let unix = std::env::temp_dir().join(format!("readily-town-{}.sock", std::process::id()));
    let echo = |_: &mut Nothing, _: &readily::Accepted<'_>| Some(Conn::Echo(Echo));
    reactor.listen(&Address::Unix(unix.clone()), echo).expect("a path");
    let tls_options = Listen { tls, ..Listen::default() };
    Doors {
        unix,
        tcp: ip(reactor.listen(&here.into(), echo).expect("a port")),
        tls: ip(reactor.listen_with(&here.into(), tls_options, echo).expect("a port").1),
        quic: reactor.bind_streams(here, Bind::default(), quic, echo).expect("a port").1,
        http: ip(reactor
            .listen(&here.into(), |_, _| Some(Conn::Http(http1::Server::new(Gate))))
            .expect("a port")),
        certificate,
    }
}

fn credentials() -> (Arc<rustls::ServerConfig>, CertificateDer<'static>) {
    let names = vec!["localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let certificate = made.cert.der().clone();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("a pair");
    config.alpn_protocols = vec![ALPN.to_vec()];
    (Arc::new(config), certificate)
}
