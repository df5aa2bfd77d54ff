//! Counts by name, for what only a protocol knows of.

/// How often each of a few named things happened, in the order in which they happened first.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Tally(Vec<(&'static str, u64)>);

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, name: &'static str) {
        // The same text is nearly always the same place in memory, and there are few of them.
        let same = |known: &str| std::ptr::eq(known, name) || known == name;
        match self.0.iter_mut().find(|(known, _)| same(known)) {
            Some((_, count)) => *count = count.wrapping_add(1),
            None => self.0.push((name, 1)),
        }
    }

    /// How often that happened.
    pub fn of(&self, name: &str) -> u64 {
        self.0.iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| *count)
    }

    /// Each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_by_their_text_in_the_order_of_their_first() {
        let mut tally = Tally::default();
        for name in ["b", "a", "b", "b"] {
            tally.count(name);
        }
        assert_eq!(tally.iter().collect::<Vec<_>>(), [("b", 3), ("a", 1)]);
        assert_eq!((tally.of("b"), tally.of("a"), tally.of("c")), (3, 1, 0));
    }
}
