//! Servers of other runtimes, and those that are installed on the system: each of them answers
//! rightly, or says what is missing.

use std::net::{SocketAddr, TcpListener};
use std::thread;

use readily_benches::failure::Failure;
use readily_benches::page::PAGE;
use readily_benches::scratch::Scratch;
use readily_benches::server::{Launch, Server, Under};
use readily_benches::system::{haproxy, lighttpd, nginx};
use readily_benches::tool::{HAPROXY, LIGHTTPD, NGINX};

use crate::routes::{Client, all_routes, connect, connect_secured, everything_comes_back, get};

const PEER_MAY: &str = env!("CARGO_BIN_EXE_peer_may");
const PEER_MONOIO: &str = env!("CARGO_BIN_EXE_peer_monoio");
const PEER_NTEX: &str = env!("CARGO_BIN_EXE_peer_ntex");

#[test]
fn http_peers() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for (program, words) in [
        (PEER_MAY, ["http"].as_slice()),
        (PEER_NTEX, &["http", "--driver", "epoll"]),
        (PEER_NTEX, &["http", "--driver", "uring"]),
    ] {
        let Some(server) = start(peer(program, words), &scratch)? else { continue };
        all_routes(|| connect(server.address()))?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn echo_peer() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for driver in ["epoll", "uring"] {
        let Some(server) = start(peer(PEER_MONOIO, &["echo", "--driver", driver]), &scratch)?
        else {
            continue;
        };
        everything_comes_back(server.address())?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn nginx_http() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let launch = nginx::launch(nginx::Site::Http, None, &scratch);
    let Some(server) = start(launch, &scratch)? else { return Ok(()) };
    all_routes(|| connect(server.address()))?;
    server.stop()
}

#[test]
fn nginx_https() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let launch = nginx::launch(nginx::Site::Https, None, &scratch);
    let Some(server) = start(launch, &scratch)? else { return Ok(()) };
    all_routes(|| connect_secured(&server))?;
    server.stop()
}

#[test]
fn nginx_file() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let launch = nginx::launch(nginx::Site::File, None, &scratch);
    let Some(server) = start(launch, &scratch)? else { return Ok(()) };
    let mut client = Client::new(connect(server.address())?);
    client.expect(&get("/"), 200, "text/html; charset=utf-8", PAGE)?;
    assert_eq!(client.ask(&get("/none"))?.status, 404);
    drop(client);
    server.stop()
}

#[test]
fn lighttpd_files() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let Some(server) = start(lighttpd::launch(lighttpd::Site::Answers, &scratch), &scratch)? else {
        return Ok(());
    };
    let mut client = Client::new(connect(server.address())?);
    client.expect(&get("/"), 200, "text/html; charset=utf-8", PAGE)?;
    client.expect(&get("/plaintext"), 200, "text/plain", "Hello, World!")?;
    let json = r#"{"message":"Hello, World!"}"#;
    client.expect(&get("/json"), 200, "application/json", json)?;
    assert_eq!(client.ask(&get("/none"))?.status, 404);
    drop(client);
    server.stop()
}

#[test]
fn proxies() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let Some(upstream) = start(peer(PEER_MAY, &["http"]), &scratch)? else { return Ok(()) };
    let to = Some(upstream.address());
    for launch in [
        nginx::launch(nginx::Site::Proxy, to, &scratch),
        haproxy::launch(haproxy::Mode::Http, to, &scratch),
    ] {
        let Some(server) = start(launch, &scratch)? else { continue };
        all_routes(|| connect(server.address()))?;
        server.stop()?;
    }
    upstream.stop()
}

#[test]
fn relays() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let to = Some(echo()?);
    for launch in [
        nginx::launch(nginx::Site::Relay, to, &scratch),
        haproxy::launch(haproxy::Mode::Tcp, to, &scratch),
        haproxy::launch(haproxy::Mode::TcpSplice, to, &scratch),
    ] {
        let Some(server) = start(launch, &scratch)? else { continue };
        everything_comes_back(server.address())?;
        server.stop()?;
    }
    Ok(())
}

#[test]
fn a_relay_to_nowhere_is_refused() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for launch in [
        nginx::launch(nginx::Site::Relay, None, &scratch),
        nginx::launch(nginx::Site::Proxy, None, &scratch),
        haproxy::launch(haproxy::Mode::Tcp, None, &scratch),
    ] {
        match launch {
            Err(Failure::Missing(reason)) => println!("not tested: {reason}"),
            other => assert_eq!(
                other.map(|launch| launch.name).map_err(|failure| failure.to_string()),
                Err("a relay needs an address".to_owned())
            ),
        }
    }
    Ok(())
}

#[test]
fn versions_are_said() {
    for (tool, expected) in [
        (NGINX, ["nginx version: ", "no nginx"]),
        (HAPROXY, ["HAProxy ", "no haproxy"]),
        (LIGHTTPD, ["lighttpd/", "no lighttpd"]),
    ] {
        let version = tool.version();
        assert!(expected.iter().any(|begin| version.starts_with(begin)), "{version}");
    }
}

/// One of this package's servers.
fn peer(program: &str, words: &[&str]) -> Result<Launch, Failure> {
    let mut launch = Launch::announced(program, program.into());
    launch.arguments.splice(0..0, words.iter().map(Into::into));
    Ok(launch)
}

/// The server, or nothing where it cannot be had here; then the reason is printed.
fn start(launch: Result<Launch, Failure>, scratch: &Scratch) -> Result<Option<Server>, Failure> {
    match launch.and_then(|launch| Server::start(launch, &Under::Nothing, scratch)) {
        Ok(server) => Ok(Some(server)),
        Err(Failure::Missing(reason)) => {
            println!("not tested: {reason}");
            Ok(None)
        }
        // Containers and older kernels have none.
        Err(failure) if failure.to_string().contains(": io_uring: ") => {
            println!("not tested: {failure}");
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// A thread for each connection, which sends back what comes.
fn echo() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
        }
    });
    Ok(address)
}
