//! What is compared: every work and its entries.

use readily_benches::catalogue::*;
use readily_benches::contender::Contender;
use readily_benches::talk::{Get, Handshake, Lifetime, Request, Talk};

/// One task for a row of servers.
#[derive(Debug)]
pub(crate) struct Work {
    /// What `--only` takes.
    pub(crate) name: &'static str,
    pub(crate) group: &'static str,
    pub(crate) title: &'static str,
    /// What is counted, in the singular.
    pub(crate) unit: &'static str,
    pub(crate) task: Task,
    /// Busy connections.
    pub(crate) connections: u64,
    /// What stands behind a relay or a proxy.
    pub(crate) behind: Option<Contender>,
    pub(crate) entries: &'static [Contender],
    /// Rows that cannot be measured: who, and why.
    pub(crate) absent: &'static [(&'static str, &'static str)],
    /// What is taken beside the rounds.
    pub(crate) extra: &'static [Extra],
    pub(crate) placing: Placing,
    pub(crate) notes: &'static [&'static str],
}

/// What a generator does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    /// Round trips over TCP or TLS.
    Talk(Talk),
    /// Datagrams and their echoes.
    Datagrams { size: usize },
    /// A message of one client to all.
    Broadcast { size: usize },
    /// Small round trips, one stream on each connection.
    QuicEcho { size: usize },
    /// So many bytes over one stream, and back.
    QuicBulk { bytes: u64 },
    /// A connection for each byte.
    QuicHandshakes,
}

/// What is taken beside the rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extra {
    /// Latency at fixed rates.
    Offered,
    /// Cost with other numbers of connections.
    Scaling,
    /// Memory of idle connections.
    Idle,
    /// Instructions, system calls, allocations.
    Counted,
    /// The most connections at once.
    Held,
}

/// Where both sides run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placing {
    /// The server on one core, the generator on the others.
    Apart,
    /// Both on all cores, for servers of several threads.
    Together,
}

impl Task {
    /// The generator that does it.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Talk(_) => "load",
            Self::Datagrams { .. } => "udp_load",
            Self::Broadcast { .. } => "fan_load",
            Self::QuicEcho { .. } | Self::QuicBulk { .. } | Self::QuicHandshakes => "quic_load",
        }
    }
}

impl Work {
    /// How many connections an entry gets.
    pub(crate) fn connections_of(&self, contender: Contender) -> u64 {
        if contender == BLOCKING_ECHO { 1 } else { self.connections }
    }
}

const BASE: Work = Work {
    name: "",
    group: "",
    title: "",
    unit: "round trip",
    task: Task::Datagrams { size: 0 },
    connections: 64,
    behind: None,
    entries: &[],
    absent: &[],
    extra: &[],
    placing: Placing::Apart,
    notes: &[],
};

const fn echo(size: usize) -> Task {
    Task::Talk(Talk::Echo { size })
}

const fn get(request: Request) -> Task {
    http(request, 1, Lifetime::Kept)
}

const fn http(request: Request, pipeline: u32, connection: Lifetime) -> Task {
    Task::Talk(Talk::Http(Get { request, pipeline, connection }))
}

const TCP: Work = Work { group: "TCP echo", ..BASE };
const TCP_ENTRIES: &[Contender] = &[
    RAW_ECHO,
    BLOCKING_ECHO,
    THREADS_ECHO,
    MIO_ECHO,
    TCP_ECHO,
    TOKIO_ECHO,
    MONOIO_URING,
    MONOIO_EPOLL,
];

const UDP: Work = Work {
    group: "UDP echo",
    entries: &[RAW_UDP, BLOCKING_UDP, UDP_ECHO, TOKIO_UDP],
    notes: &["One datagram is under way on each socket; a lost one is sent again and counted."],
    ..BASE
};

const WEB: Work = Work {
    group: "HTTP/1.1",
    unit: "request",
    entries: &[RAW_HTTP, READILY_HTTP, HYPER_HTTP, MAY_HTTP, NTEX_HTTP, NGINX_HTTP, LIGHTTPD],
    ..BASE
};

const WS: Work = Work { group: "WebSocket", ..BASE };

const SECURE: Work = Work { group: "TLS", ..BASE };
const WEB_SECURE: &[Contender] = &[READILY_HTTPS, HYPER_HTTPS, NGINX_HTTPS];

const RELAY: Work = Work {
    group: "Relay and proxy",
    behind: Some(RAW_ECHO),
    entries: &[TCP_RELAY, TOKIO_RELAY, HAPROXY, HAPROXY_SPLICE, NGINX_RELAY],
    notes: &["The server behind runs on the generator's core, and counts as busy with it."],
    ..BASE
};

const QUIC_WORK: Work = Work {
    group: "QUIC",
    entries: &[QUIC_ECHO, QUINN, QUINN_SAME],
    notes: &["One client for all, on quinn. Bytes count once, not for each direction."],
    ..BASE
};

const TWO_RUNTIMES: Work = Work {
    group: "One machine, two runtimes",
    notes: &[
        "Two rows run the very same `Machine` value: what is left is the runtime, and on tokio the \
         adapter that carries the machine.",
    ],
    ..BASE
};

/// All of them, in the order of the report.
pub(crate) const WORKS: &[Work] = &[
    Work {
        name: "null",
        group: "The generator itself",
        title: "The null run: 1 B echoes against the least server there is",
        task: echo(1),
        entries: &[RAW_ECHO],
        notes: &[
            "What the generator can do at most is its rate divided by how busy it was. Where a \
             row below comes near that, the generator was the limit.",
        ],
        ..BASE
    },
    Work { name: "echo-64", title: "TCP echo, 64 B", task: echo(64), entries: TCP_ENTRIES, ..TCP },
    Work {
        name: "echo-1k",
        title: "TCP echo, 1 KiB",
        task: echo(1 << 10),
        entries: TCP_ENTRIES,
        extra: &[Extra::Offered, Extra::Scaling, Extra::Idle, Extra::Held, Extra::Counted],
        notes: &[
            "Held is the most connections that one process of the server kept at once, each after \
             a round trip; the descriptors of a process bound it, and here it was tried in steps. \
             The program `million` goes on from there.",
        ],
        ..TCP
    },
    Work {
        name: "echo-64k",
        title: "TCP echo, 64 KiB",
        task: echo(1 << 16),
        entries: &[
            RAW_ECHO,
            BLOCKING_ECHO,
            THREADS_ECHO,
            MIO_ECHO,
            TCP_ECHO,
            TOKIO_ECHO_64K,
            MONOIO_URING_64K,
            MONOIO_EPOLL_64K,
        ],
        notes: &[
            "tokio, monoio, Readily and the limit read 64 KiB at once, threads and one at a time \
             16 KiB, the naive loop 4 KiB.",
        ],
        ..TCP
    },
    Work {
        name: "echo-threads",
        title: "TCP echo, 1 KiB, two threads against two loops",
        task: echo(1 << 10),
        entries: &[TCP_ECHO_FLEET, TOKIO_ECHO_THREADS],
        placing: Placing::Together,
        notes: &["Server and generator share all cores here, so read CPU per unit."],
        ..TCP
    },
    Work {
        name: "echo-connect",
        title: "TCP echo, 64 B, a connection for each round trip",
        task: Task::Talk(Talk::Connect { size: 64, handshake: Handshake::Full }),
        entries: &[RAW_ECHO, BLOCKING_ECHO, THREADS_ECHO, MIO_ECHO, TCP_ECHO, TOKIO_ECHO],
        ..TCP
    },
    Work { name: "udp-64", title: "UDP echo, 64 B", task: Task::Datagrams { size: 64 }, ..UDP },
    Work {
        name: "udp-1k",
        title: "UDP echo, 1 KiB",
        task: Task::Datagrams { size: 1 << 10 },
        ..UDP
    },
    Work {
        name: "http-plain",
        title: "HTTP GET, plain text",
        task: get(Request::Plaintext),
        extra: &[Extra::Offered, Extra::Scaling, Extra::Idle, Extra::Counted],
        ..WEB
    },
    Work { name: "http-json", title: "HTTP GET, JSON", task: get(Request::Json), ..WEB },
    Work {
        name: "http-pipelined",
        title: "HTTP GET, plain text, pipelined 16",
        task: http(Request::Plaintext, 16, Lifetime::Kept),
        ..WEB
    },
    Work {
        name: "http-post",
        title: "HTTP POST, 10 KiB",
        task: get(Request::Upload),
        entries: &[RAW_HTTP, READILY_HTTP, HYPER_HTTP, MAY_HTTP, NTEX_HTTP, NGINX_HTTP],
        absent: &[("lighttpd", "It has files alone, and nothing to post to.")],
        ..WEB
    },
    Work {
        name: "http-connect",
        title: "HTTP GET, a connection for each request",
        task: http(Request::Plaintext, 1, Lifetime::OneRequest),
        ..WEB
    },
    Work {
        name: "http-stream",
        title: "HTTP POST, 1 MiB in chunks each way",
        task: get(Request::Stream),
        connections: 16,
        entries: &[READILY_HTTP, HYPER_HTTP],
        absent: &[("others", "They put a body together, or have nothing that echoes one.")],
        ..WEB
    },
    Work {
        name: "static",
        title: "HTTP GET, a file of 100 MiB",
        unit: "file",
        task: get(Request::File),
        connections: 16,
        entries: &FILES,
        notes: &[
            "All send the same file, which is in memory; of each piece that comes, the beginning \
             and the end are checked.",
            "A round is a number of files, not a time.",
        ],
        ..WEB
    },
    Work {
        name: "ws-echo",
        title: "WebSocket echo, 1 KiB",
        task: Task::Talk(Talk::websocket(1 << 10)),
        entries: &[WS_ECHO, TUNGSTENITE, TUNGSTENITE_TUNED, FASTWEBSOCKETS],
        extra: &[Extra::Idle, Extra::Counted],
        ..WS
    },
    Work {
        name: "ws-broadcast",
        title: "WebSocket broadcast, 1 KiB to 1,000 clients",
        unit: "delivery",
        task: Task::Broadcast { size: 1 << 10 },
        connections: 1_000,
        entries: &[READILY_BROADCAST, TUNGSTENITE_BROADCAST, FASTWEBSOCKETS_BROADCAST],
        ..WS
    },
    Work {
        name: "tls-echo",
        title: "TLS echo, 1 KiB",
        task: echo(1 << 10),
        entries: &[TLS_ECHO, TOKIO_TLS],
        extra: &[Extra::Idle],
        ..SECURE
    },
    Work {
        name: "tls-bulk",
        title: "TLS echo, 64 KiB",
        task: echo(1 << 16),
        entries: &[TLS_ECHO, TOKIO_TLS, TOKIO_TLS_64K],
        ..SECURE
    },
    Work {
        name: "https",
        title: "HTTPS GET, plain text",
        unit: "request",
        task: get(Request::Plaintext),
        entries: WEB_SECURE,
        ..SECURE
    },
    Work {
        name: "https-connect",
        title: "HTTPS GET, a handshake for each request",
        unit: "request",
        task: http(Request::Plaintext, 1, Lifetime::OneRequest),
        connections: 16,
        entries: WEB_SECURE,
        notes: &["TLS 1.3, ECDSA P-256, nothing is resumed."],
        ..SECURE
    },
    Work {
        name: "relay-1k",
        title: "TCP relay, 1 KiB",
        task: echo(1 << 10),
        extra: &[Extra::Counted],
        ..RELAY
    },
    Work {
        name: "relay-1m",
        title: "TCP relay, 1 MiB",
        task: echo(1 << 20),
        entries: &[TCP_RELAY, TOKIO_RELAY, TOKIO_RELAY_64K, HAPROXY, HAPROXY_SPLICE, NGINX_RELAY],
        ..RELAY
    },
    Work {
        name: "http-proxy",
        title: "HTTP proxy, GET, plain text",
        unit: "request",
        task: get(Request::Plaintext),
        behind: Some(RAW_HTTP),
        entries: &[RELAY_ALONE, HAPROXY_HTTP, NGINX_PROXY],
        absent: &[("Readily", "It has no HTTP proxy yet.")],
        ..RELAY
    },
    Work {
        name: "quic-echo",
        title: "QUIC echo, 1 KiB",
        task: Task::QuicEcho { size: 1 << 10 },
        extra: &[Extra::Idle],
        notes: &["Idle connections are kept alive by a ping of the client in 10 s."],
        ..QUIC_WORK
    },
    Work {
        name: "quic-bulk",
        title: "QUIC bulk, one stream",
        unit: "MiB",
        task: Task::QuicBulk { bytes: 64 << 20 },
        connections: 1,
        ..QUIC_WORK
    },
    Work {
        name: "quic-handshakes",
        title: "QUIC handshakes",
        unit: "handshake",
        task: Task::QuicHandshakes,
        connections: 16,
        ..QUIC_WORK
    },
    Work {
        name: "machine-echo",
        title: "The same echo machine, 1 KiB",
        task: echo(1 << 10),
        entries: &[MACHINE_ECHO, TOKIO_MACHINE_ECHO, TOKIO_ECHO],
        extra: &[Extra::Offered, Extra::Idle, Extra::Counted],
        ..TWO_RUNTIMES
    },
    Work {
        name: "machine-http",
        title: "The same HTTP machine, GET, plain text",
        unit: "request",
        task: get(Request::Plaintext),
        entries: &[MACHINE_HTTP, TOKIO_MACHINE_HTTP, HYPER_HTTP],
        extra: &[Extra::Counted],
        ..TWO_RUNTIMES
    },
];
