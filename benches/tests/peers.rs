//! The peers and the load generator, as programs: every size comes back, every lie is noticed.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output};
use std::thread;

use readily_benches::driver::{Driver, Load};
use readily_benches::failure::Failure;
use readily_benches::scratch::Scratch;
use readily_benches::server::{Door, Launch, Server, Under};
use rustix::process::Signal;

const LOAD: &str = env!("CARGO_BIN_EXE_load");
const MEASURE: &str = env!("CARGO_BIN_EXE_measure");
const RAW_EPOLL_ECHO: &str = env!("CARGO_BIN_EXE_raw_epoll_echo");
const TOKIO_ECHO: &str = env!("CARGO_BIN_EXE_tokio_echo");
const TOKIO_RELAY: &str = env!("CARGO_BIN_EXE_tokio_relay");

const SIZES: [Load; 4] = [
    Load { connections: 1, size: 1, requests: 100 },
    Load { connections: 100, size: 1 << 10, requests: 1_001 },
    Load { connections: 3, size: (1 << 16) + 1, requests: 30 },
    Load { connections: 8, size: 1 << 20, requests: 16 },
];

fn start(program: &str, to: Option<SocketAddr>, scratch: &Scratch) -> Result<Server, Failure> {
    let mut arguments: Vec<OsString> = vec!["--listen".into(), "127.0.0.1:0".into()];
    if let Some(to) = to {
        arguments.extend(["--to".into(), to.to_string().into()]);
    }
    let launch = Launch {
        name: program.to_owned(),
        program: program.into(),
        arguments,
        door: Door::Announced,
        stop: Signal::TERM,
    };
    Server::start(launch, &Under::Nothing, scratch)
}

fn drive(server: &mut Server, scratch: &Scratch) -> Result<(), Failure> {
    for load in SIZES {
        let summary = Driver::new(LOAD.into(), scratch).run(server, load)?;
        assert_eq!(summary.round_trips, load.requests, "{load:?}");
    }
    Ok(())
}

#[test]
fn echoes_return_every_size_and_end_on_sigterm() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for program in [RAW_EPOLL_ECHO, TOKIO_ECHO] {
        let mut server = start(program, None, &scratch)?;
        drive(&mut server, &scratch)?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn relay_returns_every_size_and_ends_on_sigterm() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let echo = start(RAW_EPOLL_ECHO, None, &scratch)?;
    let mut relay = start(TOKIO_RELAY, Some(echo.address()), &scratch)?;
    drive(&mut relay, &scratch)?;
    relay.stop()?;
    echo.stop()
}

#[test]
fn idle_connections_stay_open_beside_busy_ones() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let mut server = start(TOKIO_ECHO, None, &scratch)?;
    let driver = Driver::new(LOAD.into(), &scratch);
    let held = driver.hold(&mut server, 200, 1 << 10)?;
    drive(&mut server, &scratch)?;
    held.release(&mut server)?;
    server.stop()
}

#[test]
fn a_connection_lost_while_held_is_noticed() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let mut server = start(RAW_EPOLL_ECHO, None, &scratch)?;
    let held = Driver::new(LOAD.into(), &scratch).hold(&mut server, 3, 1)?;
    let mut other = start(RAW_EPOLL_ECHO, None, &scratch)?;
    server.stop()?;
    let failure = held.release(&mut other).expect_err("the server has closed the connections");
    assert!(failure.to_string().contains("closed by the server"), "{failure}");
    other.stop()
}

/// Serves one connection: reads one message of 64 B, answers with what `lie` makes of it, closes.
fn liar(lie: fn(Vec<u8>) -> Vec<u8>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut message = vec![0; 64];
        stream.read_exact(&mut message)?;
        stream.write_all(&lie(message))?;
        // The end of the client, so that no reset overtakes the answer.
        stream.read_to_end(&mut Vec::new())?;
        Ok(())
    });
    Ok(address)
}

#[test]
fn load_notices_every_lie() -> std::io::Result<()> {
    type Lie = fn(Vec<u8>) -> Vec<u8>;
    let lies: [(Lie, &str); 4] = [
        (
            |mut message| {
                message[63] ^= 1;
                message
            },
            "wrong byte",
        ),
        (
            |mut message| {
                message.swap(0, 1);
                message
            },
            "wrong byte",
        ),
        (|message| [message, vec![0]].concat(), "1 B that nobody sent"),
        (|message| message[..63].to_vec(), "nothing for 1 s, 1 of 1 connections wait"),
    ];
    for (lie, expected) in lies {
        let to = liar(lie)?.to_string();
        let output =
            run(LOAD, &format!("--connect {to} --connections 1 --size 64 --requests 1 --stall 1"))?;
        assert_eq!(output.status.code(), Some(1), "{expected}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

#[test]
fn bad_arguments_are_one_line_and_exit_code_2() -> std::io::Result<()> {
    let load = "--connect 127.0.0.1:1 --connections 2 --size 1";
    for (program, arguments, expected) in [
        (RAW_EPOLL_ECHO, String::new(), "--listen is missing"),
        (RAW_EPOLL_ECHO, "--listen here".to_owned(), "--listen here: invalid socket address"),
        (TOKIO_ECHO, "--listen".to_owned(), "--listen needs a value"),
        (TOKIO_RELAY, "--listen 127.0.0.1:0".to_owned(), "--to is missing"),
        (LOAD, load.to_owned(), "--requests is missing"),
        (LOAD, format!("{load} --requests 1"), "--requests is at least one for each"),
        (LOAD, format!("{load} --requests 2 --verify no"), "on or off is expected"),
        (LOAD, format!("{load} --requests 2 --size 2"), "--size is not known here"),
        (MEASURE, "--only echo".to_owned(), "there is no figure \"echo\""),
        (MEASURE, "--rounds 0".to_owned(), "--rounds is at least 1"),
    ] {
        let output = run(program, &arguments)?;
        assert_eq!(output.status.code(), Some(2), "{expected}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

#[test]
fn measure_names_what_has_to_be_built() -> std::io::Result<()> {
    let output = run(MEASURE, "--servers /nowhere")?;
    assert_eq!(output.status.code(), Some(1));
    assert_one_line(&output, "load is missing: cargo build --release -p readily-benches --bins");
    Ok(())
}

fn run(program: &str, arguments: &str) -> std::io::Result<Output> {
    Command::new(program).args(arguments.split_whitespace()).output()
}

fn assert_one_line(output: &Output, expected: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(expected), "{expected:?} is not in {stderr:?}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}
