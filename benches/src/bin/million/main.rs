//! A million TCP connections, held by one process.
//!
//! A Readily fleet with a descriptor table for each loop, and clients with a table for each thread,
//! in a network namespace of their own. Every byte that comes back is checked.

mod crowd;
mod ground;
mod memory;
mod outcome;
mod run;
mod serve;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::process::ExitCode;

use readily_benches::cli::{self, Arguments, BadArgument};
use readily_benches::failure::Failure;

use crate::ground::Ground;

const USAGE: &str = "million [--connections N] [--loops N] [--json]";

const MILLION: usize = 1_000_000;

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Table,
    Json,
}

/// What this process is to do.
enum Role {
    Measure {
        connections: usize,
        loops: Option<NonZeroUsize>,
        form: Form,
    },
    /// Started by the one that measures.
    Serve {
        listen: SocketAddr,
        loops: NonZeroUsize,
    },
}

fn main() -> ExitCode {
    cli::run(USAGE, parse, work)
}

fn parse(arguments: &mut Arguments) -> Result<Role, BadArgument> {
    if arguments.flag("serve") {
        let listen = arguments.required("--listen")?;
        return Ok(Role::Serve { listen, loops: arguments.required("--loops")? });
    }
    let form = if arguments.flag("--json") { Form::Json } else { Form::Table };
    let connections = arguments.option("--connections")?.unwrap_or(MILLION);
    if connections == 0 {
        return Err(BadArgument("--connections is at least 1".to_owned()));
    }
    Ok(Role::Measure { connections, loops: arguments.option("--loops")?, form })
}

fn work(role: Role) -> Result<(), Failure> {
    match role {
        Role::Serve { listen, loops } => serve::serve(listen, loops),
        Role::Measure { connections, loops, form } => {
            // A namespace is entered before there are threads, which would stay outside.
            let ground = Ground::prepare(connections, loops)?;
            let outcome = run::run(&ground)?;
            match form {
                Form::Table => print!("{outcome}"),
                Form::Json => {
                    println!("{}", serde_json::to_string(&outcome).map_err(Failure::failed)?)
                }
            }
            Ok(())
        }
    }
}
