//! ntex's HTTP server with one worker and the settings of its TechEmpower entry: no deadlines, the
//! bare HTTP service without a router.

use std::any::Any;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ntex::SharedCfg;
use ntex::fn_service;
use ntex::http::error::PayloadError;
use ntex::http::{HttpService, HttpServiceConfig, KeepAlive, Method, Payload, Request, Response};
use ntex::io::IoConfig;
use ntex::rt::{BlockFuture, Reactor, Runner, Runtime, System, polling, uring, with_reactor};
use ntex::server::create_tcp_listener;
use ntex::time::Seconds;
use readily_benches::cli::{self, Arguments, BadArgument, Job, Subcommand};
use readily_benches::failure::Failure;
use readily_benches::interface::Interface;
use readily_benches::page::PAGE;
use serde::Serialize;
use signal_hook::consts::SIGTERM;

const HTTP: Subcommand = Subcommand { usage: "http --listen ADDR [--driver uring|epoll]", prepare };

/// Entries of the ring: what ntex itself takes.
const RING_ENTRIES: u32 = 2048;
/// Of the buffers of a connection, in bytes and in buffers kept: as in its TechEmpower entry.
const BUFFER_HIGH: usize = 65_535;
const BUFFER_LOW: usize = 1_024;
const BUFFERS_KEPT: usize = 128;
const BACKLOG: i32 = 1_024;

fn main() -> ExitCode {
    cli::run_subcommand("peer_ntex", &[HTTP])
}

fn prepare(arguments: &mut Arguments) -> Result<Job, BadArgument> {
    let listen = arguments.required("--listen")?;
    let driver = arguments.option("--driver")?.unwrap_or(Interface::Epoll);
    Ok(Box::new(move || serve(listen, driver)))
}

fn serve(listen: SocketAddr, driver: Interface) -> Result<(), Failure> {
    // Its own end on SIGTERM waits for connections.
    signal_hook::flag::register_conditional_shutdown(SIGTERM, 0, Arc::new(AtomicBool::new(true)))?;
    let listener = create_tcp_listener(listen, BACKLOG)?;
    let address = listener.local_addr()?;
    let runtime = Loop(driver);
    // A reactor that cannot be had would be a panic in a thread of ntex.
    runtime.reactor().map_err(|error| Failure::from(error).during(driver.name()))?;
    System::build().name("site").build(runtime).block_on(async move {
        let server = ntex::server::build()
            .workers(1)
            .disable_signals()
            .listen("site", listener, async |_| HttpService::h1(fn_service(answer)))?
            .config("site", settings())
            .run();
        cli::announce(address)?;
        Ok(server.await?)
    })
}

fn settings() -> SharedCfg {
    let http =
        HttpServiceConfig::new().set_keepalive(KeepAlive::Os).set_client_timeout(Seconds::ZERO);
    let io = IoConfig::new().set_read_buf(BUFFER_HIGH, BUFFER_LOW, BUFFERS_KEPT).set_write_buf(
        BUFFER_HIGH,
        BUFFER_LOW,
        BUFFERS_KEPT,
    );
    SharedCfg::new("site").add(http).add(io).into()
}

/// ntex's own runtime on one of its reactors.
struct Loop(Interface);

impl Loop {
    fn reactor(&self) -> io::Result<Box<dyn Reactor>> {
        Ok(match self.0 {
            Interface::Uring => Box::new(uring::Reactor::new(RING_ENTRIES)?),
            Interface::Epoll => Box::new(polling::Reactor::new()?),
        })
    }
}

impl Runner for Loop {
    fn block_on(&self, work: BlockFuture) -> Result<(), Box<dyn Any + Send>> {
        let reactor = self.reactor().map_err(|error| Box::new(error) as Box<dyn Any + Send>)?;
        with_reactor(&reactor, || Runtime::new(reactor.handle()).block_on(work, &*reactor));
        Ok(())
    }
}

#[derive(Serialize)]
struct Greeting {
    message: &'static str,
}

async fn answer(mut request: Request) -> Result<Response, io::Error> {
    let payload = request.take_payload();
    Ok(match (request.method(), request.path()) {
        (&Method::GET, "/") => Response::Ok().content_type("text/html; charset=utf-8").body(PAGE),
        (&Method::GET, "/plaintext") => {
            Response::Ok().content_type("text/plain").body("Hello, World!")
        }
        (&Method::GET, "/json") => Response::Ok().json(&Greeting { message: "Hello, World!" }),
        (&Method::POST, "/upload") => {
            let received = read(payload).await.map_err(io::Error::other)?;
            Response::Ok().content_type("text/plain").body(received.to_string())
        }
        _ => Response::NotFound().finish(),
    })
}

/// Reads a body to its end, and says how many bytes it had.
async fn read(mut body: Payload) -> Result<usize, PayloadError> {
    let mut received = 0;
    while let Some(chunk) = body.recv().await {
        received += chunk?.len();
    }
    Ok(received)
}
