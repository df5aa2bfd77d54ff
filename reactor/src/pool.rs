//! Memory that is lent for a call and comes back after it: an idle connection owns none.

use readily_protocols::contract::{Block, Marks, Rx, Tx};

/// The block that a read goes into, and that an answer is written to: as much as a socket usually
/// has at once. One size for both, so that an end can give its block to the other.
pub(crate) const BLOCK: usize = 64 * 1024;

/// How many of each are kept; more are given back to the system.
const KEPT: usize = 64;

/// What is not lent now.
#[derive(Debug)]
#[expect(
    clippy::vec_box,
    reason = "slots hold the boxes: they are lent and given back as they are"
)]
pub(crate) struct Pool {
    receivers: Vec<Box<Rx>>,
    senders: Vec<Box<Tx>>,
    blocks: Vec<Block>,
    receive_max: usize,
    marks: Marks,
}

impl Pool {
    pub(crate) fn new(receive_max: usize, marks: Marks) -> Self {
        Pool {
            receivers: Vec::with_capacity(KEPT),
            senders: Vec::with_capacity(KEPT),
            blocks: Vec::with_capacity(KEPT),
            receive_max,
            marks,
        }
    }

    #[inline]
    pub(crate) fn receiver(&mut self) -> Box<Rx> {
        self.receivers.pop().unwrap_or_else(|| Box::new(Rx::new(self.receive_max)))
    }

    #[inline]
    pub(crate) fn sender(&mut self) -> Box<Tx> {
        self.senders.pop().unwrap_or_else(|| Box::new(Tx::new(self.marks)))
    }

    pub(crate) fn sender_with_block(&mut self) -> Box<Tx> {
        let mut tx = self.sender();
        if tx.wants_block() {
            tx.lend(self.block());
        }
        tx
    }

    #[inline]
    pub(crate) fn block(&mut self) -> Block {
        self.blocks.pop().unwrap_or_else(|| Block::new(BLOCK))
    }

    /// Takes back an end that is as new.
    #[inline]
    pub(crate) fn give_receiver(&mut self, rx: Box<Rx>) {
        if self.receivers.len() < KEPT {
            self.receivers.push(rx);
        }
    }

    /// Takes back an end that is as new. Its block stays with it, unless it was shrunk meanwhile:
    /// whoever has the end next would write, and after a swap read, in small pieces.
    #[inline]
    pub(crate) fn give_sender(&mut self, mut tx: Box<Tx>) {
        let block = tx.reclaim();
        if block.capacity() == BLOCK {
            tx.lend(block);
        }
        if self.senders.len() < KEPT {
            self.senders.push(tx);
        }
    }

    #[inline]
    pub(crate) fn give_block(&mut self, block: Block) {
        if block.capacity() == BLOCK && self.blocks.len() < KEPT {
            self.blocks.push(block);
        }
    }
}

/// The ends that are lent to a quiet connection: never put away between two visits.
#[derive(Debug)]
pub(crate) struct Hot {
    pub(crate) rx: Box<Rx>,
    pub(crate) tx: Box<Tx>,
    /// For the peer of a linked one.
    pub(crate) peer_tx: Box<Tx>,
}

impl Hot {
    pub(crate) fn new(pool: &mut Pool) -> Self {
        let mut rx = pool.receiver();
        rx.lend(pool.block());
        Hot { rx, tx: pool.sender_with_block(), peer_tx: pool.sender_with_block() }
    }

    /// Gives its ends to a connection that keeps something in them, and takes others.
    #[inline(never)]
    pub(crate) fn replace(&mut self, pool: &mut Pool) -> (Box<Rx>, Box<Tx>) {
        let mut rx = pool.receiver();
        rx.lend(pool.block());
        let tx = pool.sender_with_block();
        (std::mem::replace(&mut self.rx, rx), std::mem::replace(&mut self.tx, tx))
    }

    /// The same for the peer's end.
    #[inline(never)]
    pub(crate) fn replace_peer(&mut self, pool: &mut Pool) -> Box<Tx> {
        std::mem::replace(&mut self.peer_tx, pool.sender_with_block())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_comes_back_with_a_whole_block_or_with_none() {
        let mut pool = Pool::new(BLOCK, Marks::default());
        for (capacity, is_kept) in [(BLOCK, true), (4096, false)] {
            let mut tx = pool.sender();
            pool.give_block(tx.reclaim());
            tx.lend(Block::new(capacity));
            pool.give_sender(tx);
            assert_eq!(pool.sender().wants_block(), !is_kept, "{capacity}");
        }
    }
}
