//! Both ends of a connection: lent for a poll, kept only while something is left in them.

use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;

use readily::{Block, Config, Half, Marks, Rx, Tx};

/// What is read, and what is written, at once: as in the loop.
const BLOCK: usize = 64 * 1024;

/// How many spare ones are kept of each kind.
const KEPT: usize = 64;

/// Both ends.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) rx: Rx,
    pub(super) tx: Tx,
}

impl Ends {
    /// How much is unread and unsent: what has not changed this has made no progress.
    pub(super) fn extent(&self) -> (usize, usize) {
        (self.rx.len(), self.tx.len())
    }

    /// Whether the peer's half has ended in order, and all of it was consumed.
    pub(super) fn has_heard_all(&self) -> bool {
        self.rx.half() == Half::Ended && self.rx.is_empty()
    }

    /// Whether a read is of use: there is room for it, and for what is answered.
    pub(super) fn wants_read(&self) -> bool {
        let has_room = self.tx.room() > 0 || !self.tx.may_send();
        has_room && !self.rx.has_ended() && !self.rx.is_full()
    }

    fn is_as_new(&self) -> bool {
        self.rx.is_empty() && self.rx.half() == Half::Open && self.tx.is_idle()
    }
}

/// Ends and blocks that are not lent now.
#[derive(Debug, Default)]
pub(super) struct Pool {
    #[expect(clippy::vec_box, reason = "connections hold the boxes, as they are")]
    ends: Vec<Box<Ends>>,
    blocks: Vec<Block>,
}

impl Pool {
    /// Ends that are as new, with memory to read into and to write to.
    pub(super) fn lend(&mut self) -> Box<Ends> {
        let mut ends = self.ends.pop().unwrap_or_else(|| {
            let (rx, tx) = (Rx::new(Config::RECEIVE_MAX), Tx::new(Marks::default()));
            Box::new(Ends { rx, tx })
        });
        self.furnish(&mut ends);
        ends
    }

    /// Gives ends that were kept memory to read into and to write to.
    pub(super) fn furnish(&mut self, ends: &mut Ends) {
        if !ends.rx.has_block() {
            ends.rx.lend(self.block());
        }
        if ends.tx.wants_block() {
            ends.tx.lend(self.block());
        }
    }

    /// Takes ends back that are as new; others keep what is left in them, and no more memory than
    /// that needs.
    pub(super) fn put_away(&mut self, mut ends: Box<Ends>) -> Option<Box<Ends>> {
        let is_as_new = ends.is_as_new();
        let Ends { rx, tx } = &mut *ends;
        if is_as_new {
            // Small ones are not kept: whoever has them next would read in small pieces.
            let (inward, outward) = (rx.reclaim(), tx.reclaim());
            if inward.capacity() == BLOCK {
                rx.lend(inward);
            }
            if outward.capacity() == BLOCK {
                tx.lend(outward);
            }
            if self.ends.len() < KEPT {
                self.ends.push(ends);
            }
            return None;
        }
        self.give(if rx.is_empty() { rx.reclaim() } else { rx.fit() });
        tx.fit(|block| self.give(block));
        self.give(tx.reclaim());
        Some(ends)
    }

    /// Takes the ends of a connection that is closed.
    pub(super) fn take_back(&mut self, ends: &mut Ends) {
        ends.rx.consume(ends.rx.len());
        self.give(ends.rx.reclaim());
        ends.tx.consume(ends.tx.len(), |block| self.give(block));
        self.give(ends.tx.reclaim());
    }

    /// Takes a block back that can be lent to anyone.
    pub(super) fn give(&mut self, block: Block) {
        if block.capacity() == BLOCK && self.blocks.len() < KEPT {
            self.blocks.push(block);
        }
    }

    fn block(&mut self) -> Block {
        self.blocks.pop().unwrap_or_else(|| Block::new(BLOCK))
    }
}

/// Reads a block of the file that is next to be sent, if one is: it is sent from memory.
pub(super) fn load_file(tx: &mut Tx, pool: &mut Pool) -> io::Result<()> {
    let Some((file, range)) = tx.front_file() else { return Ok(()) };
    let mut block = pool.block();
    let n = usize::try_from(range.end - range.start).unwrap_or(usize::MAX).min(block.capacity());
    match file.as_ref().read_at(&mut block.all_mut()[..n], range.start)? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        read => {
            tx.load(block, read);
            Ok(())
        }
    }
}
