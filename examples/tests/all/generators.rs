//! Load generators that others wrote: not how fast it is, but that nothing goes wrong.

use std::process::Command;

use crate::server::{Server, run};
use crate::tools::{self, Scratch};

/// Below what one connection is answered, with 16 of them.
const REQUESTS: &str = "8000";

#[test]
fn h2load_counts_no_error() {
    if !tools::has("h2load", &["--version"], "h2load has asked nothing") {
        return;
    }
    let site = Scratch::folder("site-of-h2load", &[("a.txt", &[b'a'; 5000])]);
    for (name, options, path) in [
        ("http_hello", &[][..], "/"),
        ("http_echo", &[], "/a"),
        ("http_api", &[], "/notes"),
        ("static_files", &["--root", site.path()], "/a.txt"),
    ] {
        let server = Server::on_loopback(name, options);
        let url = format!("http://{}{path}", server.address);
        for streams in ["1", "8"] {
            let mut command = Command::new("h2load");
            let output =
                run(command.args(["--h1", "-c", "16", "-m", streams, "-n", REQUESTS, &url]));
            let told = String::from_utf8_lossy(&output.stdout);
            let done =
                format!("{REQUESTS} done, {REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout");
            assert!(told.contains(&done) && told.contains(&format!("{REQUESTS} 2xx")), "{told}");
        }
        server.stop();
    }
}

#[test]
fn wrk_counts_no_error() {
    // Its own `--version` fails.
    if !tools::has("sh", &["-c", "command -v wrk"], "wrk has asked nothing") {
        return;
    }
    let server = Server::on_loopback("http_hello", &[]);
    let mut command = Command::new("wrk");
    // Some of its connections come to the last request that one is answered, and are made anew.
    let output = run(command.args([
        "-t",
        "1",
        "-c",
        "8",
        "-d",
        "1s",
        &format!("http://{}/", server.address),
    ]));
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains(" requests in "), "{told}");
    assert!(!told.contains("Socket errors") && !told.contains("Non-2xx"), "{told}");
    server.stop();
}
