//! HAProxy as a relay: its configuration, on one thread.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Signal;

use crate::failure::Failure;
use crate::scratch::Scratch;
use crate::server::{Door, Launch};
use crate::tool::HAPROXY;

/// What HAProxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A relay, as it does it by default.
    Tcp,
    /// A relay that may move bytes within the kernel: `option splice-auto`.
    TcpSplice,
    /// A proxy that reads HTTP.
    Http,
}

/// A relay or proxy to `to`, ready to be started.
pub fn launch(mode: Mode, to: Option<SocketAddr>, scratch: &Scratch) -> Result<Launch, Failure> {
    let to = to.ok_or_else(|| Failure::failed("a relay needs an address"))?;
    let program = HAPROXY.find()?;
    // HAProxy says nowhere which port it got for port 0, so it is given a listener.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    fcntl_setfd(&listener, FdFlags::empty())?;
    let file = scratch.path("haproxy.cfg");
    std::fs::write(&file, configuration(listener.as_raw_fd(), to, mode))?;
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

fn configuration(listener: i32, to: SocketAddr, mode: Mode) -> String {
    let mode = match mode {
        Mode::Tcp => "tcp",
        Mode::TcpSplice => "tcp\n    option splice-auto",
        Mode::Http => "http",
    };
    format!(
        "global
    nbthread 1
    maxconn 4096
defaults
    mode {mode}
    timeout connect 5s
    timeout client 120s
    timeout server 120s
listen relay
    bind fd@{listener}
    server echo {to}
"
    )
}
