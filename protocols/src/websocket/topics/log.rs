//! What was published in one topic and is still to be taken by somebody.

use std::collections::VecDeque;

use super::super::Encoded;

/// What a message is charged besides its bytes: its places in our lists, and in the allocator's.
pub(super) const MESSAGE_CHARGE: usize = 64;

/// How many messages the memory of an empty log may have room for.
const KEPT_ROOM: usize = 64;

/// A ring of messages, read by many at places of their own.
///
/// It does not know its readers, only how many stand where: the front goes when nobody stands
/// there, and that is known without a look at them.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
    /// The number of the first entry.
    base: u64,
    /// What all of them are charged.
    charge: usize,
    /// How many readers have taken all.
    readers_at_end: u32,
}

#[derive(Debug)]
struct Entry {
    message: Encoded,
    /// How many readers take this one next.
    readers: u32,
}

/// What a message costs as long as it waits.
pub(super) fn charge(message: &Encoded) -> usize {
    message.len().saturating_add(MESSAGE_CHARGE)
}

impl Log {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn charge(&self) -> usize {
        self.charge
    }

    /// Where a reader stands that has taken all.
    pub(super) fn end(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    /// The message that a reader takes next. Where it fell out of the log, that is the oldest.
    #[inline]
    pub(super) fn at(&self, cursor: u64) -> Option<&Encoded> {
        self.entries.get(self.index(cursor)).map(|entry| &entry.message)
    }

    pub(super) fn last(&self) -> Option<&Encoded> {
        self.entries.back().map(|entry| &entry.message)
    }

    /// What a reader at the front has not taken: all, the oldest first.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Encoded> {
        self.entries.iter().map(|entry| &entry.message)
    }

    /// Whether a reader at `cursor` takes the oldest message next.
    pub(super) fn is_at_front(&self, cursor: u64) -> bool {
        cursor <= self.base && !self.entries.is_empty()
    }

    /// How many readers take the oldest message next.
    pub(super) fn readers_at_front(&self) -> u32 {
        self.entries.front().map_or(0, |front| front.readers)
    }

    /// One more reader, for what comes from now on.
    pub(super) fn enter(&mut self) -> u64 {
        self.readers_at_end += 1;
        self.end()
    }

    /// One reader less. The caller [trims](Log::trim).
    pub(super) fn leave(&mut self, cursor: u64) {
        *self.readers(cursor) -= 1;
    }

    /// A reader has taken the message at `cursor`; where it stands now. The caller
    /// [trims](Log::trim).
    #[inline]
    pub(super) fn step(&mut self, cursor: u64) -> u64 {
        let next = self.base + self.index(cursor) as u64 + 1;
        self.leave(cursor);
        *self.readers(next) += 1;
        next
    }

    /// Appends a message: all who have taken all else take it next.
    pub(super) fn push(&mut self, message: Encoded) {
        self.charge += charge(&message);
        let readers = std::mem::take(&mut self.readers_at_end);
        self.entries.push_back(Entry { message, readers });
    }

    /// Drops the oldest message; who would have taken it takes the one behind it.
    pub(super) fn drop_front(&mut self) {
        if let Some(front) = self.entries.pop_front() {
            self.charge -= charge(&front.message);
            self.base += 1;
            *self.readers(self.base) += front.readers;
        }
    }

    /// Frees what nobody takes any more, but for the newest `keep` messages.
    #[inline]
    pub(super) fn trim(&mut self, keep: usize) {
        while self.entries.len() > keep && self.readers_at_front() == 0 {
            self.drop_front();
        }
        if self.entries.is_empty() && self.entries.capacity() > KEPT_ROOM {
            self.entries = VecDeque::new();
        }
    }

    fn index(&self, cursor: u64) -> usize {
        cursor.saturating_sub(self.base) as usize
    }

    fn readers(&mut self, cursor: u64) -> &mut u32 {
        let index = self.index(cursor);
        match self.entries.get_mut(index) {
            Some(entry) => &mut entry.readers,
            None => &mut self.readers_at_end,
        }
    }
}
