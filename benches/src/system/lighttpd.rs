//! lighttpd as a server of files: its configuration, on its one thread.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use rustix::process::Signal;

use crate::content;
use crate::failure::Failure;
use crate::page::PAGE;
use crate::reservation::Reservation;
use crate::scratch::Scratch;
use crate::server::{Door, Launch};
use crate::tool::LIGHTTPD;

/// Each path with its file, and what the file holds.
const FILES: [(&str, &str); 3] = [
    ("page.html", PAGE),
    ("plaintext", "Hello, World!"),
    ("json", r#"{"message":"Hello, World!"}"#),
];

/// What lighttpd serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// `/`, `/plaintext` and `/json`, each a file. It takes no `/upload`.
    Answers,
    /// The folder with the large file.
    Folder,
}

/// lighttpd, ready to be started.
pub fn launch(site: Site, scratch: &Scratch) -> Result<Launch, Failure> {
    let program = LIGHTTPD.find()?;
    let directory = match site {
        Site::Answers => answers(scratch)?,
        Site::Folder => content::folder(scratch)?,
    };
    let reservation = Reservation::new((Ipv4Addr::LOCALHOST, 0).into())?;
    let file = scratch.path("lighttpd.conf");
    let root = directory.display().to_string();
    fs::write(&file, configuration(reservation.address(), &root))?;
    Ok(Launch {
        name: "lighttpd".to_owned(),
        program,
        // `-D`: in the foreground.
        arguments: vec!["-D".into(), "-f".into(), file.into()],
        door: Door::Reserved(reservation),
        // SIGTERM would end it with exit code 1.
        stop: Signal::INT,
        certificate: None,
    })
}

fn answers(scratch: &Scratch) -> Result<PathBuf, Failure> {
    let directory = scratch.path("lighttpd");
    fs::create_dir(&directory)?;
    for (name, body) in FILES {
        fs::write(directory.join(name), body)?;
    }
    Ok(directory)
}

/// Requests of a connection and its idle time have the greatest limits that there are.
fn configuration(listen: SocketAddr, root: &str) -> String {
    format!(
        "server.bind = \"{}\"
server.port = {}
server.document-root = \"{root}\"
server.max-fds = 20000
server.max-connections = 19900
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = 3600
index-file.names = ( \"page.html\" )
mimetype.assign = (
    \".html\" => \"text/html; charset=utf-8\",
    \"plaintext\" => \"text/plain\",
    \"json\" => \"application/json\",
)
",
        listen.ip(),
        listen.port(),
    )
}
