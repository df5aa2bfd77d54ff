//! The files of a folder: tower-http's service as its documentation has it, which reads 64 KiB at
//! once on tokio's threads for files.

use std::path::PathBuf;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use readily_benches::cli::Subcommand;
use tower_http::services::ServeDir;

use crate::accept::accept;
use crate::runtime::{self, Threads};

pub(crate) const FILES: Subcommand = Subcommand {
    usage: "files --listen ADDR --root DIR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        let files = ServeDir::new(arguments.required::<PathBuf>("--root")?);
        let serve = move |stream| {
            let service = TowerToHyperService::new(files.clone());
            http1::Builder::new().serve_connection(TokioIo::new(stream), service)
        };
        Ok(Box::new(move || runtime::run(Threads::ONE, accept(listen, serve))))
    },
};
