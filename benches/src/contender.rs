//! The servers that stand side by side, and where their programs are.

use std::net::SocketAddr;
use std::path::PathBuf;

use readily::quic::Limits;

use crate::failure::Failure;
use crate::haproxy::{self, Splice};
use crate::scratch::Scratch;
use crate::server::Launch;
use crate::table::SUBJECT;

/// One server of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// The echo server that is the limit.
    RawEpollEcho,
    /// Readily's echo server.
    TcpEcho,
    /// tokio's echo server.
    TokioEcho,
    /// Readily's relay.
    TcpRelay,
    /// tokio's relay.
    TokioRelay,
    /// HAProxy as a relay.
    Haproxy(Splice),
    /// The HTTP server that is the limit.
    RawEpollHttp,
    /// Readily's HTTP server.
    HttpHello,
    /// hyper's HTTP server.
    HyperHello,
    /// Readily's WebSocket echo server.
    WsEcho,
    /// tokio-tungstenite's echo server.
    TokioWsEcho,
    /// Readily's TLS echo server.
    TlsEcho,
    /// tokio-rustls's echo server.
    TokioTlsEcho,
    /// Readily's QUIC echo server.
    QuicEcho,
    /// quinn's echo server.
    QuinnEcho(Windows),
}

/// How many bytes may be under way on QUIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windows {
    /// quinn's defaults: 1.25 MB of a stream, no bound on a connection, 10 MB unacknowledged.
    Default,
    /// Those of Readily's server.
    Same,
}

use Contender::*;

/// The echo servers, in the order of their rows.
pub const ECHOES: [Contender; 3] = [RawEpollEcho, TcpEcho, TokioEcho];

/// The relays, in the order of their rows.
pub const RELAYS: [Contender; 4] =
    [TcpRelay, TokioRelay, Haproxy(Splice::Never), Haproxy(Splice::Auto)];

/// The HTTP servers, in the order of their rows.
pub const HTTP: [Contender; 3] = [RawEpollHttp, HttpHello, HyperHello];

/// The WebSocket echo servers, in the order of their rows.
pub const WEBSOCKETS: [Contender; 2] = [WsEcho, TokioWsEcho];

/// The TLS echo servers, in the order of their rows.
pub const TLS: [Contender; 2] = [TlsEcho, TokioTlsEcho];

/// The QUIC echo servers, in the order of their rows.
pub const QUIC: [Contender; 3] = [QuicEcho, QuinnEcho(Windows::Default), QuinnEcho(Windows::Same)];

/// Whose program a contender is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A binary of this package.
    Peer,
    /// One of Readily's examples.
    Example,
    /// Installed on the system.
    System,
}

impl Contender {
    /// Its row.
    pub fn label(self) -> &'static str {
        self.facts().0
    }

    /// Its row, the program, and whose that is.
    fn facts(self) -> (&'static str, &'static str, Origin) {
        match self {
            RawEpollEcho => ("raw epoll", "raw_epoll_echo", Origin::Peer),
            TcpEcho => (SUBJECT, "tcp_echo", Origin::Example),
            TokioEcho => ("tokio", "tokio_echo", Origin::Peer),
            TcpRelay => (SUBJECT, "tcp_relay", Origin::Example),
            TokioRelay => ("tokio", "tokio_relay", Origin::Peer),
            Haproxy(Splice::Never) => ("HAProxy", "haproxy", Origin::System),
            Haproxy(Splice::Auto) => ("HAProxy, splice-auto", "haproxy", Origin::System),
            RawEpollHttp => ("raw epoll, httparse", "raw_epoll_http", Origin::Peer),
            HttpHello => (SUBJECT, "http_hello", Origin::Example),
            HyperHello => ("hyper", "hyper_hello", Origin::Peer),
            WsEcho => (SUBJECT, "ws_echo", Origin::Example),
            TokioWsEcho => ("tokio-tungstenite", "tokio_ws_echo", Origin::Peer),
            TlsEcho => (SUBJECT, "tls_echo", Origin::Example),
            TokioTlsEcho => ("tokio-rustls", "tokio_tls_echo", Origin::Peer),
            QuicEcho => (SUBJECT, "quic_echo", Origin::Example),
            QuinnEcho(Windows::Default) => ("quinn", "quinn_echo", Origin::Peer),
            QuinnEcho(Windows::Same) => ("quinn, same windows", "quinn_echo", Origin::Peer),
        }
    }

    /// Whether it makes a certificate at start, and saves it for its clients.
    fn is_secured(self) -> bool {
        TLS.contains(&self) || QUIC.contains(&self)
    }
}

/// Where built programs are looked for.
#[derive(Debug)]
pub struct Programs {
    directory: PathBuf,
}

impl Programs {
    /// `directory` holds the binaries, `examples` under it Readily's servers.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// A binary of this package.
    pub fn binary(&self, name: &str) -> Result<PathBuf, Failure> {
        self.find(name, "", "cargo build --release -p readily-benches --bins")
    }

    /// How to start a contender; a relay gets the address `to`.
    pub fn launch(
        &self,
        contender: Contender,
        to: Option<SocketAddr>,
        scratch: &Scratch,
    ) -> Result<Launch, Failure> {
        let (_, name, origin) = contender.facts();
        let program = match (origin, contender) {
            (Origin::Example, _) => self.find(name, "examples", "cargo build --release --examples"),
            (Origin::System, Haproxy(splice)) => {
                let to = to.ok_or_else(|| Failure::failed("a relay needs an address"))?;
                return haproxy::launch(to, splice, scratch);
            }
            _ => self.binary(name),
        };
        let mut launch = Launch::announced(name, program?);
        if let Some(to) = to {
            launch.arguments.extend(["--to".into(), to.to_string().into()]);
        }
        if contender.is_secured() {
            launch.saves_certificate(scratch.path("pem"));
        }
        if contender == QuinnEcho(Windows::Same) {
            let Limits { stream_window, window, send_window, .. } = Limits::DEFAULT;
            let windows = format!("{stream_window},{window},{send_window}");
            launch.arguments.extend(["--windows".into(), windows.into()]);
        }
        Ok(launch)
    }

    fn find(&self, name: &str, folder: &str, build: &str) -> Result<PathBuf, Failure> {
        let path = self.directory.join(folder).join(name);
        if path.is_file() {
            Ok(path)
        } else {
            Err(Failure::Missing(format!("{name} is missing: {build}")))
        }
    }
}
