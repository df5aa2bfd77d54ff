//! The load generator of UDP: against honest servers, liars, and losses.

use std::net::{SocketAddr, UdpSocket};
use std::thread;

use readily_benches::driver::Driver;
use readily_benches::failure::Failure;
use readily_benches::scratch::Scratch;

use crate::peers::{launch, start};
use crate::{PEER_RAW, PEER_TOKIO, UDP_LOAD, assert_one_line, run};

#[test]
fn every_datagram_comes_back() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let driver = Driver::new(UDP_LOAD.into(), &scratch);
    for program in [PEER_RAW, PEER_TOKIO] {
        let mut server = start(launch(program, "udp"), &scratch)?;
        for (sockets, size, window, requests) in
            [(1, 8, 1, 100), (3, 9, 1, 2), (5, 1_024, 16, 1_001), (1, 65_507, 1, 9)]
        {
            let words = format!(
                "--sockets {sockets} --size {size} --window {window} --requests {requests}"
            );
            let summary = driver.run(&mut server, &words)?;
            assert_eq!((summary.round_trips, summary.timed), (requests, requests), "{words}");
        }
        let words = "--sockets 4 --size 64 --seconds 0.2 --warm-up 0.1";
        let summary = driver.run(&mut server, words)?;
        assert!(summary.timed > 0 && summary.round_trips > summary.timed, "{summary}");
        assert!(summary.server_cpu_seconds.is_some_and(|seconds| seconds > 0.0));
        server.stop()?;
    }
    Ok(())
}

/// What comes back for one datagram.
type Answers = fn(Vec<u8>) -> Vec<Vec<u8>>;

/// Answers the first datagram as `first` does, and all others honestly.
fn liar(first: Answers) -> Result<SocketAddr, Failure> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let address = socket.local_addr()?;
    thread::spawn(move || -> std::io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        let mut answers = first;
        loop {
            let (length, from) = socket.recv_from(&mut buffer)?;
            for answer in answers(buffer[..length].to_vec()) {
                socket.send_to(&answer, from)?;
            }
            answers = |datagram| vec![datagram];
        }
    });
    Ok(address)
}

#[test]
fn every_lie_is_noticed() -> Result<(), Failure> {
    let lies: [(Answers, &str); 6] = [
        (|datagram| vec![flipped(datagram, 8)], "socket 0: datagram 1: wrong byte at 8"),
        (|datagram| vec![flipped(datagram, 31)], "socket 0: datagram 1: wrong byte at 31"),
        (|datagram| vec![flipped(datagram, 1)], "a datagram with number 257 that nobody sent"),
        (|datagram| vec![datagram[..31].to_vec()], "datagram 1 has 31 B instead of 32"),
        (|datagram| vec![[datagram, vec![0]].concat()], "datagram 1 has 33 B instead of 32"),
        (|datagram| vec![datagram.clone(), datagram], "an echo came twice of what was sent once"),
    ];
    for (lie, expected) in lies {
        let to = liar(lie)?;
        let words = format!("--connect {to} --sockets 1 --size 32 --requests 3");
        let output = run(UDP_LOAD, &words)?;
        assert_eq!(output.status.code(), Some(1), "{expected}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

#[test]
fn a_lost_datagram_is_sent_again_and_counted() -> Result<(), Failure> {
    let to = liar(|_| Vec::new())?;
    let words = format!("--connect {to} --sockets 2 --size 32 --requests 6");
    let output = run(UDP_LOAD, &words)?;
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.starts_with("6 round trips") && told.ends_with("lost 1\n"), "{output:?}");
    Ok(())
}

#[test]
fn silence_and_nobody_are_noticed() -> Result<(), Failure> {
    let silent = UdpSocket::bind("127.0.0.1:0")?;
    let to = silent.local_addr()?;
    let words = format!("--connect {to} --sockets 2 --size 8 --requests 2 --stall 1");
    let output = run(UDP_LOAD, &words)?;
    assert_one_line(&output, "nothing for 1 s, 2 datagrams wait after 0 round trips");
    drop(silent);
    let output = run(UDP_LOAD, &words)?;
    assert_eq!(output.status.code(), Some(1));
    assert_one_line(&output, "socket 0: Connection refused");
    Ok(())
}

#[test]
fn bad_arguments_are_one_line_and_exit_code_2() -> Result<(), Failure> {
    for (words, expected) in [
        ("--requests 1", "--size is missing"),
        ("--size 7 --requests 1", "--size is 8 to 65507"),
        ("--size 65508 --requests 1", "--size is 8 to 65507"),
        ("--size 8", "--requests or --seconds is missing"),
        ("--size 8 --requests 1 --window 0", "--sockets and --window are at least 1"),
    ] {
        let output = run(UDP_LOAD, &format!("--connect 127.0.0.1:1 --sockets 1 {words}"))?;
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

fn flipped(mut datagram: Vec<u8>, at: usize) -> Vec<u8> {
    datagram[at] ^= 1;
    datagram
}
