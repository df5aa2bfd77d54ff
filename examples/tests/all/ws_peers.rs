//! `ws_echo` and `ws_client` with the libraries that most others are written with: `websockets` of
//! Python, `ws` of npm.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::server::{Server, example, run};
use crate::tools::{self, Scratch};

const PROTOCOL: &str = "readily.test";
const SECURED: &str = "--tls";
/// What names further authorities to Python and to Node.
const TRUSTED: [&str; 2] = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];

/// How ours is started, and what its peer is told of that.
type Case = (&'static [&'static str], &'static [&'static str]);

const SERVERS: [Case; 4] = [
    (&[], &[]),
    (&["--deflate"], &["deflate"]),
    (&["--deflate", SECURED], &["deflate"]),
    (&["--deflate", "--protocol", PROTOCOL], &["deflate", "protocol=readily.test"]),
];
const CLIENTS: [Case; 2] = [(&["--echo"], &[]), (&["--echo", "--deflate"], &["deflate"])];

#[test]
fn python_websockets_is_served() {
    is_served("python-websockets", python, "`ws_echo` was not talked to by Python's `websockets`");
}

#[test]
fn npm_ws_is_served() {
    is_served("npm-ws", node, "`ws_echo` was not talked to by npm's `ws` of `NODE_PATH`");
}

#[test]
fn python_websockets_serves() {
    serves(python, "1 1024", "`ws_client` was not served by Python's `websockets`");
}

#[test]
fn npm_ws_serves() {
    serves(node, "1 15", "`ws_client` was not served by npm's `ws` of `NODE_PATH`");
}

/// Each connection and each message that the peer counted is one that `ws_echo` counted.
#[track_caller]
fn is_served(name: &str, peer: fn(&str) -> Option<Command>, instead: &str) {
    for (options, features) in SERVERS {
        let Some(mut peer) = peer(instead) else { return };
        let saved = Scratch::new(&format!("{name}.pem"));
        let secured = options.contains(&SECURED);
        let saves = if secured { &["--cert-out", saved.path()][..] } else { &[] };
        let server = Server::on_loopback("ws_echo", &[options, saves].concat());
        let scheme = if secured { "wss" } else { "ws" };
        let url = format!("{scheme}://{}/", server.address);
        let trust = TRUSTED.iter().filter(|_| secured).map(|named| (named, saved.path()));
        let output = run(peer.envs(trust).arg(url).args(features));
        let (told, counted) = (text(&output.stderr), text(&output.stdout));
        assert!(output.status.success(), "with {options:?}: {told}");
        let [connections, messages] = counted.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{counted}");
        };
        let printed = server.stop();
        let expected = format!("WebSockets {connections}, messages {messages}, bytes ");
        assert!(printed[0].starts_with(&expected), "{expected}: {printed:#?}");
    }
}

/// All messages that the peer sends to `ws_client` come back, and it answers the close.
#[track_caller]
fn serves(peer: fn(&str) -> Option<Command>, counted: &str, instead: &str) {
    for (options, features) in CLIENTS {
        let Some(mut peer) = peer(instead) else { return };
        peer.arg("serve").args(features).stdin(Stdio::null());
        let mut peer =
            peer.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(peer.stdout.take().expect("a pipe")).lines();
        let mut line = || lines.next().map(|line| line.expect("UTF-8"));
        let url = line().expect("where it listens");
        let client = run(example("ws_client").args(options).arg(url));
        if !client.status.success() {
            // Nobody else will come.
            peer.kill().expect("it runs");
        }
        let last = line();
        let output = peer.wait_with_output().expect("a child");
        let told = text(&output.stderr) + &text(&client.stderr);
        assert!(client.status.success() && output.status.success(), "with {options:?}: {told}");
        assert_eq!(last.as_deref(), Some(counted));
    }
}

fn python(instead: &str) -> Option<Command> {
    let mut python = tools::python("websockets.asyncio.client", instead)?;
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/ws_peers.py"));
    Some(python)
}

/// Finds `ws` where `NODE_PATH` says.
fn node(instead: &str) -> Option<Command> {
    tools::has("node", &["-e", "require('ws')"], instead).then(|| {
        let mut node = Command::new("node");
        node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/ws_peers.js"));
        node
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
