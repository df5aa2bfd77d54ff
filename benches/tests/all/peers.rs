//! Each peer answers rightly, whatever the size, and ends on SIGTERM.

use readily_benches::content;
use readily_benches::driver::{Driver, Length, Load};
use readily_benches::failure::Failure;
use readily_benches::scratch::Scratch;
use readily_benches::server::{Launch, Server, Under};
use readily_benches::system::{lighttpd, nginx};
use readily_benches::talk::{Get, Handshake, Lifetime, Request, Talk};

use crate::routes::{all_routes, connect, connect_secured, everything_comes_back};
use crate::{LOAD, PEER_BLOCKING, PEER_MIO, PEER_RAW, PEER_READILY, PEER_TOKIO, QUIC_LOAD};

/// Connections, bytes of a message, round trips.
const SIZES: [(u64, usize, u64); 4] =
    [(1, 1, 100), (100, 1 << 10, 1_001), (3, (1 << 16) + 1, 30), (8, 1 << 20, 16)];

/// One of this package's servers: a subcommand and its options in `words`.
pub(crate) fn launch(program: &str, words: &str) -> Launch {
    let mut launch = Launch::announced(program, program.into());
    launch.name = format!("{program} {words}");
    launch.arguments.splice(0..0, words.split_whitespace().map(Into::into));
    launch
}

/// With a certificate of its own.
fn launch_secured(program: &str, words: &str, scratch: &Scratch) -> Launch {
    let mut launch = launch(program, words);
    launch.saves_certificate(scratch.path("pem"));
    launch
}

pub(crate) fn start(launch: Launch, scratch: &Scratch) -> Result<Server, Failure> {
    Server::start(launch, &Under::Nothing, scratch)
}

/// One run of the load generator, which checks every answer.
fn drive(
    server: &mut Server,
    scratch: &Scratch,
    connections: u64,
    talk: Talk,
    requests: u64,
) -> Result<(), Failure> {
    let load = Load { connections, talk, length: Length::Requests(requests), rate: None };
    let summary = Driver::new(LOAD.into(), scratch).run(server, &load.to_string())?;
    assert_eq!(summary.round_trips, requests, "{load}");
    Ok(())
}

fn drive_sizes(
    server: &mut Server,
    scratch: &Scratch,
    talk: fn(usize) -> Talk,
) -> Result<(), Failure> {
    SIZES.into_iter().try_for_each(|(connections, size, requests)| {
        drive(server, scratch, connections, talk(size), requests)
    })
}

fn echo(size: usize) -> Talk {
    Talk::Echo { size }
}

fn connect_once(handshake: Handshake) -> Talk {
    Talk::Connect { size: 64, handshake }
}

#[test]
fn echoes() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for (program, words) in [
        (PEER_RAW, "echo"),
        (PEER_BLOCKING, "threads"),
        (PEER_MIO, ""),
        (PEER_TOKIO, "echo"),
        (PEER_TOKIO, "echo --threads 2"),
    ] {
        let mut server = start(launch(program, words), &scratch)?;
        drive_sizes(&mut server, &scratch, echo)?;
        drive(&mut server, &scratch, 4, connect_once(Handshake::Full), 40)?;
        everything_comes_back(server.address())?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn one_connection_at_a_time() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let mut server = start(launch(PEER_BLOCKING, "one"), &scratch)?;
    for (_, size, requests) in SIZES {
        drive(&mut server, &scratch, 1, echo(size), requests)?;
    }
    // Four at once, which are served in turn.
    everything_comes_back(server.address())?;
    server.stop()
}

#[test]
fn relay() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let upstream = start(launch(PEER_RAW, "echo"), &scratch)?;
    let words = format!("relay --to {}", upstream.address());
    let mut relay = start(launch(PEER_TOKIO, &words), &scratch)?;
    drive_sizes(&mut relay, &scratch, echo)?;
    relay.stop()?;
    upstream.stop()
}

#[test]
fn http_servers() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for (program, words) in
        [(PEER_RAW, "http"), (PEER_TOKIO, "http"), (PEER_TOKIO, "http --threads 2")]
    {
        let mut server = start(launch(program, words), &scratch)?;
        all_routes(|| connect(server.address()))?;
        drive_requests(&mut server, &scratch)?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn https_server() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let mut server = start(launch_secured(PEER_TOKIO, "https", &scratch), &scratch)?;
    all_routes(|| connect_secured(&server))?;
    drive_requests(&mut server, &scratch)?;
    server.stop()
}

#[test]
fn bodies_are_streamed_both_ways() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for program in [PEER_READILY, PEER_TOKIO] {
        let mut server = start(launch(program, "http"), &scratch)?;
        let get = Get::kept(Request::Stream);
        drive(&mut server, &scratch, 4, Talk::Http(get), 12)?;
        let fresh = Get { connection: Lifetime::OneRequest, ..get };
        drive(&mut server, &scratch, 2, Talk::Http(fresh), 4)?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn servers_of_files() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let folder = content::folder(&scratch)?.display().to_string();
    let of_folder = |program| Ok(launch(program, &format!("files --root {folder}")));
    for launch in [
        of_folder(PEER_READILY),
        of_folder(PEER_TOKIO),
        nginx::launch(nginx::Site::Folder, None, &scratch),
        lighttpd::launch(lighttpd::Site::Folder, &scratch),
    ] {
        let launch = match launch {
            Err(Failure::Missing(reason)) => {
                println!("not tested: {reason}");
                continue;
            }
            launch => launch?,
        };
        let mut server = start(launch, &scratch)?;
        drive(&mut server, &scratch, 2, Talk::Http(Get::kept(Request::File)), 4)?;
        server.stop()?;
    }
    Ok(())
}

fn drive_requests(server: &mut Server, scratch: &Scratch) -> Result<(), Failure> {
    let requests =
        [Request::Browser, Request::Short, Request::Plaintext, Request::Json, Request::Upload];
    for request in requests {
        for pipeline in [1, 16] {
            let get = Get { pipeline, ..Get::kept(request) };
            drive(server, scratch, 8, Talk::Http(get), 1_024)?;
        }
        let fresh = Get { connection: Lifetime::OneRequest, ..Get::kept(request) };
        drive(server, scratch, 4, Talk::Http(fresh), 40)?;
    }
    Ok(())
}

#[test]
fn websocket_echoes() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for words in ["websocket", "websocket --tuned", "fastwebsockets"] {
        let mut server = start(launch(PEER_TOKIO, words), &scratch)?;
        drive_sizes(&mut server, &scratch, Talk::websocket)?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn tls_echo() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for program in [PEER_READILY, PEER_TOKIO] {
        let mut server = start(launch_secured(program, "tls", &scratch), &scratch)?;
        drive_sizes(&mut server, &scratch, echo)?;
        for handshake in [Handshake::Full, Handshake::Resumed] {
            drive(&mut server, &scratch, 4, connect_once(handshake), 40)?;
        }
        server.stop()?;
    }
    Ok(())
}

#[test]
fn quic_echo() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let driver = Driver::new(QUIC_LOAD.into(), &scratch);
    for words in ["quic", "quic --windows 4096,8192,8192"] {
        let mut server = start(launch_secured(PEER_TOKIO, words, &scratch), &scratch)?;
        for bytes in [1, 1 << 10, (1 << 16) + 1, 1 << 20] {
            driver.run(&mut server, &format!("--connections 1 --bytes {bytes}"))?;
        }
        driver.hold(&mut server, "--connections 100 --bytes 1024 --hold")?.release(&mut server)?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn idle_connections_stay_open_beside_busy_ones() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for (launch, talk) in [
        (launch(PEER_BLOCKING, "threads"), echo(1 << 10)),
        (launch(PEER_MIO, ""), echo(1 << 10)),
        (launch(PEER_TOKIO, "echo"), echo(1 << 10)),
        (launch(PEER_TOKIO, "http"), Talk::Http(Get::kept(Request::Browser))),
        (launch(PEER_TOKIO, "websocket"), Talk::websocket(1 << 10)),
        (launch(PEER_TOKIO, "fastwebsockets"), Talk::websocket(1 << 10)),
        (launch_secured(PEER_TOKIO, "tls", &scratch), echo(1 << 10)),
    ] {
        let mut server = start(launch, &scratch)?;
        let words = format!("--connections 0 --requests 0 {talk} --idle 200 --hold");
        let held = Driver::new(LOAD.into(), &scratch).hold(&mut server, &words)?;
        drive(&mut server, &scratch, 8, talk, 100)?;
        held.release(&mut server)?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn a_connection_lost_while_held_is_noticed() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let mut other = start(launch(PEER_RAW, "echo"), &scratch)?;
    let quic = launch_secured(PEER_TOKIO, "quic", &scratch);
    for (launch, generator, words, expected) in [
        (
            launch(PEER_RAW, "echo"),
            LOAD,
            "--connections 0 --requests 0 --size 1 --idle 3 --hold",
            "closed by the server",
        ),
        (quic, QUIC_LOAD, "--connections 3 --bytes 1 --hold", "connection 0: closed"),
    ] {
        let mut server = start(launch, &scratch)?;
        let held = Driver::new(generator.into(), &scratch).hold(&mut server, words)?;
        server.stop()?;
        let failure = held.release(&mut other).expect_err("the server has closed them");
        assert!(failure.to_string().contains(expected), "{failure}");
    }
    other.stop()
}
