//! What is there over HTTP besides the page.

use std::io;
use std::net::SocketAddr;

use readily::Listen;
use readily::files::Files;
use readily::http1::Server;

use super::{Conn, Host};
use crate::http_api::{Table, UPLOAD_MAX};
use crate::http_echo::Echo;
use crate::static_files::Folder;
use crate::{Failure, Usage};

impl Host<'_> {
    /// Serves the notebook and the echo over HTTP and, on a port of the system's choice, the folder
    /// `root`, if there is one.
    ///
    /// # Errors
    /// Those of listening, with the address; a folder that cannot be opened.
    pub fn web(&mut self, at: [SocketAddr; 2], root: Option<&str>) -> Result<(), Failure> {
        let (plain, [notes, echo]) = (Listen::default, at);
        let table = Table::new(UPLOAD_MAX).map_err(io::Error::other)?;
        let first = move || Conn::Notebook(Server::new(table.site()));
        self.tcp(("HTTP notebook", first), notes, plain(), |at| format!("curl http://{at}/notes"))?;
        let first = || Conn::HttpEcho(Server::new(Echo::default()));
        self.tcp(("HTTP echo", first), echo, plain(), |at| format!("curl -d hello http://{at}"))?;
        let Some(root) = root else { return Ok(()) };
        let files =
            Files::open(root).map_err(|error| Usage(format!("--root `{root}`: {error}")))?;
        let first = move || Conn::Files(Server::new(Folder::new(files.clone())));
        let free = SocketAddr::new(notes.ip(), 0);
        self.tcp(("HTTP files", first), free, plain(), |at| format!("curl http://{at}/"))?;
        Ok(())
    }
}
