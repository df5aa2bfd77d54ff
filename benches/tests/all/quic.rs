//! The load generator of QUIC: against an honest server, and one that lies.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, Incoming, ServerConfig};
use readily_benches::driver::Driver;
use readily_benches::failure::Failure;
use readily_benches::scratch::Scratch;
use readily_benches::tls::{self, ALPN_ECHO};

use crate::peers::{launch, start};
use crate::{PEER_TOKIO, QUIC_LOAD, assert_one_line, run};

#[test]
fn every_task_is_done_and_counted() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let driver = Driver::new(QUIC_LOAD.into(), &scratch);
    let mut quic = launch(PEER_TOKIO, "quic");
    quic.saves_certificate(scratch.path("pem"));
    let mut server = start(quic, &scratch)?;
    for (words, timed) in [
        ("--echo 1 --requests 3", 3),
        ("--echo 1024 --connections 40 --requests 200", 200),
        ("--echo 1048576 --connections 2 --requests 3", 3),
        ("--handshakes --requests 3", 3),
        ("--handshakes --connections 8 --requests 30", 30),
        ("--bytes 1", 1),
        ("--bytes 1048577 --connections 3", 4),
    ] {
        let summary = driver.run(&mut server, words)?;
        assert_eq!((summary.round_trips, summary.timed), (timed, timed), "{words}");
        assert!(summary.per_second > 0.0 && summary.server_cpu_seconds.is_some(), "{words}");
    }
    for task in ["--echo 64 --connections 4", "--handshakes --connections 2"] {
        let words = format!("{task} --seconds 0.3 --warm-up 0.1");
        let summary = driver.run(&mut server, &words)?;
        assert!(summary.timed > 0 && summary.round_trips > summary.timed, "{task}: {summary}");
        let counted: u64 = summary.latencies.iter().map(|(_, count)| count).sum();
        assert_eq!(counted, summary.timed, "{task}");
    }
    server.stop()
}

/// What a liar sends for one piece of what it gets, if anything.
type Lie = fn(Vec<u8>) -> Option<Vec<u8>>;

#[test]
fn every_lie_is_noticed() -> Result<(), Failure> {
    let flip: Lie = |mut bytes| {
        bytes[0] ^= 1;
        Some(bytes)
    };
    let lies: [(&str, Lie, &str); 6] = [
        ("--bytes 9", flip, "connection 0: a wrong byte after 0 B"),
        ("--bytes 9", |bytes| Some(bytes[1..].to_vec()), "connection 0: a wrong byte"),
        ("--bytes 9", |_| None, "connection 0: 0 B came back of 9 B"),
        ("--echo 9 --requests 1", flip, "connection 0, round trip 0: wrong byte at 0"),
        ("--echo 9 --requests 1", |_| None, "connection 0, round trip 0: stream finished early"),
        ("--handshakes --requests 1", flip, "after 0 handshakes: the byte 01 instead of 00"),
    ];
    for (task, lie, expected) in lies {
        let scratch = Scratch::new()?;
        let trust = scratch.path("pem");
        let to = liar(&trust, lie)?;
        let trust = trust.display();
        let output = run(QUIC_LOAD, &format!("--connect {to} --trust {trust} {task} --stall 5"))?;
        assert_eq!(output.status.code(), Some(1), "{expected}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

/// Lies on the first stream of every connection.
fn liar(cert_out: &std::path::Path, lie: Lie) -> Result<SocketAddr, Failure> {
    let crypto = tls::server(cert_out, &[ALPN_ECHO])?;
    let crypto = QuicServerConfig::try_from(crypto).map_err(Failure::failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let endpoint = {
        let _inside = runtime.enter();
        let config = ServerConfig::with_crypto(Arc::new(crypto));
        Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into())?
    };
    let address = endpoint.local_addr()?;
    thread::spawn(move || {
        runtime.block_on(async {
            while let Some(incoming) = endpoint.accept().await {
                // A client that has noticed the lie ends the connection in the middle of it.
                let _ = lie_to(incoming, lie).await;
            }
        });
    });
    Ok(address)
}

async fn lie_to(incoming: Incoming, lie: Lie) -> Result<(), Failure> {
    let connection = incoming.await.map_err(Failure::failed)?;
    let (mut send, mut recv) = connection.accept_bi().await.map_err(Failure::failed)?;
    if let Some(chunk) = recv.read_chunk(usize::MAX, true).await.map_err(Failure::failed)?
        && let Some(answer) = lie(chunk.bytes.to_vec())
    {
        send.write_all(&answer).await.map_err(Failure::failed)?;
    }
    send.finish().map_err(Failure::failed)?;
    connection.closed().await;
    Ok(())
}

#[test]
fn bad_arguments_are_one_line_and_exit_code_2() -> Result<(), Failure> {
    let one = "one of --bytes, --echo and --handshakes is expected";
    for (words, expected) in [
        ("", one),
        ("--bytes 1 --echo 1", one),
        ("--echo 1 --handshakes", one),
        ("--bytes 0", "--bytes is at least 1"),
        ("--bytes 1 --connections 0", "--connections is at least 1"),
        ("--bytes 1 --requests 1", "--requests is not known here"),
        ("--echo 0 --requests 1", "--echo is 1 to 1048576"),
        ("--echo 1", "--requests or --seconds is missing"),
        ("--handshakes --requests 1 --hold", "--hold is not known here"),
    ] {
        let output = run(QUIC_LOAD, &format!("--connect 127.0.0.1:1 --trust none.pem {words}"))?;
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert_one_line(&output, expected);
    }
    Ok(())
}
