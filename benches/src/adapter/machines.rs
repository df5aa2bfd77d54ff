//! The machines that are served on both runtimes.

use readily::Machine;
use readily::echo::Echo;
use readily::http1::Server;

use crate::site::Site;

/// A connection that echoes; one that is silent for a minute ends.
#[derive(Machine, Debug)]
pub enum Echoing {
    /// Its only state.
    #[deadline(idle = "60s")]
    Echo(Echo),
}

/// A connection of a web server with the routes of the comparison; its deadlines are those of HTTP.
#[derive(Machine, Debug)]
pub enum Serving {
    /// Its only state.
    Http(Server<Site>),
}

impl Echoing {
    /// A connection that was just accepted.
    pub fn accepted() -> Self {
        Echoing::Echo(Echo)
    }
}

impl Serving {
    /// A connection that was just accepted.
    pub fn accepted() -> Self {
        Serving::Http(Server::new(Site))
    }
}
