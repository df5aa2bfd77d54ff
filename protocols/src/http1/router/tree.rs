//! Which pattern a path matches.

use std::collections::BTreeMap;

use super::pattern::{PARAMS_MOST, Segment};
use super::table::{Entry, Table};
use super::word::Text;

/// All patterns. A path is matched as it came, not decoded: an escape never becomes a slash.
///
/// A pattern without parameters is found at once by the whole path. The others are a tree, of which
/// each level is a segment. No node of it is entered twice for one path, since a node is the
/// beginning of a pattern, and a path has it in one way: so a search is no longer than the tree is
/// large, whatever the path.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Box<[Node]>,
    /// Whole paths under [`WHOLE`], and segments under the node that they lead on from.
    texts: Table,
}

/// What is being made into a [`Tree`].
#[derive(Debug)]
pub(super) struct Sapling {
    nodes: Vec<Node>,
    texts: BTreeMap<(u32, Box<str>), u32>,
}

/// Where each parameter lies in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spans {
    spans: [(u16, u16); PARAMS_MOST],
    len: u8,
}

/// Where a beginning of a path leads: to a pattern, or on.
#[derive(Clone, Copy, Default, Debug)]
struct Node {
    /// The pattern that ends here.
    end: Option<u32>,
    /// Where any segment leads.
    one: Option<u32>,
    /// The pattern that takes all the rest.
    rest: Option<u32>,
    /// Whether any text leads on.
    has_texts: bool,
}

/// What is being looked for, and what was found on the way.
struct Search<'a> {
    path: &'a [u8],
    spans: &'a mut Spans,
}

/// The longest path that a pattern with parameters matches: offsets in it have 16 bits. No head
/// is that long.
const PATH_MOST: usize = u16::MAX as usize;

/// The number in [`Tree::texts`] of those that are no segments.
const WHOLE: u32 = u32::MAX;

const ROOT: u32 = 0;

impl Tree {
    /// The number of the pattern that the path matches, if there is one; its parameters go to
    /// `spans`, which are none before.
    #[inline]
    pub(super) fn find(&self, path: &str, spans: &mut Spans) -> Option<u32> {
        if let Some(pattern) = self.texts.find(WHOLE, path.as_bytes()) {
            return Some(pattern);
        }
        if path.len() > PATH_MOST || !path.starts_with('/') {
            return None;
        }
        self.seek(ROOT, 1, &mut Search { path: path.as_bytes(), spans })
    }

    /// Goes on from a node with the segment that begins there. First the text, then any segment,
    /// then all of the rest: the first that leads to an end is it.
    ///
    /// It only calls itself where there is something to come back to, and then no deeper than the
    /// longest pattern.
    fn seek(&self, mut node: u32, mut from: usize, search: &mut Search<'_>) -> Option<u32> {
        let path = search.path;
        loop {
            let to = segment_end(path, from);
            let on = &self.nodes[node as usize];
            let text = match on.has_texts {
                true => self.texts.find(node, &path[from..to]),
                false => None,
            };
            let one = if from < to { on.one } else { None };
            let rest = if from < path.len() { on.rest } else { None };
            node = match (text, one, rest) {
                (Some(next), None, None) => next,
                (None, Some(next), None) => {
                    search.spans.push(from, to);
                    next
                }
                (None, None, rest) => {
                    search.spans.push_rest(rest, from, path.len());
                    return rest;
                }
                choice => return self.choose(choice, from, to, search),
            };
            if to == path.len() {
                return self.nodes[node as usize].end;
            }
            from = to + 1;
        }
    }

    /// There is more than one way on: each is tried.
    fn choose(
        &self,
        (text, one, rest): (Option<u32>, Option<u32>, Option<u32>),
        from: usize,
        to: usize,
        search: &mut Search<'_>,
    ) -> Option<u32> {
        let caught = search.spans.len;
        if let Some(next) = text
            && let Some(pattern) = self.enter(next, to, search)
        {
            return Some(pattern);
        }
        search.spans.len = caught;
        if let Some(next) = one {
            search.spans.push(from, to);
            if let Some(pattern) = self.enter(next, to, search) {
                return Some(pattern);
            }
            search.spans.len = caught;
        }
        search.spans.push_rest(rest, from, search.path.len());
        rest
    }

    /// A segment led to that node: it ends there, or goes on behind the slash.
    fn enter(&self, node: u32, to: usize, search: &mut Search<'_>) -> Option<u32> {
        if to == search.path.len() {
            return self.nodes[node as usize].end;
        }
        self.seek(node, to + 1, search)
    }
}

impl Sapling {
    pub(super) fn new() -> Self {
        Sapling { nodes: vec![Node::default()], texts: BTreeMap::new() }
    }

    /// Adds the pattern with that number, or says which has the same segments but for their names.
    pub(super) fn insert(
        &mut self,
        pattern: &str,
        segments: &[Segment<'_>],
        number: u32,
    ) -> Result<(), u32> {
        if segments.iter().all(|segment| segment.name().is_none()) {
            return self.insert_whole(pattern, number);
        }
        let mut node = ROOT;
        for segment in segments {
            node = match *segment {
                Segment::Text(text) => self.text(node, text),
                Segment::One(_) => self.one(node),
                Segment::Rest(_) => return place(&mut self.nodes[node as usize].rest, number),
            };
        }
        place(&mut self.nodes[node as usize].end, number)
    }

    pub(super) fn grow(self) -> Tree {
        let entry = |((under, text), value)| Entry { under, value, text: Text::new(text) };
        let texts: Vec<_> = self.texts.into_iter().map(entry).collect();
        Tree { nodes: self.nodes.into(), texts: Table::new(&texts) }
    }

    fn insert_whole(&mut self, pattern: &str, number: u32) -> Result<(), u32> {
        match *self.texts.entry((WHOLE, pattern.into())).or_insert(number) {
            own if own == number => Ok(()),
            other => Err(other),
        }
    }

    /// The node behind that text.
    fn text(&mut self, node: u32, text: &str) -> u32 {
        let next = self.nodes.len() as u32;
        let found = *self.texts.entry((node, text.into())).or_insert(next);
        if found == next {
            self.nodes[node as usize].has_texts = true;
            self.nodes.push(Node::default());
        }
        found
    }

    /// The node behind any segment.
    fn one(&mut self, node: u32) -> u32 {
        let next = self.nodes.len() as u32;
        let found = *self.nodes[node as usize].one.get_or_insert(next);
        if found == next {
            self.nodes.push(Node::default());
        }
        found
    }
}

impl Spans {
    pub(super) const NONE: Spans = Spans { spans: [(0, 0); PARAMS_MOST], len: 0 };

    /// What lies there in the path that it was found for.
    #[inline]
    pub(super) fn text<'a>(&self, path: &'a str, at: usize) -> Option<&'a str> {
        let (from, to) = *self.spans[..self.len.into()].get(at)?;
        path.get(from.into()..to.into())
    }

    /// The path is no longer than [`PATH_MOST`], and the pattern has no more than [`PARAMS_MOST`].
    #[inline]
    fn push(&mut self, from: usize, to: usize) {
        self.spans[usize::from(self.len)] = (from as u16, to as u16);
        self.len += 1;
    }

    /// The rest of a path, if a pattern takes it.
    #[inline]
    fn push_rest(&mut self, rest: Option<u32>, from: usize, to: usize) {
        if rest.is_some() {
            self.push(from, to);
        }
    }
}

/// The end of the segment that begins there.
#[inline]
fn segment_end(path: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(eight) = path[at..].first_chunk() {
        let slashes = slashes(u64::from_le_bytes(*eight));
        if slashes != 0 {
            return at + slashes.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let left = path.len() - at;
    match path.last_chunk() {
        _ if left == 0 => at,
        // The last eight bytes, of which those before `at` are pushed out.
        Some(eight) => {
            let slashes = slashes(u64::from_le_bytes(*eight) >> (64 - 8 * left));
            if slashes == 0 { path.len() } else { at + slashes.trailing_zeros() as usize / 8 }
        }
        None => path[at..].iter().position(|byte| *byte == b'/').map_or(path.len(), |n| at + n),
    }
}

/// The top bit of each byte that is a slash; above the first one, of others too.
#[inline]
const fn slashes(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let zeros = eight ^ (ONES * b'/' as u64);
    zeros.wrapping_sub(ONES) & !zeros & (ONES << 7)
}

/// Fills a place, or says who has it.
fn place(place: &mut Option<u32>, number: u32) -> Result<(), u32> {
    match *place {
        Some(other) => Err(other),
        None => {
            *place = Some(number);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_ends_at_a_slash_or_at_the_end() {
        for length in 0..40 {
            for slash in 0..=length {
                for other in [b'a', b'.', b'0', b'\0', 0xff, 0xaf] {
                    let mut path = vec![other; length];
                    path[slash..].fill(b'/');
                    for from in 0..=slash {
                        assert_eq!(segment_end(&path, from), slash, "{path:?} from {from}");
                    }
                }
            }
        }
    }
}
