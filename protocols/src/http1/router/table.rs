//! Texts under a number each, found by one hash and one comparison.

use std::fmt;

use super::word::{Text, Word};

/// How many ways to hash are tried: the one that crowds least is kept.
const SALTS: u64 = 32;

/// What is found by a number and a text. It never grows: all of it is known when it is made.
///
/// A client can ask for any text, but chooses none that are in here: so it cannot make a look-up
/// longer than [`longest`](Table::longest).
pub(super) struct Table {
    /// A power of two, at least twice as many as are used: so a search finds an end.
    slots: Box<[Option<Entry>]>,
    salt: u64,
}

/// One text.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) under: u32,
    pub(super) value: u32,
    pub(super) text: Text,
}

impl Table {
    /// A table of those entries, of which no two have the same number and text.
    pub(super) fn new(entries: &[Entry]) -> Self {
        let salts = (1..=SALTS).map(|n| n.wrapping_mul(0xd134_2543_de82_ef95));
        let best = salts.map(|salt| Table::salted(entries, salt)).min_by_key(Table::longest);
        best.unwrap_or_else(|| Table::salted(entries, 0))
    }

    /// The value of that text under that number.
    #[inline]
    pub(super) fn find(&self, under: u32, text: &[u8]) -> Option<u32> {
        let word = Word::of(text);
        let mask = self.slots.len() - 1;
        let mut at = place(under, word, self.salt) & mask;
        while let Some(entry) = &self.slots[at] {
            if entry.under == under && entry.text.is(word, text) {
                return Some(entry.value);
            }
            at = (at + 1) & mask;
        }
        None
    }

    fn salted(entries: &[Entry], salt: u64) -> Self {
        let size = (2 * entries.len()).next_power_of_two().max(2);
        let mut slots = vec![None; size];
        for entry in entries {
            let mut at = place(entry.under, entry.text.word(), salt) & (size - 1);
            while slots[at].is_some() {
                at = (at + 1) & (size - 1);
            }
            slots[at] = Some(entry.clone());
        }
        Table { slots: slots.into(), salt }
    }

    /// The most entries that a look-up can pass by, save across the end, which is one more run.
    fn longest(&self) -> usize {
        let runs = self.slots.split(Option::is_none);
        runs.map(<[_]>::len).max().unwrap_or(0)
    }
}

#[inline]
fn place(under: u32, word: Word, salt: u64) -> usize {
    word.hash(salt ^ u64::from(under) << 32) as usize
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.slots.iter().flatten()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(under: u32, text: &str, value: u32) -> Entry {
        Entry { under, value, text: Text::new(text.into()) }
    }

    /// Texts of all lengths, some of which differ in one byte, each under three numbers.
    fn entries() -> Vec<Entry> {
        let texts = (0..60).flat_map(|length: usize| {
            let changed = (0..length).step_by(7).map(move |at| {
                let mut text = vec![b'a'; length];
                text[at] = b'b';
                String::from_utf8_lossy(&text).into_owned()
            });
            changed.chain(["a".repeat(length)])
        });
        let under = texts.flat_map(|text| [0, 1, u32::MAX].map(|under| (under, text.clone())));
        (0..).zip(under).map(|(value, (under, text))| entry(under, &text, value)).collect()
    }

    #[test]
    fn what_is_in_it_is_found_and_nothing_else() {
        let entries = entries();
        let table = Table::new(&entries);
        for Entry { under, value, text } in &entries {
            let text = text.as_str().as_bytes();
            assert_eq!(table.find(*under, text), Some(*value), "{under} {text:?}");
            assert_eq!(table.find(2, text), None);
            assert_eq!(table.find(*under, &[text, b"x"].concat()), None);
        }
        assert_eq!(Table::new(&[]).find(0, b""), None);
    }

    #[test]
    fn a_look_up_is_short() {
        let paths: Vec<_> = (0..500).map(|n| entry(0, &format!("/api/v1/r{n}"), n)).collect();
        let table = Table::new(&paths);
        assert!(table.longest() <= 12, "{}", table.longest());
    }
}
