//! One connection in memory: what a loop does around a machine, without its system calls.

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Instant, SystemTime};

use readily::{
    Alone, Block, Cause, Effects, Id, Io, Machine, Marks, Next, Outbox, Peer, Remote, Rx, Signals,
    Tx, drive,
};

/// What a loop reads into at once, in bytes.
pub const BLOCK: usize = 64 * 1024;

/// A machine with both ends of its connection, each with a block that is used again and again.
#[expect(missing_debug_implementations, reason = "a machine need not have one")]
pub struct Line<M: Machine<App = Alone<M>> + 'static> {
    machine: M,
    app: Alone<M>,
    fx: Effects<Alone<M>>,
    remote: Remote,
    /// What the peer has sent.
    pub rx: Rx,
    tx: Tx,
}

impl<M: Machine<App = Alone<M>> + 'static> Line<M> {
    /// A connection that was just accepted.
    pub fn new(machine: M) -> Self {
        let mut line = Line::linked(machine);
        line.call(Peer::None);
        line
    }

    /// One whose machine waits for its peer, which is lent with each call.
    pub fn linked(machine: M) -> Self {
        let outbox = Outbox::new(usize::MAX, Box::new(|| ()));
        Line {
            machine,
            app: Alone::new(),
            fx: Effects::new(Instant::now(), SystemTime::UNIX_EPOCH, 1, outbox.into()),
            remote: Remote::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1)),
            rx: receiver(),
            tx: sender(),
        }
    }

    /// The peer sends `bytes`, in reads of a block; `sent` gets each piece of what is answered.
    ///
    /// # Panics
    /// If the machine leaves something unread.
    pub fn pass(&mut self, mut bytes: &[u8], mut sent: impl FnMut(&[u8])) {
        while !bytes.is_empty() {
            bytes = &bytes[read(&mut self.rx, bytes)..];
            self.call(Peer::None);
            drain(&mut self.tx, &mut self.rx, &mut sent);
        }
        assert!(self.rx.rewind(), "something was left unread");
    }

    /// The same, for nothing but its time: says how many bytes were answered.
    ///
    /// # Panics
    /// As [`pass`](Line::pass).
    pub fn time(&mut self, bytes: &[u8]) -> usize {
        let mut n = 0;
        self.pass(black_box(bytes), |piece| n += black_box(piece).len());
        n
    }

    /// The same, for what is answered.
    ///
    /// # Panics
    /// As [`pass`](Line::pass).
    pub fn answers(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        self.pass(bytes, |piece| all.extend_from_slice(piece));
        all
    }

    /// The peer sends `bytes`, which need not be a whole message; what is answered is dropped. Says
    /// how many bytes that is.
    pub fn part(&mut self, bytes: &[u8]) -> usize {
        let (mut n, mut left) = (0, bytes);
        while !left.is_empty() {
            left = &left[read(&mut self.rx, left)..];
            self.call(Peer::None);
            drain(&mut self.tx, &mut self.rx, |piece| n += black_box(piece).len());
        }
        n
    }

    /// Advances the machine until it waits.
    ///
    /// # Panics
    /// If it wants anything else.
    pub fn call(&mut self, mut peer: Peer<'_>) {
        let id = Id { index: 0, generation: 1 };
        loop {
            let lent = match &mut peer {
                Peer::Open { id, tx } => Peer::Open { id: *id, tx },
                _ => Peer::None,
            };
            let ends = (&mut self.rx, &mut self.tx);
            let link = (lent, Signals(0));
            let mut io = Io::new(id, &self.remote, ends, link, &mut self.app, &mut self.fx);
            match drive(&mut self.machine, Cause::Advance, &mut io, |_, _| ()) {
                Ok(Next::Wait) => return,
                Ok(Next::Yield) => {}
                other => panic!("the connection should have gone on: {other:?}"),
            }
        }
    }
}

/// A receiving end with the limit of a loop.
pub fn receiver() -> Rx {
    let mut rx = Rx::new(BLOCK);
    rx.lend(Block::new(BLOCK));
    rx
}

/// A sending end with the limits of a loop.
pub fn sender() -> Tx {
    let mut tx = Tx::new(Marks::default());
    tx.lend(Block::new(BLOCK));
    tx
}

/// Reads as much of `bytes` as `rx` has space for, and says how much that was.
pub fn read(rx: &mut Rx, bytes: &[u8]) -> usize {
    rx.make_space();
    let space = rx.space();
    let n = space.len().min(bytes.len());
    space[..n].copy_from_slice(&bytes[..n]);
    rx.commit(n);
    n
}

/// Sends all that waits in `tx`; a block that becomes free goes to `rx` if that gave its own away.
pub fn drain(tx: &mut Tx, rx: &mut Rx, mut sent: impl FnMut(&[u8])) {
    while let Some((piece, _)) = tx.front() {
        let n = piece.len();
        sent(piece);
        tx.consume(n, |block| {
            if !rx.has_block() {
                rx.lend(block);
            }
        });
    }
}
