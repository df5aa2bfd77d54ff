//! The two ends of every stream.

use std::collections::VecDeque;
use std::ops::{Index, IndexMut};

use super::super::{Readiness, Token};

/// One end of one stream; the other one is at the next even or odd index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct EndRef {
    pub(super) index: u32,
    pub(super) generation: u32,
}

impl EndRef {
    /// The other end.
    #[inline]
    pub(super) const fn other(self) -> EndRef {
        EndRef { index: self.index ^ 1, generation: self.generation }
    }
}

/// Whose an end is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Holder {
    /// It was closed.
    Nobody,
    /// The loop under test.
    Loop,
    /// A client or a server of the outside world.
    Client(u32),
    /// It waits at a listener to be accepted.
    Backlog(u32),
}

/// What one end of a stream knows. Quiet streams are many: it is small, and owns no memory then.
#[derive(Debug)]
pub(super) struct End {
    /// What was sent to this end: first what has arrived, then what is on its way, then what a
    /// sender of the outside world still holds back.
    pub(super) bytes: VecDeque<u8>,
    pub(super) arrived: u32,
    pub(super) flying: u32,
    /// How much may have arrived or be on its way.
    pub(super) window: u32,
    pub(super) generation: u32,
    /// When the last thing sent here arrives: nothing overtakes it.
    pub(super) last_due: u64,
    pub(super) token: Option<Token>,
    pub(super) holder: Holder,
    /// An error of the system that a connection failed with; zero for none.
    pub(super) failure: i32,
    /// Which of the links it is on.
    pub(super) link: u16,
    /// What is new and not reported.
    pub(super) pending: Readiness,
    /// Whether it is in the list of what is to be reported.
    pub(super) queued: bool,
    pub(super) connecting: bool,
    /// The other side's half has ended, and this end knows it.
    pub(super) ended: bool,
    /// A reset has arrived.
    pub(super) reset: bool,
    /// The holder was told of the reset by a write.
    pub(super) told: bool,
    /// Our half is ended.
    pub(super) finished: bool,
    /// The other side's half is to be ended when what it holds back was sent.
    pub(super) finish_held: bool,
    /// A write was refused, so that space is worth an event.
    pub(super) refused: bool,
    /// A read found less than it asked for, so that bytes are worth an event.
    pub(super) armed: bool,
    /// Whether urgent data has arrived that no read has passed.
    pub(super) urgent: bool,
}

impl End {
    fn new(holder: Holder, link: u16, window: u32) -> Self {
        End {
            bytes: VecDeque::new(),
            arrived: 0,
            flying: 0,
            window,
            generation: 0,
            last_due: 0,
            token: None,
            holder,
            failure: 0,
            link,
            pending: Readiness::default(),
            queued: false,
            connecting: false,
            ended: false,
            reset: false,
            told: false,
            finished: false,
            finish_held: false,
            refused: false,
            armed: true,
            urgent: false,
        }
    }

    /// Bytes that a sender of the outside world holds back.
    #[inline]
    pub(super) fn held_back(&self) -> u32 {
        self.bytes.len() as u32 - self.arrived - self.flying
    }

    /// Bytes that may still be sent here.
    #[inline]
    pub(super) fn space(&self) -> u32 {
        self.window - self.arrived - self.flying
    }

    /// Whether there is enough space for an event, as on Linux: a third of the window.
    #[inline]
    pub(super) fn is_spacious(&self) -> bool {
        u64::from(self.space()) * 3 >= u64::from(self.window)
    }

    /// Whether it was neither reset nor failed to be made.
    #[inline]
    pub(super) fn is_sound(&self) -> bool {
        !self.reset && self.failure == 0
    }
}

/// How many empty buffers are kept for the next bytes.
const BUFFERS_KEPT: usize = 256;
/// Larger ones are given back.
const BUFFER_KEPT_MAX: usize = 64 * 1024;

/// All ends, in pairs.
#[derive(Default, Debug)]
pub(super) struct Ends {
    list: Vec<End>,
    free: Vec<u32>,
    buffers: Vec<VecDeque<u8>>,
}

impl Ends {
    /// Makes a stream; gives its first end.
    pub(super) fn open(&mut self, holders: [Holder; 2], link: u16, windows: [u32; 2]) -> EndRef {
        let [first, second] = [0, 1].map(|at| End::new(holders[at], link, windows[at]));
        if let Some(index) = self.free.pop() {
            let generation = self[index].generation;
            self[index] = End { generation, ..first };
            self[index + 1] = End { generation, ..second };
            return EndRef { index, generation };
        }
        let index = self.list.len() as u32;
        self.list.extend([first, second]);
        EndRef { index, generation: 0 }
    }

    /// Whether the stream of this end still exists.
    #[inline]
    pub(super) fn has(&self, end: EndRef) -> bool {
        self[end.index].generation == end.generation
    }

    /// Takes the end from its holder; a stream that nobody holds is gone.
    pub(super) fn release(&mut self, end: EndRef) {
        self[end.index].holder = Holder::Nobody;
        self[end.index].token = None;
        if self[end.index ^ 1].holder != Holder::Nobody {
            return;
        }
        let first = end.index & !1;
        for index in [first, first + 1] {
            self[index].generation = end.generation.wrapping_add(1);
            self.drop_bytes(index);
        }
        self.free.push(first);
    }

    /// Puts bytes behind all others that were sent to this end.
    #[inline]
    pub(super) fn push(&mut self, index: u32, bytes: &[u8]) {
        let end = &mut self.list[index as usize];
        if end.bytes.capacity() == 0
            && let Some(buffer) = self.buffers.pop()
        {
            end.bytes = buffer;
        }
        end.bytes.extend(bytes);
    }

    /// Gives the first `n` of what has arrived to `take`, in one piece or in two.
    #[inline]
    pub(super) fn take(&mut self, index: u32, n: u32, mut take: impl FnMut(&[u8])) {
        let end = &mut self.list[index as usize];
        let n = n.min(end.arrived) as usize;
        let (front, back) = end.bytes.as_slices();
        let cut = n.min(front.len());
        take(&front[..cut]);
        take(&back[..n - cut]);
        end.bytes.drain(..n);
        end.arrived -= n as u32;
        self.recycle(index);
    }

    /// Forgets all that has arrived and all that has not.
    pub(super) fn drop_bytes(&mut self, index: u32) {
        self.drop_flying(index);
        self.drop_arrived(index);
    }

    /// Forgets what has arrived and was not read.
    pub(super) fn drop_arrived(&mut self, index: u32) {
        let arrived = self[index].arrived;
        self.take(index, arrived, |_| ());
    }

    /// Forgets all that has not arrived.
    pub(super) fn drop_flying(&mut self, index: u32) {
        let end = &mut self[index];
        end.bytes.truncate(end.arrived as usize);
        end.flying = 0;
        end.finish_held = false;
        self.recycle(index);
    }

    /// What is true of this end now.
    #[inline]
    pub(super) fn state(&self, index: u32) -> Readiness {
        let (end, other) = (&self[index], &self[index ^ 1]);
        if end.connecting {
            return Readiness::default();
        }
        if !end.is_sound() {
            return Readiness::READABLE.and(Readiness::WRITABLE).and(Readiness::DRAIN);
        }
        let mut state = Readiness::default();
        if end.arrived > 0 {
            state = state.and(Readiness::READABLE);
        }
        if end.ended {
            state = state.and(Readiness::READABLE).and(Readiness::DRAIN);
        }
        if end.urgent {
            state = state.and(Readiness::DRAIN);
        }
        if other.is_spacious() {
            state = state.and(Readiness::WRITABLE);
        }
        state
    }

    /// How many ends there are room for, live or not.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    #[inline]
    fn recycle(&mut self, index: u32) {
        let end = &mut self.list[index as usize];
        if !end.bytes.is_empty() || end.bytes.capacity() == 0 {
            return;
        }
        let buffer = std::mem::take(&mut end.bytes);
        if buffer.capacity() <= BUFFER_KEPT_MAX && self.buffers.len() < BUFFERS_KEPT {
            self.buffers.push(buffer);
        }
    }
}

impl Index<u32> for Ends {
    type Output = End;

    #[inline]
    fn index(&self, index: u32) -> &End {
        &self.list[index as usize]
    }
}

impl IndexMut<u32> for Ends {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut End {
        &mut self.list[index as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_stream_costs_little() {
        assert!(size_of::<[End; 2]>() <= 240, "{} bytes", size_of::<[End; 2]>());
    }

    #[test]
    fn an_index_is_used_again_under_another_generation() {
        let mut ends = Ends::default();
        let first = ends.open([Holder::Loop, Holder::Client(0)], 0, [9, 9]);
        ends.push(first.index, b"abc");
        ends.release(first);
        assert!(ends.has(first), "the other end is still held");
        ends.release(first.other());
        assert!(!ends.has(first) && !ends.has(first.other()));
        let second = ends.open([Holder::Loop, Holder::Client(0)], 0, [9, 9]);
        assert_eq!((second.index, ends[second.index].bytes.len()), (first.index, 0));
        assert_ne!(second, first);
    }
}
