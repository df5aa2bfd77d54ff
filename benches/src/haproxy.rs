//! HAProxy as a relay: its configuration, on one thread.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Signal;

use crate::failure::Failure;
use crate::scratch::Scratch;
use crate::server::{Door, Launch};
use crate::tool::HAPROXY;

/// Whether HAProxy may move bytes within the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Splice {
    /// Its default.
    Never,
    /// `option splice-auto`.
    Auto,
}

/// A relay to `to`, ready to be started.
pub fn launch(to: SocketAddr, splice: Splice, scratch: &Scratch) -> Result<Launch, Failure> {
    let program = HAPROXY.find()?;
    // HAProxy says nowhere which port it got for port 0, so it is given a listener.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    fcntl_setfd(&listener, FdFlags::empty())?;
    let file = scratch.path("haproxy.cfg");
    std::fs::write(&file, configuration(listener.as_raw_fd(), to, splice))?;
    Ok(Launch {
        name: "haproxy".to_owned(),
        program,
        // `-db`: in the foreground, one process.
        arguments: vec!["-db".into(), "-f".into(), file.into()],
        door: Door::Inherited(listener),
        // SIGTERM would end it with exit code 143.
        stop: Signal::USR1,
        certificate: None,
    })
}

fn configuration(listener: i32, to: SocketAddr, splice: Splice) -> String {
    let splice = match splice {
        Splice::Never => "",
        Splice::Auto => "\n    option splice-auto",
    };
    format!(
        "global
    nbthread 1
    maxconn 4096
defaults
    mode tcp{splice}
    timeout connect 5s
    timeout client 120s
    timeout server 120s
listen relay
    bind fd@{listener}
    server echo {to}
"
    )
}
