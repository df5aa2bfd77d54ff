//! A TLS client of the outside world, or a server: a session that is fed by hand.

use std::sync::Arc;

use readily::sys::sim::{ClientId, Sim};
use readily::tls::{Acceptor, Client, Fed, Server, Session};
use readily::{Address, Fault, Marks, Rx, Secured, Tx};
use rustls::ClientConfig;

use crate::keys::NAME;

/// How much a receive buffer holds.
const RX: usize = 64 * 1024;

/// How the server's half has ended, as the client sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// By a `close_notify`.
    InOrder,
    /// By something that breaks the protocol, or by an alert.
    Fault(Fault),
}

/// One client.
pub(crate) struct Caller {
    pub(crate) id: ClientId,
    session: Box<dyn Session>,
    cipher: Rx,
    out: Tx,
    plain: Rx,
    says: Tx,
    /// Ciphertext that is ready and was not sent.
    pub(crate) wire: Vec<u8>,
    /// All plaintext that came.
    pub(crate) heard: Vec<u8>,
    /// How the server has ended.
    pub(crate) ended: Option<Ended>,
    /// Whoever drives it has ended it.
    pub(crate) closed: bool,
}

impl Caller {
    /// Connects; the hello is ready.
    pub(crate) fn new(sim: &mut Sim, at: &Address, config: &Arc<ClientConfig>) -> Caller {
        let session = Client::new(Arc::clone(config)).connect(NAME).expect("a session");
        let mut caller = Caller::with(sim.connect(at), session);
        caller.feed(&[]);
        caller
    }

    /// The server's side of a connection from the loop.
    pub(crate) fn answering(id: ClientId, server: &Server) -> Caller {
        Caller::with(id, server.accept().expect("a session"))
    }

    fn with(id: ClientId, session: Box<dyn Session>) -> Caller {
        Caller {
            id,
            session,
            cipher: Rx::new(RX),
            out: Tx::new(Marks::default()),
            plain: Rx::new(RX),
            says: Tx::new(Marks::default()),
            wire: Vec::new(),
            heard: Vec::new(),
            ended: None,
            closed: false,
        }
    }

    /// What was agreed on.
    pub(crate) fn secured(&self) -> Secured {
        self.session.secured()
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// Takes in what has arrived.
    pub(crate) fn listen(&mut self, sim: &mut Sim) {
        let came = sim.take(self.id);
        for piece in came.chunks(RX) {
            if self.ended.is_none() {
                self.feed(piece);
            }
        }
    }

    /// Encrypts, when the handshake is done.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.says.write(bytes);
        self.seal();
    }

    /// Says that no more will be said.
    pub(crate) fn close(&mut self) {
        self.session.close(&mut self.out);
        self.seal();
    }

    /// Sends some of the ciphertext.
    pub(crate) fn send(&mut self, sim: &mut Sim, most: usize) {
        let n = most.min(self.wire.len());
        sim.send(self.id, &self.wire[..n]);
        self.wire.drain(..n);
    }

    /// Takes in what has arrived, and sends all that is ready.
    pub(crate) fn talk(&mut self, sim: &mut Sim) {
        self.listen(sim);
        self.send(sim, usize::MAX);
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.cipher.lend_or_grow();
        while self.cipher.space().len() < bytes.len() {
            self.cipher.make_space();
        }
        self.cipher.space()[..bytes.len()].copy_from_slice(bytes);
        self.cipher.commit(bytes.len());
        loop {
            self.plain.lend_or_grow();
            let fed = self.session.feed(&mut self.cipher, &mut self.out, &mut self.plain);
            self.heard.extend_from_slice(self.plain.bytes());
            self.plain.consume(self.plain.len());
            match fed {
                Ok(Fed::Held) => continue,
                Ok(Fed::Wait) => {}
                Ok(Fed::Closed) => self.ended = Some(Ended::InOrder),
                Err(fault) => self.ended = Some(Ended::Fault(fault)),
            }
            return self.seal();
        }
    }

    fn seal(&mut self) {
        loop {
            self.session.seal(&mut self.says, &mut self.out).expect("keys that are good");
            let mut moved = false;
            while let Some((bytes, _)) = self.out.front() {
                let n = bytes.len();
                self.wire.extend_from_slice(bytes);
                self.out.consume(n, drop);
                moved = true;
            }
            if !moved {
                return;
            }
        }
    }
}

/// Memory to read into, whatever is there already.
trait Lend {
    fn lend_or_grow(&mut self);
}

impl Lend for Rx {
    fn lend_or_grow(&mut self) {
        if self.rewind() {
            return;
        }
        if self.has_block() {
            self.make_space();
        } else {
            self.lend(readily::Block::new(RX));
        }
    }
}
