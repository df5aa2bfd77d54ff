//! `quic_echo` and `quic_client`, with each other; and `quic_echo` with clients that others wrote,
//! where they are installed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::UdpSocket;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output, Stdio};
use std::thread;

use crate::client::{Noise, checksum};
use crate::server::{Server, example, run};
use crate::tools::{self, Scratch};

const NAME: &str = "quic_echo";
const CLIENT: &str = "quic_client";
const MUCH: u64 = 3 << 20;

/// A server that saved its certificate, and where.
fn server(name: &str) -> (Server, Scratch) {
    let saved = Scratch::new(&format!("{name}.pem"));
    let server = Server::on_loopback(NAME, &["--cert-out", saved.path()]);
    (server, saved)
}

fn client(server: &Server, ca: &Scratch) -> Command {
    let mut command = example(CLIENT);
    command.args(["--connect", &server.address, "--ca", ca.path()]);
    command
}

/// What a client printed that ended well.
#[track_caller]
fn line(output: &Output) -> String {
    let (out, err) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.status.code(), err.as_ref()), (Some(0), ""));
    String::from_utf8_lossy(out).into_owned()
}

/// What a client complained of: one line, and exit code 1.
#[track_caller]
fn complaint(output: &Output) -> String {
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len(), err.lines().count()), (Some(1), 0, 1));
    err.strip_prefix("quic_client: ").expect(&err).trim_end().to_owned()
}

#[test]
fn what_is_generated_comes_back_and_is_timed() {
    let (server, ca) = server("generated");
    for (size, bytes) in [("0", 0), ("1", 1), ("65521B", 65_521), ("3MiB", MUCH)] {
        let printed = line(&run(client(&server, &ca).args(["--bytes", size])));
        let what = if bytes == 0 { "nothing" } else { "the same" };
        let start = format!("sent {bytes} bytes, {what} came back: ");
        assert!(printed.starts_with(&start) && printed.trim_end().ends_with("/s"), "{printed}");
    }
    let printed = server.stop();
    let streams = format!("streams 4, bytes in {0}, out {0}", 1 + 65_521 + MUCH);
    assert_eq!(printed[0], streams, "{printed:#?}");
    assert!(printed.contains(&"  4 quic: a handshake was completed".to_owned()), "{printed:#?}");
}

#[test]
fn standard_input_comes_back_on_standard_output() {
    let (server, ca) = server("piped");
    let mut piped = client(&server, &ca)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut to = piped.stdin.take().expect("a pipe");
    let mut from = BufReader::new(piped.stdout.take().expect("a pipe"));
    // A line comes back while more may follow.
    to.write_all(b"hello\n").expect("it is read");
    let mut answer = String::new();
    from.read_line(&mut answer).expect("an answer");
    assert_eq!(answer, "hello\n");
    let feeds = thread::spawn(move || std::io::copy(&mut Noise::new(1).take(MUCH), &mut to));
    assert_eq!(checksum(from), checksum(Noise::new(1).take(MUCH)));
    assert_eq!(feeds.join().expect("a thread").expect("it is read"), MUCH);
    let output = piped.wait_with_output().expect("a child");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.starts_with(&format!("sent {} bytes, the same came back: ", MUCH + 6)), "{told}");
    assert_eq!(output.status.code(), Some(0));
    server.stop();
}

#[test]
fn several_clients_are_served_at_once() {
    let (server, ca) = server("several");
    let clients: Vec<_> = (0..8)
        .map(|n| {
            let mut command = client(&server, &ca);
            command.args(["--bytes", &(100_000 + n).to_string()]);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("it starts")
        })
        .collect();
    for (n, client) in clients.into_iter().enumerate() {
        let printed = line(&client.wait_with_output().expect("a child"));
        let start = format!("sent {} bytes, the same came back: ", 100_000 + n);
        assert!(printed.starts_with(&start), "{printed}");
    }
    let printed = server.stop();
    assert!(printed[0].starts_with("streams 8, "), "{printed:#?}");
}

#[test]
fn a_drain_lets_a_client_finish() {
    let (server, ca) = server("drain");
    let mut piped = client(&server, &ca)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut to = piped.stdin.take().expect("a pipe");
    let mut from = BufReader::new(piped.stdout.take().expect("a pipe"));
    to.write_all(b"hello\n").expect("it is read");
    let mut answer = String::new();
    from.read_line(&mut answer).expect("an answer");
    server.terminate();
    // The echo ends its half, and so the client is done.
    let mut rest = Vec::new();
    from.read_to_end(&mut rest).expect("an end");
    assert_eq!((answer.as_str(), rest.as_slice()), ("hello\n", b"".as_slice()));
    assert_eq!(piped.wait().expect("a child").code(), Some(0));
    server.ends();
}

#[test]
fn a_failure_is_one_line_and_exit_code_1() {
    let (server, ca) = server("failing");
    let (_, other) = self::server("failing-other");
    let to = format!("cannot connect to {}: ", server.address);
    let told = complaint(&run(client(&server, &other).args(["--bytes", "1"])));
    assert!(told.starts_with(&to) && told.contains("--ca must name"), "{told}");
    let named = ["--bytes", "1", "--name", "other.example"];
    let told = complaint(&run(client(&server, &ca).args(named)));
    assert!(told.starts_with(&to) && told.contains("--name a name in it"), "{told}");
    let told = complaint(&run(client(&server, &ca).args(["--bytes", "1", "--name", "no name"])));
    assert_eq!(told, format!("{to}--name is no name of a server"));
    // Somebody is there who never answers.
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a port").local_addr().expect("a socket");
    let mut command = example(CLIENT);
    command.args(["--connect", &silent.to_string(), "--ca", ca.path(), "--bytes", "1"]);
    let told = complaint(&run(&mut command));
    assert_eq!(told, format!("cannot connect to {silent}: nobody answers there"));
    // None of them disturbed the others.
    serves(&server, &ca);
    server.stop();
}

#[test]
fn bad_arguments_of_the_client_are_one_line_and_exit_code_2() {
    let text = Scratch::holding("no-certificate", "hello\n");
    for (arguments, part) in [
        (["--nonsense"].as_slice(), "unknown argument `--nonsense`"),
        (&["--connect", "localhost"], "--connect `localhost`"),
        (&["--connect", "unix:a"], "--connect `unix:a`"),
        (&["--bytes", "1.5MiB"], "--bytes `1.5MiB`: expected a number of bytes"),
        (&["--bytes", "1TiB"], "--bytes `1TiB`"),
        (&["--bytes"], "--bytes needs SIZE"),
        (&[], "--ca is needed"),
        (&["--ca", "/no/such/file"], "--ca `/no/such/file`: No such file"),
        (&["--ca", text.path()], "holds no certificate"),
    ] {
        let output = run(example(CLIENT).args(arguments));
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{err}");
        assert!(err.lines().count() == 1 && err.contains(part), "{arguments:?}: {err}");
    }
    let output = run(example(CLIENT).arg(OsStr::from_bytes(b"--\xff")));
    assert_eq!(output.status.code(), Some(2));
    let help = line(&run(example(CLIENT).arg("--help")));
    for part in ["Usage: quic_client ", "  --connect ADDR ", "  --ca FILE ", "  --bytes SIZE "] {
        assert!(help.contains(part), "{help}");
    }
}

#[test]
fn garbage_is_ignored_and_counted() {
    let (server, ca) = server("garbage");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    for datagram in [b"hello".as_slice(), &[0; 1200], &[0xff; 1200], &Noise::bytes(1, 1400), b""] {
        socket.send_to(datagram, server.ip()).expect("it is sent");
    }
    serves(&server, &ca);
    let printed = server.stop();
    let told = printed.iter().any(|line| line.contains("quic: a datagram was "));
    assert!(told, "{printed:#?}");
}

#[test]
fn a_library_of_python_is_served() {
    let (server, ca) = server("python");
    let instead = "`quic_echo` was only talked to by `quic_client`";
    let Some(mut python) = tools::python("aioquic.asyncio", instead) else {
        return serves(&server, &ca);
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/quic_echo.py");
    let port = server.ip().port().to_string();
    let output = run(python.args([script, &port, ca.path()]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = server.stop();
    assert!(printed[0].starts_with("streams 156, "), "{printed:#?}");
}

/// It speaks HTTP/3 and nothing else, so all it can see is that this is not spoken here.
#[test]
fn a_client_of_ngtcp2_is_told_that_its_protocol_is_not_spoken() {
    let (server, ca) = server("ngtcp2");
    let instead = "`quic_echo` was not talked to by a client of ngtcp2";
    if !tools::has("gtlsclient", &["--help"], instead) {
        return serves(&server, &ca);
    }
    let at = server.ip();
    let (ip, port) = (at.ip().to_string(), at.port().to_string());
    let mut ngtcp2 = Command::new("timeout");
    ngtcp2.args(["60", "gtlsclient", &ip, &port, "https://localhost/"]);
    let output = run(&mut ngtcp2);
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("CONNECTION_CLOSE(0x1c) error_code=CRYPTO_ERROR(0x178)"), "{told}");
    serves(&server, &ca);
    server.stop();
}

/// A client of ours is served.
#[track_caller]
fn serves(server: &Server, ca: &Scratch) {
    let printed = line(&run(client(server, ca).args(["--bytes", "9"])));
    assert!(printed.starts_with("sent 9 bytes, the same came back: "), "{printed}");
}
