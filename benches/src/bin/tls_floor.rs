//! What rustls itself keeps of an idle connection: bare `ServerConnection`s in memory.
//!
//! Each has had its handshake and one message each way. No server on them can keep less.

use std::io::{self, ErrorKind, Read, Write};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use readily_benches::cli::{self, Arguments, BadArgument};
use readily_benches::failure::Failure;
use readily_benches::process::resident_bytes;
use readily_benches::scratch::Scratch;
use readily_benches::tls::{self, SERVER_NAME};
use rustix::process::getpid;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};

const USAGE: &str = "tls_floor [--connections N] [--size BYTES] [--settings rustls|readily]";

/// What rustls takes of a message at once.
const SIZE_MAX: usize = 16 * 1024;

struct Options {
    connections: usize,
    size: usize,
    settings: Settings,
}

/// Whose way to have a connection it is.
#[derive(Clone, Copy)]
enum Settings {
    /// Defaults, and what is left by the last record.
    Rustls,
    /// No session is remembered, tickets are sealed, and the buffer of records is made small.
    Readily,
}

impl FromStr for Settings {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "rustls" => Ok(Self::Rustls),
            "readily" => Ok(Self::Readily),
            _ => Err("rustls or readily is expected"),
        }
    }
}

fn main() -> ExitCode {
    cli::run(USAGE, parse, work)
}

fn parse(arguments: &mut Arguments) -> Result<Options, BadArgument> {
    let connections = arguments.option("--connections")?.unwrap_or(15_000);
    let size = arguments.option("--size")?.unwrap_or(1_024);
    if connections == 0 {
        return Err(BadArgument("--connections is at least 1".to_owned()));
    }
    if !(1..=SIZE_MAX).contains(&size) {
        return Err(BadArgument(format!("--size is 1 to {SIZE_MAX}")));
    }
    let settings = arguments.option("--settings")?.unwrap_or(Settings::Rustls);
    Ok(Options { connections, size, settings })
}

fn work(Options { connections, size, settings }: Options) -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let cert = scratch.path("pem");
    let server = Arc::new(match settings {
        Settings::Rustls => tls::server(&cert, &[])?,
        Settings::Readily => tls::resumable_server(&cert)?,
    });
    let client = Arc::new(tls::client(&cert, &[])?);
    let message = vec![b'x'; size];
    // What is made once, by the first of them, is not what one of them costs.
    drop(idle(&server, &client, &message)?);
    let before = resident_bytes(getpid())?;
    let kept = (0..connections).map(|_| -> Result<_, Failure> {
        let mut connection = idle(&server, &client, &message)?;
        if let Settings::Readily = settings {
            // It gives the memory of its last records back when it is asked to read again.
            let _ = connection.read_tls(&mut Nothing);
        }
        Ok(connection)
    });
    let kept: Vec<ServerConnection> = kept.collect::<Result<_, _>>()?;
    let after = resident_bytes(getpid())?;
    println!("{:.0}", (after as f64 - before as f64) / kept.len() as f64);
    Ok(())
}

/// A server's connection that has nothing to do; its client is gone.
fn idle(
    server: &Arc<ServerConfig>,
    client: &Arc<ClientConfig>,
    message: &[u8],
) -> Result<ServerConnection, Failure> {
    let name = ServerName::try_from(SERVER_NAME).map_err(Failure::failed)?;
    let mut client = ClientConnection::new(client.clone(), name).map_err(Failure::failed)?;
    let mut server = ServerConnection::new(server.clone()).map_err(Failure::failed)?;
    exchange(&mut client, &mut server)?;
    if client.is_handshaking() || server.is_handshaking() {
        return Err(Failure::failed("a handshake came to no end"));
    }
    let mut came = vec![0; message.len()];
    client.writer().write_all(message)?;
    exchange(&mut client, &mut server)?;
    server.reader().read_exact(&mut came)?;
    server.writer().write_all(&came)?;
    exchange(&mut client, &mut server)?;
    client.reader().read_exact(&mut came)?;
    if came != message {
        return Err(Failure::failed("another message came back"));
    }
    Ok(server)
}

/// Moves records until neither side has any.
fn exchange(client: &mut ClientConnection, server: &mut ServerConnection) -> Result<(), Failure> {
    let mut records = Vec::new();
    while client.wants_write() || server.wants_write() {
        while client.wants_write() {
            client.write_tls(&mut records)?;
        }
        let mut rest = &records[..];
        while !rest.is_empty() {
            server.read_tls(&mut rest)?;
            server.process_new_packets().map_err(Failure::failed)?;
        }
        records.clear();
        while server.wants_write() {
            server.write_tls(&mut records)?;
        }
        let mut rest = &records[..];
        while !rest.is_empty() {
            client.read_tls(&mut rest)?;
            client.process_new_packets().map_err(Failure::failed)?;
        }
        records.clear();
    }
    Ok(())
}

/// A source that has nothing yet.
struct Nothing;

impl Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}
