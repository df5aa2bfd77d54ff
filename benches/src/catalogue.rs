//! Every server that is measured, by what it serves.

use crate::contender::{Contender, Program, Windows};
use crate::results::Role;
use crate::system::{haproxy, lighttpd, nginx};
use crate::table::SUBJECT;

/// A system's server.
const fn installed(label: &'static str, program: Program) -> Contender {
    Contender { program, ..Contender::peer(label, "", &[]) }
}

/// One of Readily's servers that only comparisons need.
const fn subject(words: &'static [&'static str], source: &'static str) -> Contender {
    Contender { role: Role::Subject, ..Contender::peer(SUBJECT, "peer_readily", words) }
        .from(&["readily"], source)
}

/// One of Readily's examples.
const fn example(name: &'static str, source: &'static str) -> Contender {
    Contender::example(SUBJECT, name).from(&["readily"], source)
}

/// What valgrind does not run.
pub const URING: &str = "uring";

/// The echo server that is the limit.
pub const RAW_ECHO: Contender = Contender::limit("raw epoll", "peer_raw", &["echo"])
    .from(&[], "benches/src/bin/peer_raw/echo.rs");
/// One connection at a time.
pub const BLOCKING_ECHO: Contender =
    Contender::peer("blocking, one at a time", "peer_blocking", &["one"])
        .from(&[], "benches/src/bin/peer_blocking/one.rs")
        .noted("It serves one connection at a time, so it has one here.");
/// A thread for each connection.
pub const THREADS_ECHO: Contender =
    Contender::peer("thread per connection", "peer_blocking", &["threads"])
        .from(&[], "benches/src/bin/peer_blocking/threads.rs");
/// mio as a tutorial shows it.
pub const MIO_ECHO: Contender = Contender::peer("naive mio loop", "peer_mio", &[])
    .from(&["mio"], "benches/src/bin/peer_mio.rs");
/// Readily's echo server.
pub const TCP_ECHO: Contender = example("tcp_echo", "examples/tcp_echo.rs");
/// tokio's echo server.
pub const TOKIO_ECHO: Contender = Contender::peer("tokio", "peer_tokio", &["echo"])
    .from(&["tokio"], "benches/src/bin/peer_tokio/echo.rs");
/// monoio's echo server on its own ground.
pub const MONOIO_URING: Contender =
    Contender::peer("monoio, io_uring", "peer_monoio", &["echo", "--driver", URING])
        .from(&["monoio"], "benches/src/bin/peer_monoio.rs");
/// The same on epoll.
pub const MONOIO_EPOLL: Contender =
    Contender::peer("monoio, epoll", "peer_monoio", &["echo", "--driver", "epoll"])
        .from(&["monoio"], "benches/src/bin/peer_monoio.rs");
/// tokio's, for messages of 64 KiB.
pub const TOKIO_ECHO_64K: Contender =
    Contender { words: &["echo", "--buffer", "65536"], ..TOKIO_ECHO };
/// monoio's, for messages of 64 KiB.
pub const MONOIO_URING_64K: Contender =
    Contender { words: &["echo", "--driver", URING, "--buffer", "65536"], ..MONOIO_URING };
/// The same on epoll.
pub const MONOIO_EPOLL_64K: Contender =
    Contender { words: &["echo", "--driver", "epoll", "--buffer", "65536"], ..MONOIO_EPOLL };
/// Two of Readily's loops on one port.
pub const TCP_ECHO_FLEET: Contender =
    Contender { words: &["--loops", "2"], ..example("tcp_echo", "examples/tcp_echo.rs") };
/// tokio's work-stealing threads.
pub const TOKIO_ECHO_THREADS: Contender =
    Contender::peer("tokio, 2 threads", "peer_tokio", &["echo", "--threads", "2"])
        .from(&["tokio"], "benches/src/bin/peer_tokio/echo.rs");

/// The datagram echo that is the limit.
pub const RAW_UDP: Contender = Contender::limit("raw recvmmsg", "peer_raw", &["udp"])
    .from(&[], "benches/src/bin/peer_raw/udp.rs");
/// A blocking socket.
pub const BLOCKING_UDP: Contender = Contender::peer("blocking", "peer_blocking", &["udp"])
    .from(&[], "benches/src/bin/peer_blocking/udp.rs");
/// Readily's datagram echo.
pub const UDP_ECHO: Contender = example("udp_echo", "examples/udp_echo.rs");
/// tokio's datagram echo.
pub const TOKIO_UDP: Contender = Contender::peer("tokio", "peer_tokio", &["udp"])
    .from(&["tokio"], "benches/src/bin/peer_tokio/udp.rs");

/// The HTTP server that is the limit.
pub const RAW_HTTP: Contender = Contender::limit("raw epoll, httparse", "peer_raw", &["http"])
    .from(&["httparse"], "benches/src/bin/peer_raw/http.rs")
    .noted("It has answers written in advance, no Date, no limits and no deadlines.");
/// Readily with the routes of the comparison.
pub const READILY_HTTP: Contender = subject(&["http"], "benches/src/site.rs");
/// hyper's server.
pub const HYPER_HTTP: Contender = Contender::peer("hyper", "peer_tokio", &["http"])
    .from(&["hyper", "tokio"], "benches/src/bin/peer_tokio/http.rs");
/// may_minihttp's server.
pub const MAY_HTTP: Contender = Contender::peer("may_minihttp", "peer_may", &["http"])
    .from(&["may_minihttp", "may"], "benches/src/bin/peer_may.rs")
    .noted("It does not set TCP_NODELAY, as its own entries elsewhere.");
/// ntex's server.
pub const NTEX_HTTP: Contender =
    Contender::peer("ntex", "peer_ntex", &["http"]).from(&["ntex"], "benches/src/bin/peer_ntex.rs");
/// nginx with answers in its configuration.
pub const NGINX_HTTP: Contender = installed("nginx", Program::Nginx(nginx::Site::Http)).noted(
    "Its answers stand in its configuration; what is posted it reads and drops. It allocates \
         all connections at its start, so its memory for each comes out too small.",
);
/// lighttpd with files.
pub const LIGHTTPD: Contender = installed("lighttpd", Program::Lighttpd(lighttpd::Site::Answers))
    .noted("Its answers are files.");

/// Readily with the files of a folder.
pub const READILY_FILES: Contender =
    subject(&["files"], "benches/src/bin/peer_readily/files.rs").of_folder();
/// tower-http's service of files on hyper.
pub const HYPER_FILES: Contender = Contender::peer("hyper, tower-http", "peer_tokio", &["files"])
    .from(&["hyper", "tower-http", "tokio"], "benches/src/bin/peer_tokio/files.rs")
    .noted("It reads 64 KiB at once, on threads of tokio's own: all of them count.")
    .of_folder();
/// nginx with `sendfile`.
pub const NGINX_FILES: Contender =
    installed("nginx, sendfile", Program::Nginx(nginx::Site::Folder));
/// lighttpd with the same folder.
pub const LIGHTTPD_FILES: Contender =
    installed("lighttpd", Program::Lighttpd(lighttpd::Site::Folder));

/// Readily under TLS, with the routes of the comparison.
pub const READILY_HTTPS: Contender = subject(&["https"], "benches/src/site.rs").secured();
/// hyper on tokio-rustls.
pub const HYPER_HTTPS: Contender = Contender::peer("hyper, tokio-rustls", "peer_tokio", &["https"])
    .from(&["hyper", "tokio-rustls", "rustls"], "benches/src/bin/peer_tokio/https.rs")
    .secured();
/// nginx with OpenSSL.
pub const NGINX_HTTPS: Contender = installed("nginx", Program::Nginx(nginx::Site::Https));
/// Readily's TLS echo server.
pub const TLS_ECHO: Contender = example("tls_echo", "examples/tls_echo.rs").secured();
/// tokio-rustls's echo server.
pub const TOKIO_TLS: Contender = Contender::peer("tokio-rustls", "peer_tokio", &["tls"])
    .from(&["tokio-rustls", "rustls"], "benches/src/bin/peer_tokio/tls.rs")
    .secured();

/// tokio-rustls's, with a buffer of 64 KiB.
pub const TOKIO_TLS_64K: Contender = Contender {
    label: "tokio-rustls, 64 KiB buffer",
    words: &["tls", "--buffer", "65536"],
    ..TOKIO_TLS
};

/// Readily under TLS, in the very configuration that tokio-rustls has.
pub const READILY_TLS: Contender =
    subject(&["tls"], "benches/src/bin/peer_readily/tls.rs").secured();

/// Readily's WebSocket echo server.
pub const WS_ECHO: Contender = example("ws_echo", "examples/ws_echo.rs");
/// The same where messages are compressed, without context.
pub const WS_ECHO_DEFLATE: Contender = Contender { words: &["--deflate"], ..WS_ECHO };
/// tokio-tungstenite with its defaults.
pub const TUNGSTENITE: Contender =
    Contender::peer("tokio-tungstenite", "peer_tokio", &["websocket"])
        .from(&["tokio-tungstenite", "tungstenite"], "benches/src/bin/peer_tokio/websocket.rs");
/// tokio-tungstenite with small buffers.
pub const TUNGSTENITE_TUNED: Contender =
    Contender::peer("tokio-tungstenite, 4 KiB", "peer_tokio", &["websocket", "--tuned"])
        .from(&["tokio-tungstenite", "tungstenite"], "benches/src/bin/peer_tokio/websocket.rs");
/// fastwebsockets.
pub const FASTWEBSOCKETS: Contender =
    Contender::peer("fastwebsockets", "peer_tokio", &["fastwebsockets"])
        .from(&["fastwebsockets", "hyper"], "benches/src/bin/peer_tokio/fastwebsockets.rs");
/// Readily's broadcast.
pub const READILY_BROADCAST: Contender =
    subject(&["broadcast"], "benches/src/bin/peer_readily/broadcast.rs");
/// tokio-tungstenite's broadcast.
pub const TUNGSTENITE_BROADCAST: Contender =
    Contender::peer("tokio-tungstenite", "peer_tokio", &["broadcast"])
        .from(&["tokio-tungstenite", "tungstenite"], "benches/src/bin/peer_tokio/broadcast.rs");
/// fastwebsockets's broadcast.
pub const FASTWEBSOCKETS_BROADCAST: Contender =
    Contender::peer("fastwebsockets", "peer_tokio", &["fast-broadcast"])
        .from(&["fastwebsockets", "hyper"], "benches/src/bin/peer_tokio/fast_broadcast.rs");

/// Readily's relay.
pub const TCP_RELAY: Contender = example("tcp_relay", "examples/tcp_relay.rs");
/// tokio's relay.
pub const TOKIO_RELAY: Contender = Contender::peer("tokio", "peer_tokio", &["relay"])
    .from(&["tokio"], "benches/src/bin/peer_tokio/relay.rs");
/// tokio's, with buffers of 64 KiB.
pub const TOKIO_RELAY_64K: Contender = Contender {
    label: "tokio, 64 KiB buffers",
    words: &["relay", "--buffer", "65536"],
    ..TOKIO_RELAY
};
/// HAProxy as a relay.
pub const HAPROXY: Contender = installed("HAProxy", Program::Haproxy(haproxy::Mode::Tcp));
/// HAProxy that moves bytes within the kernel.
pub const HAPROXY_SPLICE: Contender =
    installed("HAProxy, splice-auto", Program::Haproxy(haproxy::Mode::TcpSplice));
/// nginx as a relay.
pub const NGINX_RELAY: Contender = installed("nginx", Program::Nginx(nginx::Site::Relay));
/// Readily's relay beside proxies that read HTTP: it does less than they do.
pub const RELAY_ALONE: Contender = Contender {
    role: Role::Limit,
    label: "Readily's TCP relay",
    note: "It reads no HTTP, so it does less than the others: a limit, not a rival.",
    ..TCP_RELAY
};
/// HAProxy as a proxy that reads HTTP.
pub const HAPROXY_HTTP: Contender = installed("HAProxy", Program::Haproxy(haproxy::Mode::Http));
/// nginx as a proxy that reads HTTP.
pub const NGINX_PROXY: Contender = installed("nginx", Program::Nginx(nginx::Site::Proxy));

/// Readily's QUIC echo server.
pub const QUIC_ECHO: Contender = example("quic_echo", "examples/quic_echo.rs").secured();
/// quinn with its own windows.
pub const QUINN: Contender = Contender::peer("quinn", "peer_tokio", &["quic"])
    .from(&["quinn", "quinn-proto"], "benches/src/bin/peer_tokio/quic.rs")
    .secured();
/// quinn with the windows of Readily's server.
pub const QUINN_SAME: Contender =
    Contender { label: "quinn, same windows", windows: Windows::Readily, ..QUINN };

/// A machine under Readily's loop.
pub const MACHINE_ECHO: Contender =
    subject(&["machine-echo"], "benches/src/bin/peer_readily/machine.rs");
/// The same machine under tokio.
pub const TOKIO_MACHINE_ECHO: Contender =
    Contender::peer("the same machine on tokio", "peer_tokio", &["machine-echo"])
        .from(&["tokio"], "benches/src/adapter/mod.rs");
/// An HTTP machine under Readily's loop.
pub const MACHINE_HTTP: Contender =
    subject(&["machine-http"], "benches/src/bin/peer_readily/machine.rs");
/// The same machine under tokio.
pub const TOKIO_MACHINE_HTTP: Contender =
    Contender::peer("the same machine on tokio", "peer_tokio", &["machine-http"])
        .from(&["tokio"], "benches/src/adapter/mod.rs");

/// The echo servers that `measure` holds side by side.
pub const ECHOES: [Contender; 3] = [RAW_ECHO, TCP_ECHO, TOKIO_ECHO];
/// The relays.
pub const RELAYS: [Contender; 4] = [TCP_RELAY, TOKIO_RELAY, HAPROXY, HAPROXY_SPLICE];
/// The HTTP servers.
pub const HTTP: [Contender; 3] = [RAW_HTTP, READILY_HTTP, HYPER_HTTP];
/// The servers of files.
pub const FILES: [Contender; 4] = [READILY_FILES, NGINX_FILES, LIGHTTPD_FILES, HYPER_FILES];
/// The HTTP servers that stream a body both ways.
pub const STREAMS: [Contender; 2] = [READILY_HTTP, HYPER_HTTP];
/// The WebSocket echo servers.
pub const WEBSOCKETS: [Contender; 4] = [WS_ECHO, FASTWEBSOCKETS, TUNGSTENITE_TUNED, TUNGSTENITE];
/// The TLS echo servers.
pub const TLS: [Contender; 2] = [TLS_ECHO, TOKIO_TLS];
/// The same in one configuration of rustls.
pub const SAME_TLS: [Contender; 3] = [READILY_TLS, TOKIO_TLS, TOKIO_TLS_64K];
/// The QUIC echo servers.
pub const QUIC: [Contender; 3] = [QUIC_ECHO, QUINN, QUINN_SAME];
