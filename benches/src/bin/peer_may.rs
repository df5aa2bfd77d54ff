//! may_minihttp's HTTP server with one worker: the way of its README, the settings of its
//! TechEmpower example.
//!
//! What it cannot do: more than 16 header lines in a request, a body without a content-length.

use std::io::{self, BufRead, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::BufMut;
use may_minihttp::{HttpServer, HttpService, Request, Response};
use readily_benches::cli::{self, Arguments, BadArgument, Job, Subcommand};
use readily_benches::failure::Failure;
use readily_benches::page::PAGE;
use readily_benches::reservation::Reservation;
use serde::Serialize;
use signal_hook::consts::SIGTERM;

/// In words of the machine, and how many stacks are kept: both as in its TechEmpower example.
const STACK_WORDS: usize = 0x1000;
const STACKS_KEPT: usize = 1_000;

const HTTP: Subcommand = Subcommand { usage: "http --listen ADDR", prepare };

fn main() -> ExitCode {
    cli::run_subcommand("peer_may", &[HTTP])
}

fn prepare(arguments: &mut Arguments) -> Result<Job, BadArgument> {
    let listen = arguments.required("--listen")?;
    Ok(Box::new(move || serve(listen)))
}

fn serve(listen: SocketAddr) -> Result<(), Failure> {
    signal_hook::flag::register_conditional_shutdown(SIGTERM, 0, Arc::new(AtomicBool::new(true)))?;
    may::config().set_workers(1).set_pool_capacity(STACKS_KEPT).set_stack_size(STACK_WORDS);
    // Whoever starts it chooses the processor.
    may::config().set_worker_pin(false);
    // The server does not say which port it got.
    let reservation = Reservation::new(listen)?;
    let address = reservation.address();
    let server = HttpServer(Site).start(address)?;
    drop(reservation);
    cli::announce(address)?;
    server.join().map_err(|_| Failure::failed("the server has panicked"))
}

#[derive(Clone)]
struct Site;

#[derive(Serialize)]
struct Greeting {
    message: &'static str,
}

impl HttpService for Site {
    fn call(
        &mut self,
        request: Request<'_, '_, '_>,
        response: &mut Response<'_>,
    ) -> io::Result<()> {
        match (request.method(), request.path()) {
            ("GET", "/") => response.header("Content-Type: text/html; charset=utf-8").body(PAGE),
            ("GET", "/plaintext") => {
                response.header("Content-Type: text/plain").body("Hello, World!")
            }
            ("GET", "/json") => {
                response.header("Content-Type: application/json");
                let greeting = Greeting { message: "Hello, World!" };
                serde_json::to_writer(response.body_mut().writer(), &greeting)?;
            }
            ("POST", "/upload") => {
                let received = read(request.body())?;
                response.header("Content-Type: text/plain");
                write!(response.body_mut().writer(), "{received}")?;
            }
            _ => {
                // A body that is left would be taken for the next request.
                drop(request.body());
                response.status_code(404, "Not Found");
            }
        }
        Ok(())
    }
}

/// Reads a body to its end, and says how many bytes it had.
fn read(mut body: impl BufRead) -> io::Result<usize> {
    let mut received = 0;
    loop {
        let chunk = body.fill_buf()?.len();
        if chunk == 0 {
            return Ok(received);
        }
        body.consume(chunk);
        received += chunk;
    }
}
