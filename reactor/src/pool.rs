//! Memory that is lent for a call and comes back after it: an idle connection owns none.

use readily_protocols::contract::{Block, Marks, Rx, Tx};

/// The block that a read goes into: as much as a socket usually has at once.
pub(crate) const READ_BLOCK: usize = 64 * 1024;

/// The block that small writes go into.
pub(crate) const WRITE_BLOCK: usize = 16 * 1024;

/// How many of each are kept; more are given back to the system.
const KEPT: usize = 64;

/// What is not lent now.
#[derive(Debug)]
pub(crate) struct Pool {
    receivers: Vec<Box<Rx>>,
    senders: Vec<Box<Tx>>,
    read_blocks: Vec<Block>,
    write_blocks: Vec<Block>,
    receive_max: usize,
    marks: Marks,
}

impl Pool {
    pub(crate) fn new(receive_max: usize, marks: Marks) -> Self {
        Pool {
            receivers: Vec::with_capacity(KEPT),
            senders: Vec::with_capacity(KEPT),
            read_blocks: Vec::with_capacity(KEPT),
            write_blocks: Vec::with_capacity(KEPT),
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

    #[inline]
    pub(crate) fn read_block(&mut self) -> Block {
        self.read_blocks.pop().unwrap_or_else(|| Block::new(READ_BLOCK))
    }

    #[inline]
    pub(crate) fn write_block(&mut self) -> Block {
        self.write_blocks.pop().unwrap_or_else(|| Block::new(WRITE_BLOCK))
    }

    /// Takes back an end that is as new.
    #[inline]
    pub(crate) fn give_receiver(&mut self, rx: Box<Rx>) {
        if self.receivers.len() < KEPT {
            self.receivers.push(rx);
        }
    }

    /// Takes back an end that is as new; its spare memory stays with it.
    #[inline]
    pub(crate) fn give_sender(&mut self, tx: Box<Tx>) {
        if self.senders.len() < KEPT {
            self.senders.push(tx);
        }
    }

    #[inline]
    pub(crate) fn give_block(&mut self, block: Block) {
        let kept = match block.capacity() {
            READ_BLOCK => &mut self.read_blocks,
            WRITE_BLOCK => &mut self.write_blocks,
            _ => return,
        };
        if kept.len() < KEPT {
            kept.push(block);
        }
    }
}
