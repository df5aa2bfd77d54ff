//! OpenSSL's own client, which sends one request and says what it agreed on.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::server::Server;

/// What OpenSSL printed, and whether the server served it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) served: bool,
}

impl Told {
    pub(crate) fn has(&self, part: &str) -> bool {
        self.text.contains(part)
    }

    /// Whether the session is an earlier one that goes on.
    #[track_caller]
    pub(crate) fn is_resumed(&self) -> bool {
        let (new, reused) = (self.has("\nNew, TLSv1."), self.has("\nReused, TLSv1."));
        assert!(self.served && new != reused, "{self:?}");
        reused
    }
}

/// Asks the server that it names for `/`, and waits until that ends the connection, as tickets come
/// late.
pub(crate) fn ask(server: &Server, arguments: &[&str]) -> Told {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-ign_eof", "-connect", &server.address]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut openssl = command.spawn().expect("it starts");
    let named = arguments.iter().skip_while(|argument| **argument != "-servername").nth(1);
    let host = named.unwrap_or(&"localhost");
    let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    // Where the handshake fails nobody reads it.
    let _ = openssl.stdin.take().expect("a pipe").write_all(request.as_bytes());
    let output = openssl.wait_with_output().expect("a child");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    // The answer is printed wherever the tickets have come to.
    Told { served: text.contains("HTTP/1.1 200 OK\r\n"), text }
}
