//! Each peer answers rightly, whatever the size, and ends on SIGTERM.

use readily_benches::driver::{Driver, Load};
use readily_benches::failure::Failure;
use readily_benches::quic_driver::QuicDriver;
use readily_benches::scratch::Scratch;
use readily_benches::server::{Launch, Server, Under};
use readily_benches::talk::{Request, Talk};

use crate::{
    HYPER_HELLO, LOAD, QUIC_LOAD, QUINN_ECHO, RAW_EPOLL_ECHO, RAW_EPOLL_HTTP, TOKIO_ECHO,
    TOKIO_RELAY, TOKIO_TLS_ECHO, TOKIO_WS_ECHO,
};

/// Connections, bytes of a message, round trips.
const SIZES: [(u64, usize, u64); 4] =
    [(1, 1, 100), (100, 1 << 10, 1_001), (3, (1 << 16) + 1, 30), (8, 1 << 20, 16)];

fn launch(program: &str) -> Launch {
    Launch::announced(program, program.into())
}

/// With a certificate of its own.
fn launch_secured(program: &str, scratch: &Scratch) -> Launch {
    let mut launch = launch(program);
    launch.saves_certificate(scratch.path("pem"));
    launch
}

fn start(launch: Launch, scratch: &Scratch) -> Result<Server, Failure> {
    Server::start(launch, &Under::Nothing, scratch)
}

fn drive(server: &mut Server, talk: fn(usize) -> Talk, scratch: &Scratch) -> Result<(), Failure> {
    for (connections, size, requests) in SIZES {
        let load = Load { connections, talk: talk(size), requests };
        let summary = Driver::new(LOAD.into(), scratch).run(server, load)?;
        assert_eq!(summary.round_trips, requests, "{load:?}");
    }
    Ok(())
}

fn echo(size: usize) -> Talk {
    Talk::Echo { size }
}

#[test]
fn echoes() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for program in [RAW_EPOLL_ECHO, TOKIO_ECHO] {
        let mut server = start(launch(program), &scratch)?;
        drive(&mut server, echo, &scratch)?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn relay() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let upstream = start(launch(RAW_EPOLL_ECHO), &scratch)?;
    let mut launch = launch(TOKIO_RELAY);
    launch.arguments.extend(["--to".into(), upstream.address().to_string().into()]);
    let mut relay = start(launch, &scratch)?;
    drive(&mut relay, echo, &scratch)?;
    relay.stop()?;
    upstream.stop()
}

#[test]
fn http_servers() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for program in [RAW_EPOLL_HTTP, HYPER_HELLO] {
        let mut server = start(launch(program), &scratch)?;
        drive(&mut server, |_| Talk::Http(Request::Browser), &scratch)?;
        drive(&mut server, |_| Talk::Http(Request::Short), &scratch)?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn websocket_echo() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let mut server = start(launch(TOKIO_WS_ECHO), &scratch)?;
    drive(&mut server, |size| Talk::WebSocket { size }, &scratch)?;
    server.stop()
}

#[test]
fn tls_echo() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let mut server = start(launch_secured(TOKIO_TLS_ECHO, &scratch), &scratch)?;
    drive(&mut server, echo, &scratch)?;
    server.stop()
}

#[test]
fn quic_echo() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for windows in [None, Some("4096,8192,8192")] {
        let mut launch = launch_secured(QUINN_ECHO, &scratch);
        launch.arguments.extend(windows.into_iter().flat_map(|it| ["--windows".into(), it.into()]));
        let mut server = start(launch, &scratch)?;
        let driver = QuicDriver::new(QUIC_LOAD.into(), &scratch);
        for bytes in [1, 1 << 10, (1 << 16) + 1, 1 << 20] {
            assert_eq!(driver.transfer(&mut server, bytes)?.bytes, bytes);
        }
        driver.hold(&mut server, 100, 1 << 10)?.release(&mut server)?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn idle_connections_stay_open_beside_busy_ones() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for (launch, talk) in [
        (launch(TOKIO_ECHO), echo as fn(usize) -> Talk),
        (launch(HYPER_HELLO), |_| Talk::Http(Request::Browser)),
        (launch(TOKIO_WS_ECHO), |size| Talk::WebSocket { size }),
        (launch_secured(TOKIO_TLS_ECHO, &scratch), echo),
    ] {
        let mut server = start(launch, &scratch)?;
        let driver = Driver::new(LOAD.into(), &scratch);
        let held = driver.hold(&mut server, 200, talk(1 << 10))?;
        let load = Load { connections: 8, talk: talk(1 << 10), requests: 100 };
        driver.run(&mut server, load)?;
        held.release(&mut server)?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn a_connection_lost_while_held_is_noticed() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let mut other = start(launch(RAW_EPOLL_ECHO), &scratch)?;
    let mut server = start(launch(RAW_EPOLL_ECHO), &scratch)?;
    let held = Driver::new(LOAD.into(), &scratch).hold(&mut server, 3, echo(1))?;
    server.stop()?;
    let failure = held.release(&mut other).expect_err("the server has closed the connections");
    assert!(failure.to_string().contains("closed by the server"), "{failure}");
    let mut server = start(launch_secured(QUINN_ECHO, &scratch), &scratch)?;
    let held = QuicDriver::new(QUIC_LOAD.into(), &scratch).hold(&mut server, 3, 1)?;
    server.stop()?;
    let failure = held.release(&mut other).expect_err("the server has closed the connections");
    assert!(failure.to_string().contains("connection 0: closed"), "{failure}");
    other.stop()
}
