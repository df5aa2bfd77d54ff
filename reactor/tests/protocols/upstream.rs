//! A TLS server of the outside world, which the loop connects to.

use std::sync::Arc;

use readily::sys::sim::{Serving, Sim};
use readily::tls::{Client, Server};
use readily::{Address, Connect};
use rustls::client::Resumption;
use rustls::{ClientConfig, ServerConfig};

use crate::caller::{Caller, Ended};
use crate::keys::{self, NAME, Version};

/// The server, and its side of each connection in the order in which they came.
pub(crate) struct Upstream {
    pub(crate) at: Address,
    server: Server,
    pub(crate) all: Vec<Caller>,
}

impl Upstream {
    pub(crate) fn new(sim: &mut Sim, config: Arc<ServerConfig>) -> Upstream {
        let at: Address = "10.0.1.1:443".parse().expect("an address");
        Upstream::at(sim, at, config)
    }

    pub(crate) fn at(sim: &mut Sim, at: Address, config: Arc<ServerConfig>) -> Upstream {
        sim.serve(&at, Serving::Accept);
        Upstream { at, server: Server::new(config), all: Vec::new() }
    }

    /// To it, by that client.
    pub(crate) fn connect(&self, client: &Client) -> Connect {
        Connect::to(self.at.clone()).tls(client, NAME)
    }

    /// Takes in who has come, and what they say; nothing is sent.
    pub(crate) fn listen(&mut self, sim: &mut Sim) {
        while let Some(id) = sim.accepted(&self.at) {
            self.all.push(Caller::answering(id, &self.server));
        }
        self.all.iter_mut().for_each(|one| one.listen(sim));
    }

    /// The same, and all that is ready is sent.
    pub(crate) fn talk(&mut self, sim: &mut Sim) {
        self.listen(sim);
        self.all.iter_mut().for_each(|one| one.send(sim, usize::MAX));
    }

    /// The same, and each is told what it says, and its end.
    pub(crate) fn echo(&mut self, sim: &mut Sim) {
        self.listen(sim);
        for one in &mut self.all {
            let heard = std::mem::take(&mut one.heard);
            if !heard.is_empty() {
                one.say(&heard);
            }
            if one.ended == Some(Ended::InOrder) && !std::mem::replace(&mut one.closed, true) {
                one.close();
            }
            one.send(sim, usize::MAX);
        }
    }
}

/// A client of these versions that resumes nothing.
pub(crate) fn client(versions: &[Version]) -> Client {
    Client::new(keys::client(versions))
}

/// The same, but it resumes what it can.
pub(crate) fn resuming(versions: &[Version]) -> Client {
    let mut config = ClientConfig::clone(&keys::client(versions));
    config.resumption = Resumption::default();
    Client::new(Arc::new(config))
}
