//! `tls_echo`: with rustls's client in this process, and with OpenSSL's where it is installed.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::client::{Client, Noise, checksum};
use crate::server::{PATIENCE, Server};
use crate::tools::{self, Scratch};

const NAME: &str = "tls_echo";
const MUCH: u64 = 4 << 20;

pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A server that saved its certificate, and where.
fn server(name: &str) -> (Server, Scratch) {
    let saved = Scratch::new(&format!("{name}.pem"));
    let server = Server::on_loopback(NAME, &["--cert-out", saved.path()]);
    (server, saved)
}

pub(crate) fn connect(to: SocketAddr, ca: &str, version: &'static SupportedProtocolVersion) -> Tls {
    connect_as(&client(ca, version), to)
}

/// A client that trusts these alone. It keeps the sessions that it can resume.
pub(crate) fn client(ca: &str, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).expect("a certificate")).expect("a good one");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

pub(crate) fn connect_as(client: &Arc<ClientConfig>, to: SocketAddr) -> Tls {
    let name = "localhost".try_into().expect("a name");
    let connection = ClientConnection::new(Arc::clone(client), name).expect("a client");
    let stream = TcpStream::connect_timeout(&to, PATIENCE).expect("somebody listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
    StreamOwned::new(connection, stream)
}

/// Says that no more comes, as TLS does.
fn close(tls: &mut Tls) {
    tls.conn.send_close_notify();
    tls.conn.complete_io(&mut tls.sock).expect("it is sent");
}

#[test]
fn all_that_was_sent_before_the_end_comes_back_and_then_the_end() {
    let (server, saved) = server("ends");
    for version in [&TLS12, &TLS13] {
        let mut tls = connect(server.ip(), saved.path(), version);
        tls.write_all(b"one\n").expect("it is read");
        let mut line = [0; 4];
        tls.read_exact(&mut line).expect("an answer");
        assert_eq!((&line, tls.conn.protocol_version()), (b"one\n", Some(version.version)));
        tls.write_all(b"two").expect("it is read");
        close(&mut tls);
        let mut rest = Vec::new();
        // An end without a close_notify would be an error.
        tls.read_to_end(&mut rest).expect("an end in order");
        assert_eq!(rest, b"two");
    }
    let printed = server.stop();
    assert_eq!(printed.len(), 1, "{printed:#?}");
    assert!(printed[0].starts_with("connections 2, bytes in "), "{printed:#?}");
}

#[test]
fn more_than_any_buffer_holds_comes_back_whole() {
    let (server, saved) = server("much");
    let mut tls = connect(server.ip(), saved.path(), &TLS13);
    let mut noise = Noise::new(1).take(MUCH);
    let (mut piece, mut back) = (vec![0; 64 * 1024], Vec::new());
    loop {
        let n = noise.read(&mut piece).expect("no input and no output");
        if n == 0 {
            break;
        }
        tls.write_all(&piece[..n]).expect("it is read");
        let start = back.len();
        back.resize(start + n, 0);
        tls.read_exact(&mut back[start..]).expect("an answer");
    }
    assert_eq!(checksum(&back[..]), checksum(Noise::new(1).take(MUCH)));
    close(&mut tls);
    assert_eq!(tls.read(&mut piece).expect("an end in order"), 0);
    drop(tls);
    server.stop();
}

#[test]
fn a_connection_that_was_cut_is_told_from_one_that_ended() {
    let (server, saved) = server("cut");
    let mut tls = connect(server.ip(), saved.path(), &TLS13);
    tls.write_all(b"hello").expect("it is read");
    tls.read_exact(&mut [0; 5]).expect("an answer");
    tls.sock.shutdown(Shutdown::Write).expect("a socket");
    // The server leaves as well, in order or not.
    let _ = tls.read_to_end(&mut Vec::new());
    drop(tls);
    let printed = server.stop();
    assert!(printed[0].contains("truncated 1, "), "{printed:#?}");
}

#[test]
fn a_client_that_does_not_trust_or_does_not_speak_tls_disturbs_nobody() {
    let (server, saved) = server("strangers");
    let (_, other) = self::server("other");
    let mut good = connect(server.ip(), saved.path(), &TLS13);
    good.write_all(b"hello").expect("it is read");
    good.read_exact(&mut [0; 5]).expect("an answer");
    let mut stranger = connect(server.ip(), other.path(), &TLS13);
    let refused = stranger.write_all(b"hello").expect_err("it is not trusted");
    assert_eq!(refused.kind(), ErrorKind::InvalidData);
    let _ = stranger.conn.complete_io(&mut stranger.sock);
    drop(stranger);
    let mut plain = Client::connect(server.ip());
    // An alert, in a record of TLS.
    assert_eq!(plain.send("GET / HTTP/1.1\r\n\r\n").rest()[..2], [0x15, 0x03]);
    good.write_all(b"there").expect("it is read");
    good.read_exact(&mut [0; 5]).expect("an answer");
    drop((good, plain));
    let printed = server.stop();
    assert!(printed[0].contains("handshakes failed 2, "), "{printed:#?}");
    let told = printed.iter().any(|line| line == "  1 tls: the peer does not speak TLS");
    assert!(told, "{printed:#?}");
}

#[test]
fn a_certificate_of_ones_own_is_shown() {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let cert = params.self_signed(&key).expect("a certificate").pem();
    let cert = Scratch::holding("own-cert.pem", cert);
    let key = Scratch::holding("own-key.pem", key.serialize_pem());
    let server = Server::on_loopback(NAME, &["--cert", cert.path(), "--key", key.path()]);
    let mut tls = connect(server.ip(), cert.path(), &TLS13);
    tls.write_all(b"hello").expect("it is read");
    tls.read_exact(&mut [0; 5]).expect("an answer");
    close(&mut tls);
    assert_eq!(tls.read(&mut [0; 1]).expect("an end in order"), 0);
    drop(tls);
    server.stop();
}

#[test]
fn a_drain_ends_a_silent_connection_in_order() {
    let (server, saved) = server("drain");
    let mut tls = connect(server.ip(), saved.path(), &TLS13);
    tls.write_all(b"hello").expect("it is read");
    tls.read_exact(&mut [0; 5]).expect("an answer");
    server.terminate();
    assert_eq!(tls.read(&mut [0; 1]).expect("an end in order"), 0);
    drop(tls);
    server.ends();
}

#[test]
fn openssl_is_served() {
    let (server, saved) = server("openssl");
    let instead = "`tls_echo` was only talked to by rustls";
    if !tools::has("openssl", &["version"], instead) {
        let mut tls = connect(server.ip(), saved.path(), &TLS12);
        tls.write_all(b"hello").expect("it is read");
        return tls.read_exact(&mut [0; 5]).expect("an answer");
    }
    let versions = ["-tls1_2", "-tls1_3"];
    for version in versions {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-no_ign_eof", "-verify_return_error", version]);
        command.args(["-connect", &server.address, "-servername", "localhost"]);
        command.args(["-verify_hostname", "localhost", "-CAfile", saved.path()]);
        let mut openssl = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut to = openssl.stdin.take().expect("a pipe");
        let mut from = BufReader::new(openssl.stdout.take().expect("a pipe"));
        for line in ["hello\n", &format!("{}\n", "long".repeat(10_000))] {
            to.write_all(line.as_bytes()).expect("it is read");
            let mut answer = String::new();
            from.read_line(&mut answer).expect("an answer");
            assert!(answer == line, "{version}: {answer:.40}");
        }
        // It ends with a close_notify.
        drop(to);
        assert!(openssl.wait().expect("a child").success(), "{version}");
    }
    let mut command = Command::new("openssl");
    command.args(["s_client", "-tls1_1", "-connect", &server.address]);
    assert!(!crate::server::run(&mut command).status.success(), "TLS 1.1 is too old");
    let printed = server.stop();
    let told = printed[0].starts_with("connections 3, handshakes failed 1, bytes in ");
    assert!(told, "{printed:#?}");
}
