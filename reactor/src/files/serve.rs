//! A service that is nothing but the files of one folder.

use readily_protocols::contract::{Desk, Machine};
use readily_protocols::http1::{Answer, Flow, Incoming, Limits, Outgoing, Reply, Request, Service};

use super::options::Files;
use super::transfer::Transfer;

/// Answers every request by the file that its path names: `http1::Server::new(Serve::new(files))`.
#[derive(Debug)]
pub struct Serve {
    files: Files,
    transfer: Transfer,
    limits: &'static Limits,
}

impl Serve {
    /// With the default limits.
    pub fn new(files: Files) -> Serve {
        Serve::limited(files, &Limits::DEFAULT)
    }

    /// With other limits.
    pub fn limited(files: Files, limits: &'static Limits) -> Serve {
        Serve { files, transfer: Transfer::new(), limits }
    }
}

impl<M: Machine> Service<M> for Serve {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        self.transfer.begin(&self.files, request, reply, desk)
    }

    fn resume(
        &mut self,
        _: &mut Incoming<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        self.transfer.resume(reply, desk)
    }

    fn send(
        &mut self,
        _: &mut Incoming<'_>,
        out: &mut Outgoing<'_>,
        desk: &mut Desk<'_, M::App>,
    ) -> Flow {
        self.transfer.send(out, desk)
    }

    fn limits(&self) -> &Limits {
        self.limits
    }
}
